"""Reads a bundle: each member is checked before anything of it is given.

A segment is hashed before its first record is read, a payload and a rejected text when they are fetched. So
what comes out of here is what the export has put in, or `BadBundle` names the file that is not as it was.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from google.protobuf.message import DecodeError

from durahub.errors import BadBundle, UnfinishedBundle
from durahub.model.json_text import loads
from durahub.stored import StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle import framing, inflight, layout, records
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.framing import Cut, Spot
from durahub_migrate.bundle.manifest import LARGEST_MANIFEST, Manifest, Member, decode

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A record's place: everything up to it was read. ``str`` and `parse` are inverse."""

    ordinal: int

    def __str__(self) -> str:
        return str(self.ordinal)

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Return the position that *text* is. Raises `ValueError`."""
        return cls(int(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Something that the export could not read; *raw* is the digest of what lay there, if that is kept."""

    code: str
    reason: str
    place: str
    kind: str  # "instance" or "message"
    instance_id: str | None
    raw: str | None
    size: int


class BundledInstance:
    """An instance in a bundle: its row first, then event by event, then its tail.

    It is of the moment: what is left of it is passed over when the next one is asked for.
    """

    def __init__(self, head: hb.InstanceHead, rest: Iterator[hb.Record], where: str) -> None:
        self.head = head
        self.row = records.instance_of(head)
        self.tail: hb.InstanceTail | None = None
        self.entity: hb.EntityRecord | None = None
        self.position = Position(0)
        self._rest = rest
        self._where = where
        self._over = False

    def events(self) -> Iterator[StoredEvent]:
        """Yield the events, once; afterwards `tail` and `entity` are there."""
        if self._over:
            raise RuntimeError("the bundle was read on: this instance has been passed over")
        for record in self._rest:
            self.position = Position(record.ordinal)
            match record.WhichOneof("kind"):
                case "part":
                    yield from records.events_of(record.part, self._where)
                case "tail":
                    self.tail = record.tail
                case "entity":
                    self.entity = record.entity

    def whole(self) -> StoredInstance:
        """Return the instance with its history."""
        return replace(self.row, history=tuple(self.events()))

    def pass_over(self) -> None:
        """Read to its end."""
        self._over = True
        for record in self._rest:
            self.position = Position(record.ordinal)


