"""``index.sqlite``: where in a bundle's segments something stands, and the sums of its trees.

It is derived: an export writes it with the segments, and whoever finds it missing, or of another bundle,
makes it again. ``index.json`` beside it names the bundle by its root and has the SHA-256 of the index, so
that one which was changed is not used. IDs are texts, or bytes where they have no UTF-8.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import FileUnavailable
from durahub.model.history import TERMINAL, Status
from durahub.model.json_text import loads
from durahub_migrate.bundle import canonical, layout
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.fields import values_of
from durahub_migrate.bundle.framing import Spot
from durahub_migrate.bundle.inflight import target_of

FORMAT, VERSION = "hub-bundle-index", 1

_SCHEMA = """
CREATE TABLE segment (number INTEGER PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE instance (
    ordinal INTEGER PRIMARY KEY, records INTEGER NOT NULL,
    segment INTEGER NOT NULL, frame INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    kind TEXT NOT NULL, id NOT NULL, tree INTEGER NOT NULL, depth INTEGER NOT NULL,
    name TEXT NOT NULL, status TEXT NOT NULL, live INTEGER NOT NULL,
    events INTEGER NOT NULL, bytes INTEGER NOT NULL, exact BLOB NOT NULL
);
CREATE TABLE tree (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, root NOT NULL, members INTEGER NOT NULL,
    live INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE message (
    ordinal INTEGER PRIMARY KEY, segment INTEGER NOT NULL, frame INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    instance NOT NULL, evidence TEXT NOT NULL, digest BLOB NOT NULL
);
"""
_INDEXES = """
CREATE INDEX instance_id ON instance (id);
CREATE INDEX message_instance ON message (instance, ordinal);
CREATE INDEX instance_tree ON instance (tree, ordinal);
CREATE INDEX tree_root ON tree (root);
CREATE INDEX tree_kind ON tree (kind, number);
"""
_ENDED = frozenset(status.name for status in TERMINAL)
_PAGE = 1000
_CHUNK = 1024 * 1024


def key_of(instance_id: str) -> str | bytes:
    """Return an ID as the index has it."""
    try:
        instance_id.encode()
    except UnicodeEncodeError:
        return canonical.utf8(instance_id)
    return instance_id


def id_of(key: str | bytes) -> str:
    """Undo `key_of`."""
    return key if isinstance(key, str) else key.decode("utf-8", "surrogatepass")


class IndexWriter:
    """Writes the index into *file*, record by record in their order. Raises `FileUnavailable`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._segments: dict[str, int] = {}
        self._instance: dict[str, Any] | None = None
        self._tree: tuple[int, str | bytes] | None = None
        file.unlink(missing_ok=True)
        with self._writing():
            self._db = sqlite3.connect(file, isolation_level=None)
            pragmas = (
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;"
            )
            self._db.executescript(pragmas + _SCHEMA)
            self._db.execute("BEGIN")

    def add(self, segment: str, spot: Spot, record: hb.Record, size: int) -> None:
        """Add a record of *size* bytes that stands there, its large texts not in it."""
        with self._writing():
            match record.WhichOneof("kind"):
                case "head":
                    self._begin(segment, spot, record)
                case "inflight":
                    self._end()
                    self._message(segment, spot, record)
            if self._instance is not None:
                self._go_on(record, size)

    def finish(self) -> None:
        """Sum up the trees and close the file."""
        with self._writing():
            self._end()
            for statement in filter(None, map(str.strip, _INDEXES.split(";"))):
                self._db.execute(statement)
            self._db.execute(_SUMS)
            for number, digest in self._digests():
                self._db.execute("UPDATE tree SET digest = ? WHERE number = ?", (digest, number))
            self._db.execute("COMMIT")
            self._db.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._db.close()

    # -- instances -----------------------------------------------------------------------------

    def _begin(self, segment: str, spot: Spot, record: hb.Record) -> None:
        self._end()
        head = record.head
        beyond = values_of({n: t for n, t in head.extras.items() if n in ("instance_id", "status")})
        key = key_of(beyond.get("instance_id", head.state.instanceId))
        if self._tree is None or (head.depth == 0 and self._tree[1] != key):
            self._tree = record.ordinal, key
        status = beyond.get("status", Status(head.state.orchestrationStatus).name)
        kind = layout.kind_of(segment)
        self._instance = {
            "ordinal": record.ordinal,
            "records": 0,
            "segment": self._segment(segment),
            "frame": spot.frame,
            "offset": spot.offset,
            "kind": kind,
            "id": key,
            "tree": self._tree[0],
            "depth": head.depth,
            "name": head.state.name,
            "status": status.encode("utf-8", "backslashreplace").decode(),
            "live": kind == layout.ENTITIES or status not in _ENDED,
            "events": 0,
            "bytes": 0,
            "exact": b"",
        }

    def _go_on(self, record: hb.Record, size: int) -> None:
        one = self._instance
        assert one is not None  # noqa: S101 (for the types)
        one["records"] += 1
        one["bytes"] += size + sum(ref.size for ref in _refs(record))
        match record.WhichOneof("kind"):
            case "part":
                one["events"] += len(record.part.events)
                if one["kind"] == layout.INSTANCES and any(map(_ends, record.part.events)):
                    one["live"] = False  # the row may be one checkpoint behind
            case "tail":
                one["exact"] = record.tail.sha256_exact

    def _end(self) -> None:
        if self._instance is not None:
            self._insert("instance", self._instance)
            self._instance = None

    # -- messages, trees -----------------------------------------------------------------------

    def _message(self, segment: str, spot: Spot, record: hb.Record) -> None:
        message = record.inflight
        row = {
            "ordinal": record.ordinal,
            "segment": self._segment(segment),
            "frame": spot.frame,
            "offset": spot.offset,
            "instance": key_of(target_of(message)),
            "evidence": hb.InFlight.Evidence.Name(message.evidence).lower(),
            "digest": canonical.digest([canonical.message(message)]),
        }
        self._insert("message", row)

    def _digests(self) -> Iterator[tuple[int, str]]:
        """Yield the digest of each tree: over its members' exact ones, then those of messages to them."""
        after = -1
        while rows := self._db.execute(
            "SELECT number FROM tree WHERE number > ? ORDER BY number LIMIT ?", (after, _PAGE)
        ).fetchall():
            for (number,) in rows:
                hashed = hashlib.sha256()
                for (piece,) in self._db.execute(
                    "SELECT exact FROM instance WHERE tree = ? ORDER BY ordinal", (number,)
                ):
                    hashed.update(piece)
                for (piece,) in self._db.execute(
                    "SELECT m.digest FROM instance i CROSS JOIN message m ON m.instance = i.id"
                    " WHERE i.tree = ? ORDER BY i.ordinal, m.ordinal",
                    (number,),
                ):
                    hashed.update(piece)
                yield number, hashed.hexdigest()
                after = number

    # -- the file ------------------------------------------------------------------------------

    def _segment(self, path: str) -> int:
        if path not in self._segments:
            number = self._segments[path] = len(self._segments)
            self._db.execute("INSERT INTO segment VALUES (?, ?)", (number, path))
        return self._segments[path]

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (names and marks of ours)
        self._db.execute(sql, tuple(row.values()))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise FileUnavailable(str(self._file), str(error)) from None


_SUMS = (
    "INSERT INTO tree SELECT tree, min(kind), (SELECT id FROM instance r WHERE r.ordinal = i.tree),"
    " count(*), sum(live), sum(events), sum(bytes), '' FROM instance i GROUP BY tree ORDER BY tree"
)


def _ends(event: pb.HistoryEvent) -> bool:
    return event.HasField("executionCompleted")


def _refs(record: hb.Record) -> Iterator[hb.PayloadRef]:
    match record.WhichOneof("kind"):
        case "head":
            yield from record.head.payloads
        case "part":
            for one in record.part.extras:
                yield from one.payloads
        case "entity":
            yield from record.entity.payloads


# -- which bundle it is of -----------------------------------------------------------------------


def says(index: Path, root: str) -> bytes:
    """Return the text of ``index.json`` for a file."""
    told = {"format": FORMAT, "version": VERSION, "root": root, "sha256": _sha256(index)}
    return (json.dumps(told, indent=2) + "\n").encode()


def belongs(folder: Path, root: str) -> bool:
    """Tell whether a bundle's folder has the index of the bundle with that root, as it was written."""
    try:
        told = loads((folder / layout.INDEX_SAYS).read_bytes())
        found = {name: told.get(name) for name in ("format", "version", "root", "sha256")}
        return found == {
            "format": FORMAT,
            "version": VERSION,
            "root": root,
            "sha256": _sha256(folder / layout.INDEX),
        }
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def put_in_place(scratch: Path, folder: Path, root: str) -> None:
    """Make a finished index that of the bundle in *folder*. Raises `OSError`."""
    text = says(scratch, root)
    (folder / layout.INDEX_SAYS).unlink(missing_ok=True)
    scratch.replace(folder / layout.INDEX)
    said = scratch.with_name(scratch.name + ".json")
    said.write_bytes(text)
    said.replace(folder / layout.INDEX_SAYS)


def _sha256(file: Path) -> str:
    hashed = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            hashed.update(piece)
    return hashed.hexdigest()
