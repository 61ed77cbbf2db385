"""The storage of long runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from durahub.local.azurite import running_azurite
from tests.conftest import Storage


@pytest.fixture
def azurite(tmp_path: Path) -> Iterator[Storage]:
    """An Azurite that keeps its data in files, as ``durahub up`` has it.

    One that keeps it in memory forgets the texts of deleted messages once a minute, one by one, and sorts
    all the others anew for each: after some ten thousand messages it stands still for minutes.
    """
    if named := os.environ.get("DURAHUB_TEST_STORAGE"):
        yield Storage(named)
        return
    with running_azurite(tmp_path / "azurite") as running:
        yield Storage(running.connection_string)
