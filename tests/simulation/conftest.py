"""Options of the simulation."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Log nothing: thousands of lost leases are what is simulated."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
