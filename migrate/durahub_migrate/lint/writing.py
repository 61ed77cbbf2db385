"""Writes a fixed file: at once or not at all, encoded as it was, and only over what was read."""

from pathlib import Path

from durahub.errors import FileChanged, FileUnavailable
from durahub_migrate.lint.files.decoding import Undecodable, decoded
from durahub_migrate.lint.whole_file import replace_file


def write_fixed(path: str, before: str, after: str) -> None:
    """Write *after* in the place of *before*. A link stays a link; the file's rights stay.

    Raises `FileChanged` if the file no longer holds *before*, `FileUnavailable` if it cannot be written.
    """
    try:
        real = Path(path).resolve(strict=True)
        try:
            there = decoded(real.read_bytes())
        except Undecodable:
            raise FileChanged(path) from None
        if there.text != before:
            raise FileChanged(path)
        if after != before:
            replace_file(real, [there.encoded(after)])
    except (OSError, RuntimeError) as error:  # a link that leads to itself is a RuntimeError
        raise FileUnavailable(path, str(error)) from None
