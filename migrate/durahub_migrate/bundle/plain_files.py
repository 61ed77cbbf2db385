"""Files of a bundle that are written as they are: not compressed, or whole at once."""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from durahub.errors import FileUnavailable
from durahub_migrate.bundle.layout import PART
from durahub_migrate.bundle.manifest import Member


def plain_member(folder: Path, path: str, pieces: Iterable[bytes]) -> Member:
    """Write a member that is not compressed, piece by piece; each counts as a record."""
    hashed, size, count = hashlib.sha256(), 0, 0
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for piece in pieces:
            hashed.update(piece)
            file.write(piece)
            size += len(piece)
            count += 1
    digest = hashed.hexdigest()
    return Member(
        path=path,
        sha256=digest,
        size=size,
        content_sha256=digest,
        content_size=size,
        records=count,
    )


def write_whole(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, and have it on the disk."""
    scratch = target.with_name(target.name + PART)
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(target)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Make `FileUnavailable` of what the system says of files in the body."""
    try:
        yield
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise FileUnavailable(error.filename or str(folder), said) from None
