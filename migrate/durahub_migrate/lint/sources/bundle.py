"""A hub bundle as a source of facts: the same facts as those of the hub that it was exported from.

A large text is read, measured and let go; of an instance memory holds what rules may look at.
A file of the bundle that is not as it was written ends the reading: nothing behind it can be relied on.
"""

import contextlib
import re
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from durahub.engine import state as states
from durahub.errors import BadRequest, Malformed
from durahub.model.history import Event, ExecutionStarted
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import inflight
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.manifest import SourceHub
from durahub_migrate.bundle.reader import BundledInstance, BundleReader, Position, Rejected
from durahub_migrate.lint.facts.entity_reading import entity_of
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts, Problem
from durahub_migrate.lint.facts.measuring import (
    asked_name,
    event_payloads,
    message_payloads,
    names_entity,
    row_payloads,
)
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.sources.large_texts import without_large_texts
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Read

HEAD = 200  # characters that are shown of what could not be read
_REJECTED = "rejected"
_OF_MESSAGES = re.compile(
    r"(queue|table) (\S+) message (.+)"
)  # places: a queue, or a table of a file
_MESSAGES, _REJECTS, _INSTANCES = "messages", "rejects", "instances"
_PHASES = (_MESSAGES, _REJECTS, _INSTANCES)


class BundleSource:
    """Reads the bundle at *path*, a folder or a tar; it is looked at when it is read."""

    def __init__(self, address: str, path: Path, options: ReadingOptions) -> None:
        self.address = address
        self._path = path
        self._folder: Path | None = None
        self._options = options
        self.rows = 0
        self.requests = 0

    @property
    def provides(self) -> frozenset[Need]:
        """What a bundle has: neither leases nor the container of blobs, but it stands still."""
        return frozenset({Need.HUB, Need.INSTANCES, Need.HISTORY, Need.QUEUES, Need.SNAPSHOT})

    @property
    def identity(self) -> str:
        """The address, which bundle is there now, and which share of it is read."""
        try:
            bundle = self._reader().manifest.bundle_id
        except Malformed:
            bundle = ""  # whoever reads the facts meets it
        return f"{self.address} {bundle} {self._options.identity}"

    async def count(self) -> int | None:
        """Return how many instances and messages there are; ``None`` if the manifest cannot be read."""
        try:
            counts = self._reader().manifest.counts
        except Malformed:
            return None  # whoever reads the facts meets it, too
        held = sum(counts.instances.values()) + sum(counts.entities.values())
        return held + counts.inflight.get("queue", 0) + sum(counts.rejects.values())

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        """Yield the facts: messages, what was rejected, instances by trees.

        Raises `BadBundle`, `UnfinishedBundle`, `NewerBundle`.
        """
        phase, behind = parse(after) if after is not None else (_MESSAGES, -1)
        reader = self._reader()
        yield Read(self._hub(reader))
        for one in _PHASES[_PHASES.index(phase) :]:
            found = self._of_phase(reader, one, behind if one == phase else -1)
            for fact, number in found:
                yield Read(fact, f"{one}:{number}")

    def _reader(self) -> BundleReader:
        """Open the bundle; a tar is unpacked once, into a folder that is there as long as the source is."""
        if self._folder is None:
            scratch = contextlib.ExitStack()
            self._folder = scratch.enter_context(opened_bundle(self._path))
            weakref.finalize(self, scratch.close)
        return BundleReader(self._folder)

    def _of_phase(self, reader: BundleReader, phase: str, behind: int) -> Iterator[tuple[Any, int]]:
        if phase == _REJECTS:
            for number, rejected in enumerate(reader.rejects()):
                if number > behind:
                    yield self._rejected(reader, rejected), number
            return
        position = Position(behind) if behind >= 0 else None
        if phase == _MESSAGES:
            for place, record in reader.messages(position):
                if record.evidence == inflight.QUEUE:
                    self.rows += 1
                    yield self._message(record), place.ordinal
            return
        for instance in reader.instances(position):
            fact = self._instance(instance)
            self.rows += 1 + len(fact.history)
            yield fact, instance.position.ordinal

    def _hub(self, reader: BundleReader) -> HubFacts:
        manifest = reader.manifest
        source: SourceHub = manifest.source
        return HubFacts(
            place=Place(source=self.address, kind=PlaceKind.HUB),
            name=source.hub,
            kind=HubKind.BUNDLE,
            now=manifest.ended,
            partitions=source.partitions,
            task_hub_json=source.task_hub_json,
            parts=source.parts,
            queues=source.queues,
            frozen=manifest.frozen,
            since=manifest.started if source.kind == "classic" else None,  # a file is of one moment
            apps=source.apps,
            is_of_functions=source.is_of_functions,
            told_messages=manifest.counts.inflight.get("queue", 0),
        )

    # -- messages ------------------------------------------------------------------------------

    def _message(self, record: hb.InFlight) -> MessageFacts:
        key = f"{record.queue}/{record.message_id}"
        place = Place(source=self.address, kind=PlaceKind.MESSAGE, key=key)
        try:
            found = inflight.message_of(record)
        except Malformed as error:
            return MessageFacts(place=place, queue=record.queue, problem=error.sentence)
        message = found.message
        target = message.target.instance_id
        return MessageFacts(
            place=place,
            queue=found.queue,
            deliveries=found.deliveries,
            event=without_large_texts(message.event),
            target=target,
            execution_id=message.target.execution_id,
            visible_at=found.due,
            payloads=tuple(
                replace(one, blob=found.blob) for one in message_payloads(message.event, target)
            ),
            blob=found.blob,
            is_plain=found.raw.startswith(b"{") if found.raw else None,
        )

    def _rejected(self, reader: BundleReader, rejected: Rejected) -> MessageFacts | InstanceFacts:
        if rejected.kind == "message":
            found = _OF_MESSAGES.fullmatch(rejected.place)
            kind, queue, message_id = found.groups() if found else ("", "", rejected.place)
            raw = reader.raw(rejected.raw) if rejected.raw is not None else b""
            key = f"{queue}/{message_id}"
            return MessageFacts(
                place=Place(source=self.address, kind=PlaceKind.MESSAGE, key=key),
                queue=queue,
                problem=rejected.reason,
                head=raw[: HEAD * 4].decode("utf-8", "replace")[:HEAD],
                is_plain=raw.startswith(b"{") if raw and kind == "queue" else None,
            )
        instance_id = rejected.instance_id or rejected.place
        return InstanceFacts(
            place=self._place(instance_id),
            instance_id=instance_id,
            row=None,
            history_is_read=False,
            problems=(Problem(_REJECTED, f"{rejected.place}: {rejected.reason}"),),
        )

    # -- instances -----------------------------------------------------------------------------

    def _instance(self, instance: BundledInstance) -> InstanceFacts:
        row = instance.row
        instance_id = row.instance_id
        history_is_read = self._options.takes(instance_id)
        one = _History(instance_id)
        if history_is_read:
            one.read(instance)
        else:
            instance.pass_over()
        blobs = {**row.beside.get("blobs", {})}
        payloads = [*one.payloads, *_with_blobs(row_payloads(row, one.events), blobs)]
        is_entity = names_entity(instance_id)
        return InstanceFacts(
            place=self._place(instance_id),
            instance_id=instance_id,
            row=without_large_texts(row),
            history=tuple(one.events),
            history_is_read=history_is_read,
            state=states.read(one.events),
            payloads=tuple(payloads),
            entity=_entity(instance_id, one, row.input) if is_entity else None,
            stored_bytes=int(row.beside.get("bytes", 0)),
            blobs=tuple(dict.fromkeys((*blobs.values(), *one.blobs))),
        )

    def _place(self, instance_id: str) -> Place:
        kind = PlaceKind.ENTITY if names_entity(instance_id) else PlaceKind.INSTANCE
        return Place(source=self.address, kind=kind, key=instance_id)


