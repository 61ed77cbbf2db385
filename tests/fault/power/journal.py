"""The journal of a process's writes to the files of a folder: made by ``journal.c``, read here."""

import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("journal.c")
HEADER = struct.Struct("=IIQQ")
FOLDER = ""
"""The name of the folder itself; to sync it is to sync what files it has."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to a file. *end* is where its note ends in the journal.

    *kind* is C (made), W (written), T (truncated, to *offset*), S (synced), U (unlinked) or R (renamed,
    to *data*).
    """

    kind: str
    name: str
    offset: int
    data: bytes
    end: int


def steps_of(journal: bytes) -> Iterator[Step]:
    """Yield the steps of a journal, in order; a last one that is cut off is left out."""
    at = 0
    while at + HEADER.size <= len(journal):
        kind, name_size, offset, size = HEADER.unpack_from(journal, at)
        name_at = at + HEADER.size
        data_at = name_at + name_size
        at = data_at + size
        if at > len(journal):
            return
        yield Step(chr(kind), journal[name_at:data_at].decode(), offset, journal[data_at:at], at)


class Journal:
    """A journal being written: *file*, of the files in *folder*."""

    def __init__(self, file: Path, folder: Path, library: Path) -> None:
        self.file = file
        self.folder = folder
        self._library = library
        file.touch()

    @property
    def env(self) -> Mapping[str, str]:
        """What makes a process write the journal."""
        return {
            "LD_PRELOAD": str(self._library),
            "DURAHUB_JOURNAL": str(self.file),
            "DURAHUB_JOURNAL_FOLDER": f"{self.folder}/",
        }

    @property
    def size(self) -> int:
        """Where the journal ends now."""
        return self.file.stat().st_size


def compiled(folder: Path) -> Path | str:
    """Return the library that notes the writes, or why there can be none here."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return "there is no C compiler"
    library = folder / "journal.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl", "-lpthread"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    return library if built.returncode == 0 else f"journal.c does not compile: {built.stderr}"
