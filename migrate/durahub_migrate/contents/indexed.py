"""A bundle as the content of a move, found through its index: memory does not grow with the hub."""

import contextlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from durahub.errors import BadBundle, FileUnavailable, RedactedBundle
from durahub.stored import StoredEvent
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import index, layout, records
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.framing import Spot
from durahub_migrate.bundle.index import IndexWriter, id_of, key_of
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.reader import BundleReader, Rejected
from durahub_migrate.contents.frames import Frames
from durahub_migrate.moving.content import Held, Tree

_PAGE = 500  # rows in memory
_PLACE = 'segment.path, frame, "offset", ordinal'


class IndexedContent:
    """A `durahub_migrate.moving.content.Content`, for several tasks and threads. Close it."""

    def __init__(
        self,
        reader: BundleReader,
        db: sqlite3.Connection,
        scratch: contextlib.ExitStack,
    ) -> None:
        self._reader = reader
        self._db = db
        self._scratch = scratch  # what was unpacked; the index where it is not in the bundle
        self._frames = Frames(reader)
        self._lock = threading.Lock()

    def __enter__(self) -> "IndexedContent":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release what was opened; calling it twice is fine."""
        with self._lock:
            self._db.close()
        self._scratch.close()

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self._reader.manifest

    # -- trees ---------------------------------------------------------------------------------

    def trees(self) -> Iterator[Tree]:
        """Yield entities, then orchestrations by their roots."""
        for kind in (layout.ENTITIES, layout.INSTANCES):
            sql = (
                "SELECT number, root, members, live, events, bytes, digest FROM tree"
                " WHERE kind = ? AND number > ? ORDER BY number"
            )
            for _, root, members, live, events, size, digest in self._pages(sql, kind):
                yield Tree(
                    root_id=id_of(root),
                    is_entity=kind == layout.ENTITIES,
                    members=members,
                    live=live,
                    events=events,
                    size=size,
                    digest=digest,
                )

    def members(self, root_id: str) -> Iterator[Held]:
        """Yield a tree's members."""
        sql = (
            f"SELECT ordinal, records, {_PLACE} FROM instance JOIN segment ON segment = number WHERE tree ="  # noqa: S608 (names and marks of ours)
            " (SELECT number FROM tree WHERE root = ? ORDER BY number LIMIT 1)"
            " AND ordinal > ? ORDER BY ordinal"
        )
        for _, count, *place in self._pages(sql, key_of(root_id)):
            yield self._held(root_id, count, *place)

    def member(self, instance_id: str) -> Held | None:
        """Return one instance."""
        sql = (
            f"SELECT records, {_PLACE}, (SELECT root FROM tree WHERE tree.number = instance.tree)"  # noqa: S608 (names and marks of ours)
            " FROM instance JOIN segment ON segment = number WHERE id = ? ORDER BY ordinal LIMIT 1"
        )
        for count, *place, root in self._rows(sql, key_of(instance_id)):
            return self._held(id_of(root), count, *place)
        return None

    def _held(
        self, root_id: str, count: int, path: str, frame: int, offset: int, ordinal: int
    ) -> Held:
        head: hb.InstanceHead | None = None
        tail, entity = hb.InstanceTail(), None
        events: list[StoredEvent] = []
        for record in self._frames.records(path, Spot(frame, offset), ordinal, count):
            match record.WhichOneof("kind"):
                case "head":
                    head = record.head
                    where = f"bundle {self._reader.name}, instance {head.state.instanceId!r}"
                case "part" if head is not None:
                    events += records.events_of(record.part, where)
                case "tail":
                    tail = record.tail
                case "entity":
                    entity = record.entity
        if head is None:
            raise BadBundle(self._reader.name, path, f"record {ordinal} begins no instance")
        return Held(
            instance=replace(records.instance_of(head), history=tuple(events)),
            entity=entity,
            digests=records.Digests(tail.sha256_exact, tail.sha256_semantic),
            open_work=tail.open,
            place=head.source.place,
            root_id=root_id,
            depth=head.depth,
            numbering_base=head.numbering_base,
        )

    # -- messages, rejects ---------------------------------------------------------------------

    def messages_to(self, instance_id: str) -> tuple[hb.InFlight, ...]:
        """Return what is on its way to an instance."""
        sql = (
            f"SELECT {_PLACE} FROM message JOIN segment ON segment = number"  # noqa: S608 (names and marks of ours)
            " WHERE instance = ? ORDER BY ordinal"
        )
        return tuple(self._message(*row) for row in self._rows(sql, key_of(instance_id)))

    def arriving(self) -> Iterator[tuple[str, hb.InFlight]]:
        """Yield all messages with the root of the tree that they go to."""
        sql = (
            f"SELECT ordinal, {_PLACE}, (SELECT root FROM tree WHERE tree.number = (SELECT tree FROM"  # noqa: S608 (names and marks of ours)
            " instance WHERE id = message.instance LIMIT 1))"
            " FROM message JOIN segment ON segment = number WHERE ordinal > ? ORDER BY ordinal"
        )
        for _, *place, root in self._pages(sql):
            yield "" if root is None else id_of(root), self._message(*place)

    def strays(self) -> Iterator[hb.InFlight]:
        """Yield messages to instances that the bundle does not have."""
        sql = (
            f"SELECT ordinal, {_PLACE} FROM message JOIN segment ON segment = number"  # noqa: S608 (names and marks of ours)
            " WHERE NOT EXISTS (SELECT 1 FROM instance WHERE id = message.instance)"
            " AND ordinal > ? ORDER BY ordinal"
        )
        for _, *place in self._pages(sql):
            yield self._message(*place)

    def rejects(self) -> Iterator[Rejected]:
        """Yield what the export could not read."""
        return self._reader.rejects()

    def _message(self, path: str, frame: int, offset: int, ordinal: int) -> hb.InFlight:
        for record in self._frames.records(path, Spot(frame, offset), ordinal, 1):
            if record.HasField("inflight"):
                return record.inflight
        raise BadBundle(self._reader.name, path, f"record {ordinal} is no message")

    # -- the index -----------------------------------------------------------------------------

    def _rows(self, sql: str, *values: object) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, OverflowError):
            problem = "it cannot be read; without it, it is made again"
            raise BadBundle(self._reader.name, layout.INDEX, problem) from None

    def _pages(self, sql: str, *values: object) -> Iterator[Any]:
        """Yield the rows of a query whose last mark is for the number that the row before begins with."""
        after, more = -1, True
        while more:
            rows = self._rows(f"{sql} LIMIT {_PAGE}", *values, after)
            yield from rows
            more = len(rows) == _PAGE
            after = rows[-1][0] if rows else after


