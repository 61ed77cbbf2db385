"""Writes a file whole or not at all: who reads it, or is left with it, never has half of it."""

import os
import shutil
import stat
import uuid
from collections.abc import Iterable
from pathlib import Path

from durahub.errors import FileUnavailable


def write_whole(file: Path, pieces: Iterable[bytes]) -> None:
    """Write *pieces* to *file*, in the place of what was there. A link stays a link; rights stay.

    What is no file of its own (a pipe, ``/dev/stdout``) is written to as it is. Raises `FileUnavailable`; the
    file is then as it was.
    """
    try:
        real = file.resolve()
        if real.exists() and not stat.S_ISREG(real.stat().st_mode):
            with file.open("wb") as out:
                out.writelines(pieces)
        else:
            replace_file(real, pieces)
    except (OSError, RuntimeError) as error:  # a link that leads to itself is a RuntimeError
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise FileUnavailable(str(file), said) from None


def replace_file(real: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is no link, and have it on the disk. Raises ``OSError``."""
    beside = real.with_name(f".{real.name[:200]}.{uuid.uuid4().hex[:8]}.tmp")
    handle = os.open(
        beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    try:
        with os.fdopen(handle, "wb") as out:
            out.writelines(pieces)
            out.flush()
            os.fsync(out.fileno())
        if real.exists():
            shutil.copymode(real, beside)
        beside.replace(real)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
