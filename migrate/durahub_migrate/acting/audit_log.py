"""The audit log in files: a line of JSON an entry, on the disk when `AuditLog.note` returns.

Lines are only ever appended, by one system call each, so several processes may write one log. A file that has
grown large is put aside under the next number, ``audit.000001.jsonl``, and a new one begun; none is deleted.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from durahub.errors import FileUnavailable
from durahub.model.json_text import loads
from durahub.model.ticks import parse, to_round_trip_text
from durahub_migrate.monitor.access import AuditEntry

NAME = "audit.jsonl"
LARGEST = 16 * 1024 * 1024
"""Bytes from which on a file is put aside."""

_PART = re.compile(r"audit\.(\d{6,})\.jsonl", re.ASCII)
_CURSOR = re.compile(r"(\d{1,12}):(\d{1,18})", re.ASCII)
_BLOCK = 64 * 1024  # bytes that are read at a time, from the end
_FIELDS = tuple(one.name for one in fields(AuditEntry) if one.name != "at")


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, the newest first. *after* is the cursor of the next page, ``None`` at the end."""

    entries: tuple[AuditEntry, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries to read; what is ``None`` does not restrict. Compared without regard to case."""

    hub: str | None = None
    user: str | None = None
    verb: str | None = None
    target: str | None = None
    job: str | None = None
    result: str | None = None

    def wants(self, entry: AuditEntry) -> bool:
        """Tell whether an entry is wanted."""
        for name in ("hub", "user", "verb", "target", "job", "result"):
            wanted = getattr(self, name)
            if wanted is not None and wanted.casefold() != (getattr(entry, name) or "").casefold():
                return False
        return True


class AuditLog:
    """A `durahub_migrate.acting.audit.Audit` in *folder*, which is made. Raises `FileUnavailable`."""

    def __init__(self, folder: Path, *, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest
        self._file: int | None = None

    @property
    def _path(self) -> Path:
        return self._folder / NAME

    # -- writing -------------------------------------------------------------------------------

    def note(self, entry: AuditEntry) -> None:
        """Append an entry, and have it on the disk."""
        line = json.dumps(_written(entry), ensure_ascii=True).encode() + b"\n"
        try:
            file = self._opened()
            if os.fstat(file).st_size >= self._largest:
                self._put_aside()
                file = self._opened()
            if not _ends_with_a_line(file):
                line = b"\n" + line  # whoever wrote last was killed, or had no room, within a line
            written = os.write(file, line)
            if written != len(line):
                raise OSError(None, "only a part could be written")
            os.fsync(file)
        except OSError as error:
            raise FileUnavailable(str(self._path), error.strerror or str(error)) from None

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        """Return the file that has the log's name now; another process may have put ours aside."""
        if self._file is not None and not self._is_current(self._file):
            self.close()
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        return self._file

    def _is_current(self, file: int) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        ours = os.fstat(file)
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def _put_aside(self) -> None:
        self.close()
        number = max(self._parts(), default=0) + 1
        try:
            os.link(self._path, self._part(number))  # unlike a rename it puts nothing over another
        except FileExistsError:
            return  # another process has just done it
        self._path.unlink(missing_ok=True)

    def _part(self, number: int) -> Path:
        return self._folder / f"audit.{number:06d}.jsonl"

    def _parts(self) -> list[int]:
        found = (_PART.fullmatch(one.name) for one in self._folder.glob("audit.*.jsonl"))
        return sorted(int(one[1]) for one in found if one is not None)

    # -- reading -------------------------------------------------------------------------------

    def page(
        self, query: AuditQuery | None = None, *, count: int = 100, after: str | None = None
    ) -> AuditPage:
        """Return the newest entries that *query* wants, or those behind *after*."""
        wanted = query or AuditQuery()
        match = _CURSOR.fullmatch(after or "")
        start = (int(match[1]), int(match[2])) if match is not None else None
        found: list[AuditEntry] = []
        cursor: str | None = None
        try:
            for number, offset, line in self._lines(start):
                entry = _read(line)
                if entry is None or not wanted.wants(entry):
                    continue
                if len(found) == count:
                    return AuditPage(tuple(found), cursor)
                found.append(entry)
                cursor = f"{number}:{offset}"
        except OSError as error:
            raise FileUnavailable(str(self._folder), error.strerror or str(error)) from None
        return AuditPage(tuple(found), None)

    def _lines(self, start: tuple[int, int] | None) -> Iterator[tuple[int, int, bytes]]:
        """Yield the lines, the last one first, each with its file's number and its place there."""
        parts = self._parts()
        current = max(parts, default=0) + 1  # which is the number that it gets
        for number, path in [
            (current, self._path),
            *((one, self._part(one)) for one in reversed(parts)),
        ]:
            if start is not None and number > start[0]:
                continue
            end = start[1] if start is not None and number == start[0] else None
            yield from ((number, offset, line) for offset, line in _backwards(path, end))


def _ends_with_a_line(file: int) -> bool:
    if not os.fstat(file).st_size:
        return True
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) == b"\n"


def _backwards(path: Path, end: int | None) -> Iterator[tuple[int, bytes]]:
    """Yield the lines before *end*, the last one first, with their places."""
    if not path.exists():
        return
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        at = size if end is None else min(end, size)
        rest = b""
        while at > 0:
            block = min(_BLOCK, at)
            at -= block
            file.seek(at)
            lines = (file.read(block) + rest).split(b"\n")
            rest = lines[0]
            offset = at + len(rest) + 1
            places = []
            for line in lines[1:]:
                places.append((offset, line))
                offset += len(line) + 1
            yield from ((place, line) for place, line in reversed(places) if line)
        if rest:
            yield 0, rest


def _written(entry: AuditEntry) -> dict[str, Any]:
    found = {name: getattr(entry, name) for name in _FIELDS}
    present = {name: value for name, value in found.items() if value is not None}
    return {"at": to_round_trip_text(entry.at), **present}


def _read(line: bytes) -> AuditEntry | None:
    """Return the entry of a line, ``None`` if it is cut off or not ours."""
    try:
        found = loads(line)
        return AuditEntry(
            at=parse(found["at"]), **{name: found[name] for name in _FIELDS if name in found}
        )
    except (ValueError, TypeError, KeyError):
        return None
