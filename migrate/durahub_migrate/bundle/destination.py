"""Where an export writes to: a folder, or a folder that becomes a tar when the bundle is complete."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from durahub.errors import BadBundle, BadRequest
from durahub_migrate.bundle import layout
from durahub_migrate.bundle.archive import is_archive, manifest_of, pack
from durahub_migrate.bundle.clearing import remove
from durahub_migrate.bundle.plain_files import writing

UNPACKED = ".export"
"""Ends the name of the folder beside a tar that is to be."""


@contextlib.contextmanager
def destination(target: Path, *, force: bool = False) -> Iterator[Path]:
    """Have the folder in which the bundle *target* is to be written in the body.

    With *force* a complete bundle is removed first; for a tar, when the new one takes its place. Raises
    `BadRequest` where something is that is no bundle, or one without *force*; `FileUnavailable`.
    """
    if not is_archive(target):
        if force and (target / layout.MANIFEST).exists():
            remove(target)
        yield target
        return
    if target.is_dir():
        raise BadRequest(f"{target} is a folder; one file is to be written")
    if target.exists():
        _check_replaceable(target, force=force)
    folder = target.with_name(target.name + UNPACKED)
    if (folder / layout.MANIFEST).exists():
        remove(folder)  # an export has ended before it was a tar
    yield folder
    pack(folder, target)
    remove(folder)
    with writing(folder):
        folder.rmdir()


def _check_replaceable(target: Path, *, force: bool) -> None:
    try:
        manifest_of(target)
    except BadBundle:
        raise BadRequest(f"{target} is another file, and no hub bundle; it is left alone") from None
    if not force:
        raise BadRequest(f"{target} is a hub bundle already; name another file, or say --force")
