"""Writes a bundle: ``_started.json`` first, what is read into a spool, the members, and the manifest last.

Until the manifest is there the folder is an unfinished export and nothing else. An export that is run again
removes what an unfinished one has left: a bundle is of one moment, so nothing of it can be gone on with.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from durahub.errors import BadRequest, FileUnavailable
from durahub.local import exclusive
from durahub.model.ticks import Ticks, to_round_trip_text
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle import canonical, inflight, layout, records
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.clearing import clean, stranger_in
from durahub_migrate.bundle.entities import entity_of, is_entity
from durahub_migrate.bundle.framing import LARGEST_SEGMENT, SegmentWriter
from durahub_migrate.bundle.index import IndexWriter, put_in_place
from durahub_migrate.bundle.manifest import (
    Counts,
    Limits,
    Manifest,
    Member,
    SourceHub,
    encode,
    merkle_root,
)
from durahub_migrate.bundle.plain_files import plain_member, write_whole, writing
from durahub_migrate.bundle.spool import Spool, Spooled

_PAYLOAD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Given:
    """What a bundle says of how it came about. *tool* is a name and a version: ``durahub 0.1``."""

    tool: str
    started: Ticks


class BundleWriter:
    """Writes one bundle into *folder*. Use it in ``with``; without `finish` it stays unfinished.

    Everything raises `FileUnavailable` where the folder cannot be written: no room, no right to.
    """

    def __init__(
        self, folder: Path, given: Given, *, largest_segment: int = LARGEST_SEGMENT
    ) -> None:
        self._largest_segment = largest_segment
        self._folder = folder
        self._given = given
        self._lock: int | None = None
        self._spool: Spool | None = None
        self._compressor = zstandard.ZstdCompressor(level=_PAYLOAD_LEVEL, write_checksum=True)
        self._counts = Counts()
        self._limits = Limits()
        self.cleaned = False
        """Whether there was an unfinished export, which was removed."""

    def __enter__(self) -> "BundleWriter":
        """Begin. Raises `BadRequest` where something is that no export has left unfinished."""
        with writing(self._folder):
            self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # -- what is in it -------------------------------------------------------------------------

    def add_instance(self, instance: StoredInstance, place: str) -> None:
        """Add an orchestration or an entity, and what its rows say is on its way to it."""
        with writing(self._folder):
            kind = layout.ENTITIES if is_entity(instance.instance_id) else layout.INSTANCES
            head = records.head_of(instance, place)
            parts = list(records.parts_of(instance.history))
            digests = records.digests_of(instance, head, parts)
            size = sum(part.ByteSize() for part in parts)
            found = [hb.Record(head=head), *(hb.Record(part=part) for part in parts)]
            found.append(hb.Record(tail=records.tail_of(instance, digests)))
            if kind == layout.ENTITIES:
                found.append(hb.Record(entity=entity_of(instance, place)))
            started = records.started_of(instance)
            parent = started.parent if started is not None else None
            self._spooled.add(
                kind,
                instance.instance_id,
                map(self._packed, found),
                parent=parent.execution.instance_id if parent is not None else None,
                status=instance.status.encode("utf-8", "backslashreplace").decode(),
            )
            for one in inflight.implied(instance):
                self._add_inflight(one, "table")
            self._measure(instance, size)

    def add_message(self, message: StoredMessage) -> None:
        """Add a message that was seen in a queue."""
        with writing(self._folder):
            self._add_inflight(inflight.seen(message), "queue")
            self._counts = replace(self._counts, messages_read=self._counts.messages_read + 1)

    def add_reject(self, found: NotRead, *, message: bool = False) -> None:
        """Add something that could not be read."""
        with writing(self._folder):
            digest = hashlib.sha256(found.raw).digest() if found.raw else None
            line = {
                "code": found.error.code,
                "reason": found.error.sentence,
                "place": found.place,
                "kind": "message" if message else "instance",
                "instanceId": found.instance_id,
                "raw": digest.hex() if digest is not None else None,
                "size": len(found.raw),
            }
            if digest is not None:
                target = self._folder / layout.raw(digest)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(found.raw)
            text = json.dumps(line, sort_keys=True, separators=(",", ":"))
            self._spooled.add_reject(found.place, found.error.code, text)
            counts = self._counts
            self._counts = (
                replace(
                    counts,
                    messages_read=counts.messages_read + 1,
                    messages_rejected=counts.messages_rejected + 1,
                )
                if message
                else replace(
                    counts,
                    instances_read=counts.instances_read + 1,
                    instances_rejected=counts.instances_rejected + 1,
                )
            )

    def finish(
        self,
        source: SourceHub,
        ended: Ticks,
        *,
        frozen: bool = False,
        evidence: Mapping[str, Any] | None = None,
        reports: Mapping[str, bytes] | None = None,
        redacted: bool = False,
    ) -> Manifest:
        """Sort what was added, write the members and, last, the manifest.

        *frozen* says that nobody was at work on the hub while it was read, *evidence* what shows that.
        *reports*, by their names, ``freeze.json``, become members that do not count for the root. *redacted*
        says that IDs and payloads of what was added are not the hub's.
        """
        with writing(self._folder):
            spool = self._spooled
            spool.sort()
            scratch = self._folder / (layout.INDEX + layout.PART)
            index = IndexWriter(scratch)
            try:
                files = list(self._segments(index))
                index.finish()
            finally:
                index.abandon()
            files.append(self._payload_list())
            files.append(self._reject_list())
            files.append(self._schema())
            for name, content in sorted((reports or {}).items()):
                files.append(plain_member(self._folder, layout.report(name), [content]))
            root = merkle_root(files)
            put_in_place(scratch, self._folder, root)
            said = f"{root} {to_round_trip_text(self._given.started)}"
            manifest = Manifest(
                tool=self._given.tool,
                bundle_id=hashlib.sha256(said.encode()).hexdigest()[:32],
                source=source,
                started=self._given.started,
                ended=ended,
                frozen=frozen,
                evidence=evidence or {},
                redacted=redacted,
                counts=self._counted(),
                limits=self._limits,
                files=tuple(files),
                root=root,
            )
            self._complete(manifest)
        return manifest

    # -- beginning and end ---------------------------------------------------------------------

    def _begin(self) -> None:
        folder = self._folder
        if (folder / layout.MANIFEST).exists():
            raise BadRequest(
                f"{folder} is a hub bundle already; name another folder, or say --force"
            )
        if folder.exists():
            strange = stranger_in(folder)
            if strange is not None:
                raise BadRequest(f"{folder} is no export's: there is {strange!r} in it")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = exclusive.acquire(folder / layout.LOCK)
        if self._lock is None:
            raise FileUnavailable(str(folder), "another export is writing it")
        if (
            folder / layout.MANIFEST
        ).exists():  # another export was done just before we had the lock
            (folder / layout.LOCK).unlink(missing_ok=True)
            raise BadRequest(
                f"{folder} is a hub bundle already: another export has just written it"
            )
        self.cleaned = (folder / layout.STARTED).exists()
        clean(folder)
        started = {
            "format": layout.FORMAT,
            "version": layout.MAJOR,
            "tool": self._given.tool,
            "started": to_round_trip_text(self._given.started),
        }
        write_whole(folder / layout.STARTED, (json.dumps(started, indent=2) + "\n").encode())
        self._spool = Spool(folder / layout.SPOOL)

    def _complete(self, manifest: Manifest) -> None:
        self._spooled.close()
        self._spool = None
        for left in self._folder.glob(f"{layout.SPOOL}*"):
            left.unlink()
        write_whole(self._folder / layout.MANIFEST, encode(manifest))
        (self._folder / layout.LOCK).unlink()

    @property
    def _spooled(self) -> Spool:
        if self._spool is None:
            raise RuntimeError("the writer is used outside of its with")
        return self._spool

    # -- members -------------------------------------------------------------------------------

    def _segments(self, index: IndexWriter) -> Iterator[Member]:
        ordinal = 0
        for kind in layout.KINDS:
            segments = _Segments(self._folder, kind, ordinal, self._largest_segment, index)
            try:
                for item in self._spooled.items(kind):
                    segments.add(item)
                yield from segments.close()
            finally:
                segments.abandon()
            ordinal = segments.ordinal

    def _payload_list(self) -> Member:
        lines = (f"{digest.hex()} {size}\n" for digest, size in self._spooled.payloads())
        return self._lines(layout.PAYLOAD_LIST, lines)

    def _reject_list(self) -> Member:
        return self._lines(layout.REJECT_LIST, (f"{line}\n" for line in self._spooled.rejects()))

    def _schema(self) -> Member:
        described = FileDescriptorSet()
        seen: set[str] = set()

        def add(file: FileDescriptor) -> None:
            if file.name in seen:
                return
            seen.add(file.name)
            for needed in file.dependencies:
                add(needed)
            file.CopyToProto(described.file.add())

        add(hb.DESCRIPTOR)
        return plain_member(
            self._folder, layout.DESCRIPTORS, [described.SerializeToString(deterministic=True)]
        )

    def _lines(self, path: str, lines: Iterable[str]) -> Member:
        return plain_member(self._folder, path, (line.encode() for line in lines))

    # -- records -------------------------------------------------------------------------------

    def _packed(self, record: hb.Record) -> bytes:
        records.move_out(record, self._keep)
        return record.SerializeToString(deterministic=True)

    def _keep(self, digest: bytes, content: bytes) -> None:
        if not self._spooled.add_payload(digest, len(content)):
            return
        target = self._folder / layout.payload(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._compressor.compress(content))
        self._counts = replace(
            self._counts,
            payloads=self._counts.payloads + 1,
            payload_bytes=self._counts.payload_bytes + len(content),
        )
        largest = max(self._limits.largest_text, len(content))
        self._limits = replace(self._limits, largest_text=largest)

    def _add_inflight(self, record: hb.InFlight, evidence: str) -> None:
        body = self._packed(hb.Record(inflight=record))
        rank = record.queue.encode() + b"\0" + canonical.digest([body])
        key = record.instance_id
        self._spooled.add(layout.INFLIGHT, key, [body], rank=rank, status=evidence)

    def _measure(self, instance: StoredInstance, size: int) -> None:
        limits, counts = self._limits, self._counts
        self._limits = replace(
            limits,
            longest_id=max(limits.longest_id, len(instance.instance_id)),
            most_events=max(limits.most_events, len(instance.history)),
            most_event_bytes=max(limits.most_event_bytes, size),
        )
        self._counts = replace(
            counts,
            instances_read=counts.instances_read + 1,
            events=counts.events + len(instance.history),
        )

    def _counted(self) -> Counts:
        spool = self._spooled
        return replace(
            self._counts,
            instances=spool.counts(layout.INSTANCES),
            entities=spool.counts(layout.ENTITIES),
            inflight=spool.counts(layout.INFLIGHT),
            rejects=dict(spool.reject_counts()),
        )


class _Segments:
    """The segments of one kind, one after the other."""

    def __init__(
        self, folder: Path, kind: str, ordinal: int, largest: int, index: IndexWriter
    ) -> None:
        self._largest = largest
        self._folder = folder
        self._kind = kind
        self._index = index
        self._current: SegmentWriter | None = None
        self._done: list[Member] = []
        self.ordinal = ordinal

    def add(self, item: Spooled) -> None:
        for body in item.records:
            record = self._numbered(body, item)
            whole = record.SerializeToString(deterministic=True)
            current = self._current
            if current is not None and current.content_size + len(whole) + 10 > self._largest:
                self._done.append(current.close())
                current = None
            if current is None:
                path = layout.segment(self._kind, len(self._done))
                current = self._current = SegmentWriter(self._folder, path, self.ordinal)
            spot = current.add(whole, item.id)
            self._index.add(current.path, spot, record, len(whole))
            self.ordinal += 1

    def _numbered(self, body: bytes, item: Spooled) -> hb.Record:
        record = hb.Record.FromString(body)
        record.ordinal = self.ordinal
        if record.HasField("head"):
            records.set_root(record.head, item.root, item.depth)
        return record

    def close(self) -> list[Member]:
        if self._current is not None:
            self._done.append(self._current.close())
            self._current = None
        return self._done

    def abandon(self) -> None:
        if self._current is not None:
            self._current.abandon()
