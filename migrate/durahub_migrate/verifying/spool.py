"""What was read of both sides, in a temporary SQLite file: memory does not grow with the hubs.

IDs are kept as UTF-8, with three bytes for half of a surrogate pair, and compare by it: so both sides come
back in one order, whatever order they were read in.
"""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any

from durahub.errors import FileUnavailable
from durahub.stored import StoredMessage
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import inflight
from durahub_migrate.bundle.canonical import utf8
from durahub_migrate.verifying.open_work import Coming, OpenWork, Wait
from durahub_migrate.verifying.prints import Print, Sketch
from durahub_migrate.verifying.verdicts import Unread

_PRINT = [one.name for one in fields(Print)]
_WAIT = [one.name for one in fields(Wait)]
_COMING = [one.name for one in fields(Coming)]
_of_print, _of_wait, _of_coming = attrgetter(*_PRINT), attrgetter(*_WAIT), attrgetter(*_COMING)


def _columns(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_SCHEMA = f"""
CREATE TABLE instance (side INTEGER, id BLOB, {_columns(_PRINT)}, root BLOB, depth INTEGER,
    PRIMARY KEY (side, id)) WITHOUT ROWID;
CREATE TABLE unread (side INTEGER, id BLOB, place TEXT, code TEXT, sentence TEXT);
CREATE TABLE message (side INTEGER, id BLOB, body BLOB);
CREATE TABLE wait (side INTEGER, id BLOB, {_columns(_WAIT)});
CREATE TABLE coming (side INTEGER, id BLOB, {_columns(_COMING)});
CREATE TABLE guid (side INTEGER, what INTEGER, guid TEXT, count INTEGER,
    PRIMARY KEY (side, what, guid)) WITHOUT ROWID;
CREATE TABLE unit (root BLOB PRIMARY KEY, strategy TEXT, exact INTEGER, fate TEXT) WITHOUT ROWID;
CREATE TABLE wanted (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE sketch (side INTEGER, id BLOB, body BLOB, PRIMARY KEY (side, id)) WITHOUT ROWID;
CREATE TABLE verdict (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE INDEX message_id ON message (side, id);
CREATE INDEX wait_id ON wait (side, id);
CREATE INDEX coming_id ON coming (side, id);
CREATE INDEX instance_parent ON instance (side, parent);
"""


class Which(IntEnum):
    """A side."""

    SOURCE = 0
    TARGET = 1


class Guids(IntEnum):
    """What is known of a GUID of a request: that it is on its way or waits, or that a history has sent it."""

    CARRIED = 0
    ASKED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one ID on one side; no *print* where there are only messages to it."""

    print: Print | None = None
    root: str = ""
    waits: tuple[Wait, ...] = ()
    coming: tuple[Coming, ...] = ()


class Spool:
    """The spool of one comparison; its file goes with it. Raises `FileUnavailable` if there is no room."""

    def __init__(self, folder: Path | None = None) -> None:
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="durahub-verify-", dir=folder)
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise FileUnavailable(str(folder or tempfile.gettempdir()), said) from None
        self._file = Path(self._folder.name) / "spool.db"
        self._db = sqlite3.connect(self._file, isolation_level=None)
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;{_SCHEMA}")
        self._do("BEGIN")
        self.left: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self.seen = [0, 0]  # messages

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    # -- filling -------------------------------------------------------------------------------

    def add_message(self, side: Which, message: StoredMessage, instance_id: str) -> None:
        """Keep a message until the instance that it is for has been read."""
        body = inflight.seen(message).SerializeToString()
        self._do("INSERT INTO message VALUES (?, ?, ?)", (side, utf8(instance_id), body))
        self.seen[side] += 1

    def add_unread(self, side: Which, unread: Unread) -> None:
        """Keep what could not be read."""
        row = (side, utf8(unread.instance_id), unread.place, unread.code, unread.sentence)
        self._do("INSERT INTO unread VALUES (?, ?, ?, ?, ?)", row)

    def messages_to(self, side: Which, instance_id: str) -> list[StoredMessage]:
        """Return the messages to an instance, in the order in which they were added."""
        sql = "SELECT body FROM message WHERE side = ? AND id = ? ORDER BY rowid"
        found = self._do(sql, (side, utf8(instance_id)))
        return [inflight.message_of(hb.InFlight.FromString(body)) for (body,) in found]

    def to_nobody(self, side: Which) -> list[str]:
        """Return the IDs that messages are for and of which there is no instance."""
        sql = (
            "SELECT DISTINCT id FROM message m WHERE side = ?1 AND NOT EXISTS"
            " (SELECT 1 FROM instance i WHERE i.side = ?1 AND i.id = m.id) ORDER BY id"
        )
        return [_text(one) for (one,) in self._do(sql, (side,))]

    def add(self, side: Which, instance_id: str, found: Print | None, work: OpenWork) -> None:
        """Keep an instance with its open work; without a print, the messages to one that is not there."""
        key = utf8(instance_id)
        if found is not None:
            marks = ", ".join("?" * (len(_PRINT) + 4))
            row = (side, key, *map(_plain, _of_print(found)), None, None)
            self._do(f"INSERT OR REPLACE INTO instance VALUES ({marks})", row)  # noqa: S608 (names and marks of ours)
        self._many("wait", side, key, map(_of_wait, work.waits.values()))
        self._many("coming", side, key, map(_of_coming, work.coming.values()))
        self.left[side].update(work.left)
        sql = (
            "INSERT INTO guid VALUES (?, ?, ?, 1)"
            " ON CONFLICT (side, what, guid) DO UPDATE SET count = count + 1"
        )
        for what, guids in ((Guids.CARRIED, work.carried), (Guids.ASKED, work.asked)):
            for guid in guids:
                self._do(sql, (side, what, guid))

    def _many(
        self, table: str, side: Which, key: bytes, rows: Iterable[tuple[object, ...]]
    ) -> None:
        for columns in rows:
            row = (side, key, *map(_plain, columns))
            self._do(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 (names and marks of ours)

    def add_unit(self, root: str, strategy: str, fate: str, *, exact: bool) -> None:
        """Keep what a plan does with the tree of *root*."""
        row = (utf8(root), strategy, exact, fate)
        self._do("INSERT OR REPLACE INTO unit VALUES (?, ?, ?, ?)", row)

    def find_roots(self, side: Which) -> None:
        """Find the uppermost ancestor of each instance; call it once, when all of them were added."""
        self._do(
            "UPDATE instance SET root = id, depth = 0 WHERE side = ?1 AND NOT EXISTS (SELECT 1"
            " FROM instance p WHERE p.side = ?1 AND p.id = CAST(instance.parent AS BLOB))",
            (side,),
        )
        depth = 0
        while self._do(
            "UPDATE instance SET depth = ?2 + 1, root = (SELECT p.root FROM instance p"
            " WHERE p.side = ?1 AND p.id = CAST(instance.parent AS BLOB))"
            " WHERE side = ?1 AND depth IS NULL AND EXISTS (SELECT 1 FROM instance p WHERE"
            " p.side = ?1 AND p.id = CAST(instance.parent AS BLOB) AND p.depth = ?2)",
            (side, depth),
        ).rowcount:
            depth += 1
        self._do("UPDATE instance SET root = id WHERE side = ? AND root IS NULL", (side,))

    # -- asking --------------------------------------------------------------------------------

    def ids(self) -> Iterator[str]:
        """Yield every ID of either side."""
        sql = (
            "SELECT id FROM instance UNION SELECT id FROM wait UNION SELECT id FROM coming"
            " UNION SELECT id FROM unread WHERE id != x'' ORDER BY id"
        )
        for (one,) in self._do(sql):
            yield _text(one)

    def kept(self, side: Which, instance_id: str) -> Kept:
        """Return what is kept of an ID."""
        key = (side, utf8(instance_id))
        sql = f"SELECT {_columns(_PRINT)}, root FROM instance WHERE side = ? AND id = ?"  # noqa: S608 (names and marks of ours)
        row = self._do(sql, key).fetchone()
        found, root = None, None
        if row is not None:
            *values, root = row
            found = _with_texts(Print(**dict(zip(_PRINT, values, strict=True))))
        sql = f"SELECT {_columns(_WAIT)} FROM wait WHERE side = ? AND id = ?"  # noqa: S608 (names and marks of ours)
        waits = [Wait(**dict(zip(_WAIT, one, strict=True))) for one in self._do(sql, key)]
        sql = f"SELECT {_columns(_COMING)} FROM coming WHERE side = ? AND id = ?"  # noqa: S608 (names and marks of ours)
        coming = [Coming(**dict(zip(_COMING, one, strict=True))) for one in self._do(sql, key)]
        return Kept(
            print=found,
            root=_text(root) if root is not None else instance_id,
            waits=tuple(map(_about, waits)),
            coming=tuple(coming),
        )

    def instance(self, side: Which, instance_id: str) -> Print | None:
        """Return the print of an instance, ``None`` if that side has none."""
        sql = f"SELECT {_columns(_PRINT)} FROM instance WHERE side = ? AND id = ?"  # noqa: S608 (names and marks of ours)
        row = self._do(sql, (side, utf8(instance_id))).fetchone()
        return _with_texts(Print(**dict(zip(_PRINT, row, strict=True)))) if row else None

    def is_starting(self, side: Which, instance_id: str) -> bool:
        """Tell whether the start of an instance is on its way."""
        sql = "SELECT 1 FROM coming WHERE side = ? AND id = ? AND kind = 'ExecutionStarted'"
        return self._do(sql, (side, utf8(instance_id))).fetchone() is not None

    def count(self, side: Which, what: Guids, guid: str) -> int:
        """Return how often a GUID was met."""
        sql = "SELECT count FROM guid WHERE side = ? AND what = ? AND guid = ?"
        row = self._do(sql, (side, what, guid)).fetchone()
        return int(row[0]) if row is not None else 0

    def unread(self, side: Which) -> list[Unread]:
        """Return what could not be read."""
        sql = "SELECT id, place, code, sentence FROM unread WHERE side = ? ORDER BY place, code"
        return [
            Unread(instance_id=_text(key), place=place, code=code, sentence=sentence)
            for key, place, code, sentence in self._do(sql, (side,))
        ]

    def unit(self, root: str) -> tuple[str, str, bool] | None:
        """Return strategy, fate and whether it is exact, of the unit of *root*."""
        sql = "SELECT strategy, fate, exact FROM unit WHERE root = ?"
        row = self._do(sql, (utf8(root),)).fetchone()
        return (row[0], row[1], bool(row[2])) if row is not None else None

    def counts(self, side: Which) -> Counter[tuple[str, str, str, str]]:
        """Return how many instances there are by kind, name, status and version."""
        sql = (
            "SELECT kind, name, status, version, count(*) FROM instance WHERE side = ?"
            " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        return Counter({(k, n, s, v): count for k, n, s, v, count in self._do(sql, (side,))})

    def needed(self, side: Which) -> int:
        """Return how many messages carry something that waits, or bring something by themselves."""
        sql = (
            "SELECT (SELECT coalesce(sum(count), 0) FROM coming WHERE side = ?1)"
            " + (SELECT coalesce(sum(carriers), 0) FROM wait WHERE side = ?1 AND kind != 'wake')"
        )
        return int(self._do(sql, (side,)).fetchone()[0])

    # -- those that differ ---------------------------------------------------------------------

    def want(self, instance_id: str) -> None:
        """Ask for the sketches of an instance."""
        self._do("INSERT OR IGNORE INTO wanted VALUES (?)", (utf8(instance_id),))

    def wanted(self) -> int:
        """Return how many sketches were asked for."""
        return int(self._do("SELECT count(*) FROM wanted").fetchone()[0])

    def wanted_ids(self) -> Iterator[str]:
        """Yield the IDs of which sketches were asked for."""
        for (one,) in self._do("SELECT id FROM wanted ORDER BY id"):
            yield _text(one)

    def is_wanted(self, instance_id: str) -> bool:
        """Tell whether the sketches of an instance were asked for."""
        sql = "SELECT 1 FROM wanted WHERE id = ?"
        return self._do(sql, (utf8(instance_id),)).fetchone() is not None

    def add_sketch(self, side: Which, instance_id: str, sketch: Sketch) -> None:
        """Keep a sketch."""
        row = (side, utf8(instance_id), sketch.encoded())
        self._do("INSERT OR REPLACE INTO sketch VALUES (?, ?, ?)", row)

    def sketch(self, side: Which, instance_id: str) -> Sketch | None:
        """Return a sketch, ``None`` if the instance has gone meanwhile."""
        sql = "SELECT body FROM sketch WHERE side = ? AND id = ?"
        row = self._do(sql, (side, utf8(instance_id))).fetchone()
        return Sketch.decoded(row[0]) if row is not None else None

    def add_verdict(self, instance_id: str, body: bytes) -> None:
        """Keep a verdict, or put another in its place."""
        self._do("INSERT OR REPLACE INTO verdict VALUES (?, ?)", (utf8(instance_id), body))

    def verdict(self, instance_id: str) -> bytes:
        """Return the verdict of an ID. Raises `KeyError`."""
        sql = "SELECT body FROM verdict WHERE id = ?"
        row = self._do(sql, (utf8(instance_id),)).fetchone()
        if row is None:
            raise KeyError(instance_id)
        body: bytes = row[0]
        return body

    def verdicts(self) -> Iterator[bytes]:
        """Yield the verdicts by ID."""
        for (body,) in self._do("SELECT body FROM verdict ORDER BY id"):
            yield body

    def _do(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise FileUnavailable(str(self._file), str(error)) from None


def _plain(found: object) -> object:
    """Return a column's value; text with half of a surrogate pair has no UTF-8 that SQLite takes."""
    if isinstance(found, str) and not found.isascii():
        return utf8(found)
    return found


def _text(found: bytes | str) -> str:
    return found.decode("utf-8", "surrogatepass") if isinstance(found, bytes) else found


def _with_texts(found: Print) -> Print:
    return replace(
        found,
        instance_id=_text(found.instance_id),
        name=_text(found.name),
        status=_text(found.status),
        version=_text(found.version),
        parent=_text(found.parent),
        locked_by=_text(found.locked_by),
    )


def _about(found: Wait) -> Wait:
    return replace(found, about=_text(found.about))
