"""A folder for Azurite's data that nobody wants to keep.

Azurite's own way to keep nothing, ``--inMemoryPersistence``, stands still for minutes once some ten
thousand messages were deleted: its search for message texts that nothing refers to any more takes the
square of their number. In files there is no such search.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from durahub.local import exclusive
from durahub.local.folder import LOCK

PREFIX = "durahub-azurite-"


@contextlib.contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder for the body, in *parent* or the system's folder for temporary files.

    Those that were left behind by processes that were killed are deleted first.
    """
    parent = parent or Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*"):
        _delete_abandoned(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _delete_abandoned(folder: Path) -> None:
    """Delete *folder* unless an Azurite holds its lock, is about to take it, or it is another user's."""
    if not (folder / LOCK).is_file():
        return
    with contextlib.suppress(OSError):
        lock = exclusive.acquire(folder / LOCK)
        if lock is None:
            return
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