class _History:
    """The history of one instance, event by event."""

    def __init__(self, instance_id: str) -> None:
        self._of_entity = names_entity(instance_id)
        self.events: list[Event] = []
        self.payloads: list[Payload] = []
        self.blobs: list[str] = []
        self.scheduler_state: str | None = None

    def read(self, instance: BundledInstance) -> None:
        """Read and measure it."""
        names: dict[int, str] = {}
        for index, stored in enumerate(instance.events()):
            event = stored.event
            blobs: Mapping[str, str] = stored.beside.get("blobs", {})
            asked = asked_name(event)
            if asked is not None:
                names[asked[0]] = asked[1]
            self.payloads += event_payloads(
                index, event, blobs, names=names, of_entity=self._of_entity
            )
            self.blobs += blobs.values()
            if self.scheduler_state is None and isinstance(event, ExecutionStarted):
                self.scheduler_state = event.input
            self.events.append(without_large_texts(event))


def _entity(instance_id: str, history: _History, of_row: str | None) -> EntityFacts:
    return entity_of(instance_id, history.scheduler_state if history.events else of_row)


def _with_blobs(payloads: Iterator[Payload], blobs: Mapping[str, str]) -> Iterator[Payload]:
    """Yield what a row carries, with the blob that each stood in."""
    for one in payloads:
        named = blobs.get(one.where.split(", ")[1]) if ", " in one.where else None
        yield one if named is None else replace(one, blob=named)


def parse(text: str) -> tuple[str, int]:
    """Return phase and number of a position. Raises `BadRequest`."""
    phase, _, number = text.partition(":")
    if phase not in _PHASES or not number.isdigit():
        raise BadRequest(f"not a position of a bundle: {text[:60]!r}")
    return phase, int(number)
