"""An index in memory, and one in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from durahub_migrate.watching.index import LocalIndexes


@pytest.fixture
def memory() -> Iterator[LocalIndexes]:
    indexes = LocalIndexes()
    yield indexes
    indexes.close()


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[LocalIndexes]:
    indexes = LocalIndexes(str(tmp_path / "monitor.index"))
    yield indexes
    indexes.close()
