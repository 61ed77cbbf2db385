"""Instances as records, and back; nothing is lost but whether an event was replayed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.engine import state as states
from durahub.engine.entities.calls import calls_sent
from durahub.errors import BadRow
from durahub.model.history import (
    ActionEvent,
    Event,
    Execution,
    ExecutionStarted,
    Status,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import Ticks, to_unix
from durahub.scheduler import event_proto
from durahub.scheduler.proto_fields import write_text
from durahub.stored import StoredEvent, StoredInstance
from durahub_migrate.bundle import canonical, payloads
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.fields import STATE_FIELDS, extras_of, values_of
from durahub_migrate.bundle.semantics import semantic_digest

PART = 1_048_576
"""Bytes of events, about, at which a part ends."""

LACKS = "lacks"
"""The extra of an event that names the members which its writer did not know."""

BESIDE = "beside"
"""The extra of what else rows tell, of an event or of an instance: names of blobs, sizes."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Of one instance: of everything, and of what two runs of it have in common."""

    exact: bytes
    semantic: bytes


# -- writing -------------------------------------------------------------------------------------


def head_of(instance: StoredInstance, place: str) -> hb.InstanceHead:
    """Return the head of *instance*, which was read at *place*; its root is not told yet."""
    head = hb.InstanceHead(numbering_base=_numbering(instance))
    write_text(head.source, "place", place)
    state = head.state
    beyond: dict[str, Any] = {}
    for name, field in STATE_FIELDS.items():
        found = getattr(instance, name)
        if not field.put(state, found):
            beyond[name] = field.to_json(found)
    status = Status.__members__.get(instance.status)
    if status is None:
        beyond["status"] = instance.status
    else:
        state.orchestrationStatus = int(status)  # type: ignore[assignment]
    started = started_of(instance)
    if started is not None:
        write_text(head, "execution_id", started.execution.execution_id or "")
        if started.parent is not None:
            write_text(state.parentInstanceId, "value", started.parent.execution.instance_id)
    if instance.beside:
        beyond[BESIDE] = dict(instance.beside)
    head.extras.update(extras_of(beyond))
    return head


def parts_of(history: Iterable[StoredEvent]) -> Iterator[hb.HistoryPart]:
    """Yield the events of *history*, in parts."""
    part, size, seq = hb.HistoryPart(), 0, 0
    for stored in history:
        event = part.events.add()
        extras = event_extras(event, stored)
        if extras:
            one = part.extras.add(index=len(part.events) - 1)
            one.values.update(extras)
        size += event.ByteSize()
        if size >= PART:
            yield part
            seq += 1
            part, size = hb.HistoryPart(seq=seq), 0
    if part.events:
        yield part


def event_extras(message: pb.HistoryEvent, stored: StoredEvent) -> dict[str, str]:
    """Write an event into *message*; return its extras. Whether it was replayed is not kept."""
    beyond = event_proto.fill(message, stored.event)
    beyond.pop("is_played", None)
    if stored.lacks:
        beyond[LACKS] = sorted(stored.lacks)
    if stored.beside:
        beyond[BESIDE] = dict(stored.beside)
    return extras_of(beyond)


def digests_of(
    instance: StoredInstance, head: hb.InstanceHead, parts: Sequence[hb.HistoryPart]
) -> Digests:
    """Return the digests; *head* and *parts* are those of *instance*, large texts still in them."""
    return Digests(exact_digest(head, parts), semantic_digest(instance))


def exact_digest(head: hb.InstanceHead, parts: Iterable[hb.HistoryPart]) -> bytes:
    """Return the SHA-256 of state and events with their extras, each in its canonical form.

    What tells of its source alone, and not of the instance, is left out.
    """
    pieces = [canonical.message(head.state), canonical.value(_counting(head.extras))]
    for part in parts:
        extras = {one.index: _counting(one.values) for one in part.extras}
        for index, event in enumerate(part.events):
            found = extras.get(index)
            pieces += (canonical.message(event), canonical.value(found) if found else _NO_EXTRAS)
    return canonical.digest(pieces)


_NO_EXTRAS = canonical.value({})


def _counting(extras: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in extras.items() if name not in (BESIDE, LACKS)}


def tail_of(instance: StoredInstance, digests: Digests) -> hb.InstanceTail:
    """Return what ends *instance*."""
    tail = hb.InstanceTail(
        event_count=len(instance.history),
        sha256_exact=digests.exact,
        sha256_semantic=digests.semantic,
    )
    _fill_open(tail.open, [stored.event for stored in instance.history])
    started = started_of(instance)
    if started is not None and started.execution.execution_id != instance.execution_id:
        tail.notes.add(code="other-execution", text="row and history are of different executions")
    return tail


def move_out(record: hb.Record, keep: payloads.Keep) -> None:
    """Take large texts out of a record, whichever it is."""
    match record.WhichOneof("kind"):
        case "head":
            head = record.head
            payloads.move_out(head.state, head.extras, head.payloads, keep)
        case "part":
            _move_out_of_part(record.part, keep)
        case "entity":
            payloads.move_out(record.entity, None, record.entity.payloads, keep)
        case "inflight":
            one = record.inflight
            payloads.move_out(one.event, one.extras, one.payloads, keep)


