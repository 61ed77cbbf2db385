"""What an export has read so far, in a SQLite file beside the bundle: sorted when all of it is there.

A tree of orchestrations is to stand together in a bundle, the root first, then level by level; which tree an
instance belongs to is known only when its ancestors were read. The order does not depend on that of reading,
so a bundle is the same whoever reads faster. Memory stays flat.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from durahub.errors import FileUnavailable

_SCHEMA = """
CREATE TABLE item (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id BLOB NOT NULL, parent BLOB, root BLOB, depth INTEGER,
    rank BLOB NOT NULL, status TEXT NOT NULL
);
CREATE TABLE record (item INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (item, seq))
    WITHOUT ROWID;
CREATE TABLE payload (digest BLOB PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE reject (place BLOB NOT NULL, code TEXT NOT NULL, line TEXT NOT NULL);
"""
_INDEXES = """
CREATE INDEX item_id ON item (kind, id);
CREATE INDEX item_parent ON item (kind, parent);
CREATE INDEX item_depth ON item (kind, depth);
"""
_AT_ONCE = 1000  # items in a transaction


@dataclass(frozen=True, slots=True)
class Spooled:
    """Something of a hub, in its place: its records without ordinals, its root, how deep it is."""

    id: str
    root: str
    depth: int
    records: Iterator[bytes]


class Spool:
    """The spool of one export. Raises `FileUnavailable` where its file cannot be written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()
        self._pending = 0
        try:
            self._db = sqlite3.connect(file, isolation_level=None)
            self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
            self._db.execute("BEGIN")
        except sqlite3.Error as error:
            raise FileUnavailable(str(file), str(error)) from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(
        self,
        kind: str,
        instance_id: str,
        records: Iterable[bytes],
        *,
        parent: str | None = None,
        rank: bytes = b"",
        status: str = "",
    ) -> None:
        """Remember something; *rank* sorts what is of one instance."""
        row = (kind, _blob(instance_id), _blob(parent) if parent else None, rank, status)
        sql = "INSERT INTO item (kind, id, parent, rank, status) VALUES (?, ?, ?, ?, ?)"
        number = self._do(sql, row).lastrowid
        for seq, body in enumerate(records):
            packed = self._compressor.compress(body)
            self._do("INSERT INTO record VALUES (?, ?, ?)", (number, seq, packed))
        self._pending += 1
        if self._pending >= _AT_ONCE:
            self._pending = 0
            self._do("COMMIT")
            self._do("BEGIN")

    def add_payload(self, digest: bytes, size: int) -> bool:
        """Remember a payload; tell whether it is new."""
        sql = "INSERT OR IGNORE INTO payload VALUES (?, ?)"
        return self._do(sql, (digest, size)).rowcount > 0

    def add_reject(self, place: str, code: str, line: str) -> None:
        """Remember the line of something that was rejected."""
        self._do("INSERT INTO reject VALUES (?, ?, ?)", (_blob(place), code, line))

    def sort(self) -> None:
        """Find the tree of each item; call it once, when everything was added."""
        for statement in filter(None, map(str.strip, _INDEXES.split(";"))):
            self._do(statement)
        self._do(
            "UPDATE item SET root = id, depth = 0 WHERE parent IS NULL OR NOT EXISTS"
            " (SELECT 1 FROM item p WHERE p.kind = item.kind AND p.id = item.parent)"
        )
        depth = 0
        while self._do(
            "UPDATE item SET depth = ?1 + 1, root = (SELECT p.root FROM item p"
            " WHERE p.kind = item.kind AND p.id = item.parent AND p.depth = ?1)"
            " WHERE number IN (SELECT c.number FROM item p JOIN item c"
            " ON c.kind = p.kind AND c.parent = p.id WHERE p.depth = ?1 AND c.depth IS NULL)",
            (depth,),
        ).rowcount:
            depth += 1
        self._do("UPDATE item SET root = id, depth = 0 WHERE depth IS NULL")  # each other's parents

    def items(self, kind: str) -> Iterator[Spooled]:
        """Yield what there is of a kind, in the order of the bundle."""
        sql = (
            "SELECT number, id, root, depth FROM item WHERE kind = ?"
            " ORDER BY root, depth, id, rank, number"
        )
        for number, found, root, depth in self._do(sql, (kind,)):
            yield Spooled(_text(found), _text(root), depth, self._records(number))

    def payloads(self) -> Iterator[tuple[bytes, int]]:
        """Yield digest and size of each payload, by digest."""
        yield from self._do("SELECT digest, size FROM payload ORDER BY digest")

    def rejects(self) -> Iterator[str]:
        """Yield the lines of what was rejected, by place."""
        for (line,) in self._do("SELECT line FROM reject ORDER BY place, code, line"):
            yield line

    def counts(self, kind: str) -> dict[str, int]:
        """Return how many there are of a kind, by status."""
        sql = "SELECT status, count(*) FROM item WHERE kind = ? GROUP BY status ORDER BY status"
        return dict(self._do(sql, (kind,)).fetchall())

    def reject_counts(self) -> Counter[str]:
        """Return how many were rejected, by code."""
        sql = "SELECT code, count(*) FROM reject GROUP BY code ORDER BY code"
        return Counter(dict(self._do(sql).fetchall()))

    def _records(self, number: int) -> Iterator[bytes]:
        for (packed,) in self._do("SELECT body FROM record WHERE item = ? ORDER BY seq", (number,)):
            yield self._decompressor.decompress(packed)

    def _do(self, sql: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise FileUnavailable(str(self._file), str(error)) from None


def _blob(text: str) -> bytes:
    """Return *text* so that it sorts by its UTF-8; half of a surrogate pair has one, too."""
    return text.encode("utf-8", "surrogatepass")


def _text(found: bytes) -> str:
    return found.decode("utf-8", "surrogatepass")