class BundleReader:
    """Reads the bundle in *folder*. Raises `BadBundle`, `UnfinishedBundle`, `NewerBundle`, here and later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)
        self.manifest: Manifest = self._manifest()
        self._members = {one.path: one for one in self.manifest.files}
        for member in self.manifest.files:
            self._check_size(member)

    # -- instances and messages ----------------------------------------------------------------

    def instances(self, after: Position | None = None) -> Iterator[BundledInstance]:
        """Yield orchestrations, then entities, each kind by trees; those behind *after* alone."""
        stream = self._records((layout.INSTANCES, layout.ENTITIES), after)
        ahead = _Ahead(stream)
        while (record := ahead.take()) is not None:
            if record.WhichOneof("kind") != "head":
                raise BadBundle(self.name, ahead.path, "a record stands where an instance begins")
            where = f"bundle {self.name}, instance {record.head.state.instanceId!r}"
            found = BundledInstance(record.head, ahead.until_head(), where)
            found.position = Position(record.ordinal)
            yield found
            found.pass_over()

    def messages(self, after: Position | None = None) -> Iterator[tuple[Position, hb.InFlight]]:
        """Yield what was on its way, by instance."""
        for _, record in self._records((layout.INFLIGHT,), after):
            yield Position(record.ordinal), record.inflight

    def seen_messages(self) -> Iterator[StoredMessage]:
        """Yield the messages that were seen in queues."""
        for _, record in self.messages():
            if record.evidence == inflight.QUEUE:
                yield inflight.message_of(record)

    def rejects(self) -> Iterator[Rejected]:
        """Yield what the export could not read."""
        path = layout.REJECT_LIST
        member = self._members.get(path)
        if member is None:
            return
        with self._checked(member) as file:
            for line in file:
                yield self._rejected(line, path)

    def raw(self, digest: str) -> bytes:
        """Return what was rejected, by its digest in hex."""
        path = layout.raw(bytes.fromhex(digest))
        try:
            found = (self.folder / path).read_bytes()
        except OSError as error:
            raise BadBundle(self.name, path, _said(error)) from None
        if hashlib.sha256(found).hexdigest() != digest:
            raise BadBundle(self.name, path, "its content is not what its name says")
        return found

    def report(self, name: str) -> bytes | None:
        """Return a report, ``None`` if there is none of that name."""
        member = self._members.get(layout.report(name))
        if member is None:
            return None
        with self._checked(member) as file:
            return file.read()

    # -- checking ------------------------------------------------------------------------------

    def verify(self) -> None:
        """Read everything and check it: all members, payloads, rejected texts, counts."""
        for member in self.manifest.files:
            self._checked(member).close()
        for path, record in self._records(layout.KINDS, None, resolve=False):
            if record.WhichOneof("kind") is None:
                raise BadBundle(self.name, path, "a record of no known kind")
        for digest, size in self._payload_list():
            self._payload(digest, size)
        for one in self.rejects():
            if one.raw is not None:
                self.raw(one.raw)

    def _manifest(self) -> Manifest:
        folder = self.folder
        if not (folder / layout.MANIFEST).is_file():
            if (folder / layout.STARTED).exists():
                raise UnfinishedBundle(self.name)
            raise BadBundle(self.name, layout.MANIFEST, "there is no such file")
        try:
            if (folder / layout.MANIFEST).stat().st_size > LARGEST_MANIFEST:
                raise BadBundle(self.name, layout.MANIFEST, "it is larger than any can be")
            text = (folder / layout.MANIFEST).read_bytes()
        except OSError as error:
            raise BadBundle(self.name, layout.MANIFEST, _said(error)) from None
        manifest = decode(text, self.name)
        for member in manifest.files:
            path = Path(member.path)
            if path.is_absolute() or ".." in path.parts or "\0" in member.path:
                raise BadBundle(self.name, layout.MANIFEST, "it names a file outside of the bundle")
        return manifest

    def _check_size(self, member: Member) -> None:
        try:
            size = (self.folder / member.path).stat().st_size
        except OSError as error:
            raise BadBundle(self.name, member.path, _said(error)) from None
        if size != member.size:
            problem = f"it has {size} bytes where {member.size} were written"
            raise BadBundle(self.name, member.path, problem)

    def _checked(self, member: Member) -> IO[bytes]:
        """Return a member's file, its digest checked, at its beginning."""
        hashed = hashlib.sha256()
        try:
            file = (self.folder / member.path).open("rb")
            while piece := file.read(_CHUNK):
                hashed.update(piece)
            file.seek(0)
        except OSError as error:
            raise BadBundle(self.name, member.path, _said(error)) from None
        if hashed.hexdigest() != member.sha256:
            file.close()
            raise BadBundle(self.name, member.path, "its content is not as it was written")
        return file

    # -- records -------------------------------------------------------------------------------

    def _records(
        self, kinds: tuple[str, ...], after: Position | None, *, resolve: bool = True
    ) -> Iterator[tuple[str, hb.Record]]:
        """Yield the records of *kinds* behind *after*, each with its segment."""
        for member in self.manifest.files:
            if layout.kind_of(member.path) not in kinds:
                continue
            if after is not None and member.first_ordinal + member.records - 1 <= after.ordinal:
                continue
            for _, record, _ in self._of_segment(member):
                if after is not None and record.ordinal <= after.ordinal:
                    continue
                if resolve:
                    self.resolve(record, member.path)
                yield member.path, record

    def located(self) -> Iterator[tuple[str, Spot, hb.Record, int]]:
        """Yield all records, as they stand: the segment, where in it, the record, its bytes."""
        for member in self.manifest.files:
            if layout.kind_of(member.path) in layout.KINDS:
                for spot, record, size in self._of_segment(member):
                    yield member.path, spot, record, size

    def _of_segment(self, member: Member) -> Iterator[tuple[Spot, hb.Record, int]]:
        ordinal = member.first_ordinal
        with self._checked(member) as file:
            try:
                for spot, body in framing.located(file):
                    record = hb.Record.FromString(body)
                    if record.ordinal != ordinal:
                        raise Cut(f"record {record.ordinal} stands where {ordinal} belongs")
                    yield spot, record, len(body)
                    ordinal += 1
            except DecodeError:
                problem = f"record {ordinal} cannot be read"
                raise BadBundle(self.name, member.path, problem) from None
            except Cut as error:
                raise BadBundle(self.name, member.path, str(error)) from None
        if ordinal - member.first_ordinal != member.records:
            problem = f"it has {ordinal - member.first_ordinal} records of {member.records}"
            raise BadBundle(self.name, member.path, problem)

    def frame(self, member: Member, at: int) -> tuple[bytes, int]:
        """Return the content of the frame of a segment that begins at *at*, and where the next one does.

        Whoever asks has called `check` for that segment once.
        """
        try:
            with (self.folder / member.path).open("rb") as file:
                return framing.frame_at(file, at, member.content_size)
        except OSError as error:
            raise BadBundle(self.name, member.path, _said(error)) from None
        except Cut as error:
            raise BadBundle(self.name, member.path, str(error)) from None

    def check(self, member: Member) -> None:
        """Hash a member. Raises `BadBundle` if it is not as it was written."""
        self._checked(member).close()

    def resolve(self, record: hb.Record, path: str) -> None:
        """Put the large texts of a record of the segment *path* into their places."""
        try:
            records.put_back(record, self._payload)
        except (ValueError, TypeError):
            problem = f"record {record.ordinal} names a payload that belongs nowhere"
            raise BadBundle(self.name, path, problem) from None

    # -- payloads ------------------------------------------------------------------------------

    def _payload(self, digest: bytes, size: int) -> bytes:
        path = layout.payload(digest)
        found = bytearray()
        try:
            with (self.folder / path).open("rb") as file:
                for piece in framing.unpacked(file):
                    found += piece
                    if len(found) > size:
                        raise BadBundle(self.name, path, f"it has more than {size} bytes")
        except OSError as error:
            raise BadBundle(self.name, path, _said(error)) from None
        except Cut as error:
            raise BadBundle(self.name, path, str(error)) from None
        if hashlib.sha256(found).digest() != digest:
            raise BadBundle(self.name, path, "its content is not what its name says")
        return bytes(found)

    def _payload_list(self) -> Iterator[tuple[bytes, int]]:
        path = layout.PAYLOAD_LIST
        member = self._members.get(path)
        if member is None:
            return
        with self._checked(member) as file:
            for line in file:
                digest, _, size = line.decode("ascii", "replace").partition(" ")
                try:
                    yield bytes.fromhex(digest), int(size)
                except ValueError:
                    raise BadBundle(self.name, path, "a line names no payload") from None

    def _rejected(self, line: bytes, path: str) -> Rejected:
        try:
            found: dict[str, Any] = loads(line)
            instance_id, raw = found["instanceId"], found["raw"]
            return Rejected(
                code=_text(found["code"]),
                reason=_text(found["reason"]),
                place=_text(found["place"]),
                kind=_text(found["kind"]),
                instance_id=_text(instance_id) if instance_id is not None else None,
                raw=bytes.fromhex(raw).hex() if raw is not None else None,
                size=int(found["size"]),
            )
        except (ValueError, KeyError, TypeError, OverflowError):
            raise BadBundle(self.name, path, "a line cannot be read") from None


class _Ahead:
    """A stream of records of which one can be looked at before it is taken."""

    def __init__(self, stream: Iterator[tuple[str, hb.Record]]) -> None:
        self._stream = stream
        self._held: hb.Record | None = None
        self.path = ""

    def take(self) -> hb.Record | None:
        """Return the next record, ``None`` at the end."""
        if self._held is not None:
            found, self._held = self._held, None
            return found
        self.path, record = next(self._stream, (self.path, None))
        return record

    def until_head(self) -> Iterator[hb.Record]:
        """Yield the records before the next head."""
        while (record := self.take()) is not None:
            if record.HasField("head"):
                self._held = record
                return
            yield record


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def is_bundle(path: Path) -> bool:
    """Tell whether *path* is a bundle, finished or not, whole or damaged."""
    return path.is_dir() and ((path / layout.MANIFEST).exists() or (path / layout.STARTED).exists())


def _said(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