def open_content(path: Path) -> IndexedContent:
    """Open the bundle at *path*, a folder or a tar. Raises `BadBundle`, `UnfinishedBundle`, `NewerBundle`.

    Raises `RedactedBundle` for one without IDs and payloads: nothing can be moved out of it.

    Its index is made where it is missing: in the folder, or in a temporary one where that cannot be written.
    A tar is unpacked into a temporary folder until the content is closed.
    """
    with contextlib.ExitStack() as scratch:
        reader = BundleReader(scratch.enter_context(opened_bundle(path)))
        if reader.manifest.redacted:
            raise RedactedBundle(str(path))
        db = _opened(_index_of(reader, scratch))
        return IndexedContent(reader, db, scratch.pop_all())


def _index_of(reader: BundleReader, scratch: contextlib.ExitStack) -> Path:
    """Return the file of the index; make it where there is none."""
    folder, root = reader.folder, reader.manifest.root
    if index.belongs(folder, root):
        return folder / layout.INDEX
    file = folder / f"{layout.INDEX}.{os.getpid()}-{threading.get_ident()}"
    with contextlib.suppress(OSError, FileUnavailable):
        try:
            _make(reader, file)
            index.put_in_place(file, folder, root)
        finally:
            file.unlink(missing_ok=True)
        return folder / layout.INDEX
    file = (
        Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="durahub-"))) / layout.INDEX
    )
    _make(reader, file)
    return file


def _make(reader: BundleReader, file: Path) -> None:
    writer = IndexWriter(file)
    path = ""
    try:
        for path, spot, record, size in reader.located():
            writer.add(path, spot, record, size)
        writer.finish()
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise BadBundle(reader.name, path, "what it says of an instance cannot be read") from None
    finally:
        writer.abandon()


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
