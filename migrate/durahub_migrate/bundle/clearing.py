"""What in a folder is of a bundle, and removing that."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from durahub_migrate.bundle import layout
from durahub_migrate.bundle.plain_files import writing

_FOLDERS = (
    layout.SEGMENTS,
    layout.PAYLOADS,
    layout.REJECTS,
    layout.SCHEMA,
    layout.REPORTS,
    layout.COMPAT,
)
_BESIDE = (layout.SPOOL, layout.INDEX)  # what there are further files of, called like them


def remove(folder: Path) -> None:
    """Remove a bundle, finished or not, and nothing else that is in its folder. Raises `FileUnavailable`."""
    with writing(folder):
        (folder / layout.MANIFEST).unlink(missing_ok=True)  # first: what is left is unfinished
        clean(folder)
        (folder / layout.STARTED).unlink(missing_ok=True)


def clean(folder: Path) -> None:
    """Remove what an export writes between its first file and its last. Raises `OSError`."""
    for name in _FOLDERS:
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    for name in (layout.PAYLOAD_LIST, layout.INDEX_SAYS, layout.INDEX_SAYS + layout.PART):
        (folder / name).unlink(missing_ok=True)
    for name in _BESIDE:
        for left in folder.glob(f"{name}*"):
            left.unlink()


def stranger_in(folder: Path) -> str | None:
    """Return something in *folder* that no export has left unfinished there, ``None`` if there is nothing."""
    strange = sorted(set(_names(folder)) - layout.OWN)
    is_ours = (folder / layout.STARTED).exists() or (folder / layout.LOCK).exists()
    if not strange and not is_ours and any(folder.iterdir()):
        return "something"
    return strange[0] if strange else None


def _names(folder: Path) -> Iterator[str]:
    for one in folder.iterdir():
        yield next((name for name in _BESIDE if one.name.startswith(name)), one.name)