def _move_out_of_part(part: hb.HistoryPart, keep: payloads.Keep) -> None:
    if part.ByteSize() < canonical.LARGE:
        return
    known = {one.index: one for one in part.extras}
    found: list[hb.EventExtras] = []
    for index, event in enumerate(part.events):
        extras = known.get(index) or hb.EventExtras(index=index)
        payloads.move_out(event, extras.values, extras.payloads, keep)
        if extras.values or extras.payloads:
            found.append(extras)
    kept = [hb.EventExtras.FromString(one.SerializeToString()) for one in found]
    del part.extras[:]
    part.extras.extend(kept)


def started_of(instance: StoredInstance) -> ExecutionStarted | None:
    """Return the event that started the execution of the history."""
    events = (stored.event for stored in instance.history)
    return next((event for event in events if isinstance(event, ExecutionStarted)), None)


def start_of_row(instance: StoredInstance) -> ExecutionStarted:
    """Return the event that starts a pending instance, as its row tells it."""
    return ExecutionStarted(
        timestamp=instance.created or Ticks(0),
        execution=Execution(instance.instance_id, instance.execution_id),
        name=instance.name,
        version=instance.version,
        input=instance.input,
        tags=instance.tags,
        scheduled_start=instance.scheduled_start,
        generation=instance.generation,
    )


def _numbering(instance: StoredInstance) -> int:
    """Return the first number of an action, 0 or 1; -1 where nothing tells it."""
    numbers = [
        stored.event.event_id
        for stored in instance.history
        if isinstance(stored.event, ActionEvent)
    ]
    if not numbers:
        return -1
    return 0 if min(numbers) <= 0 else 1


def _fill_open(work: hb.OpenWork, events: Sequence[Event]) -> None:
    found = states.read(events)
    if not found.is_live:
        return
    for event in events:
        question = states.question_of(event)
        if question is None or question in found.answers:
            continue
        match event:
            case TaskScheduled():
                work.activities.append(event.event_id)
            case TimerCreated():
                timer = work.timers.add(id=event.event_id)
                timer.fire_at.seconds, timer.fire_at.nanos = to_unix(event.fire_at)
            case SubOrchestrationInstanceCreated():
                child = work.children.add(id=event.event_id)
                write_text(child, "instance_id", event.instance_id or "")
    asked = dict.fromkeys(calls_sent(events))
    work.entity_requests.extend(sorted(one for one in asked if one not in found.raised))


def set_root(head: hb.InstanceHead, root: str, depth: int) -> None:
    """Tell the tree that an instance belongs to."""
    write_text(head, "root_instance_id", root)
    head.depth = depth


# -- reading -------------------------------------------------------------------------------------


def put_back(record: hb.Record, fetch: payloads.Fetch) -> None:
    """Undo `move_out`. Raises `ValueError`, `TypeError` where a record is not what `move_out` left."""
    match record.WhichOneof("kind"):
        case "head":
            head = record.head
            payloads.put_back(head.state, head.extras, head.payloads, fetch)
        case "part":
            for one in record.part.extras:
                if one.index >= len(record.part.events):
                    raise ValueError("extras of an event that the part does not have")
                payloads.put_back(record.part.events[one.index], one.values, one.payloads, fetch)
        case "entity":
            payloads.put_back(record.entity, None, record.entity.payloads, fetch)
        case "inflight":
            flight = record.inflight
            payloads.put_back(flight.event, flight.extras, flight.payloads, fetch)


_PLAIN = frozenset({"status", BESIDE})


def instance_of(head: hb.InstanceHead) -> StoredInstance:
    """Return the instance without its history. Raises `BadRow`."""
    location = f"instance {head.state.instanceId!r}"
    state = head.state
    try:
        values = {name: field.get(state) for name, field in STATE_FIELDS.items()}
        values["status"] = Status(state.orchestrationStatus).name
        for name, found in values_of(head.extras).items():
            values[name] = found if name in _PLAIN else STATE_FIELDS[name].from_json(found)
        return StoredInstance(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise BadRow(location, f"it cannot be read: {type(error).__name__}") from None


def events_of(part: hb.HistoryPart, location: str) -> Iterator[StoredEvent]:
    """Yield the events of a part. Raises `BadRow`."""
    extras = {one.index: one.values for one in part.extras}
    for index, message in enumerate(part.events):
        yield event_of(message, extras.get(index, {}), location)


def event_of(message: pb.HistoryEvent, extras: Any, location: str) -> StoredEvent:
    """Return the event in *message*. Raises `BadRow`."""
    try:
        found = values_of(extras)
    except ValueError:
        raise BadRow(location, "an extra of its event is not JSON") from None
    lacks, beside = frozenset(found.pop(LACKS, ())), found.pop(BESIDE, {})
    return StoredEvent(event_proto.read(message, found, location), lacks, beside)
