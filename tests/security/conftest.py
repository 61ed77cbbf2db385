"""What tests of security share."""

import logging
from collections.abc import Iterator

import pytest

from durahub.cli.log import QUIET

CHANGED = (None, "durahub", "durahub_migrate", *QUIET)
"""The loggers that a command sets up; ``None`` is the root."""


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Let the test set logging up as a command does, and put it back."""
    loggers = [logging.getLogger(name) for name in CHANGED]
    before = [(one, one.handlers, one.level) for one in loggers]
    yield
    for one, handlers, level in before:
        one.handlers = handlers
        one.setLevel(level)
