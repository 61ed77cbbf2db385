"""The operations that wait for an entity: what is sent again, and what comes by itself; no I/O."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.classic.doctor.rules.messages import POISON
from durahub.edge.wellknown import ticks_of
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import guid_text, is_request_name, request_of
from durahub.errors import BadMessage, Malformed
from durahub.model.history import EventRaised, ExecutionStarted
from durahub.model.ticks import Ticks
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.inflight import message_of
from durahub_migrate.moving.content import Content

LONE_START = "starts without a row"
"""No unit has them: whoever has sent one died before its row was written, or is an entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An operation that nobody waits for; *due* is when it may run, ``None`` at once."""

    request_id: str
    operation: str
    input: str | None = None
    due: Ticks | None = None
    sender: str | None = None  # the instance of the source, if a message tells it


def signals_to(
    entity: hb.EntityRecord, messages: Iterable[hb.InFlight]
) -> tuple[list[Signal], dict[str, int]]:
    """Return the signals in their order, those that wait before those on their way; and what is not sent.

    Calls and lock requests are sent by the orchestrations that wait for them, releases by those that held.
    """
    found: dict[str, Signal] = {}
    left: Counter[str] = Counter()
    for event in entity.backlog:
        signal = _waiting(event)
        if signal is None:
            left["asked again by its caller"] += 1
        else:
            found[guid_text(signal.request_id)] = signal
    for record in messages:
        if record.evidence != hb.InFlight.QUEUE:
            continue
        if record.dequeue_count >= POISON:
            left["poison"] += 1
            continue
        try:
            message = message_of(record).message
        except Malformed:
            left["unreadable"] += 1
            continue
        arriving = message.event
        if not isinstance(arriving, EventRaised) or not is_request_name(arriving.name):
            left["releases and wake-ups"] += 1
            continue
        try:
            request = request_of(arriving.input)
        except BadMessage:
            left["unreadable"] += 1
            continue
        if not request.signal:
            left["asked again by its caller"] += 1
        elif guid_text(request.id) in found:
            left["seen twice"] += 1
        else:
            found[guid_text(request.id)] = Signal(
                request_id=request.id,
                operation=request.operation or "",
                input=request.input,
                due=request.due,
                sender=message.sender.instance_id if message.sender is not None else None,
            )
    return list(found.values()), dict(left)


def strays_of(content: Content) -> tuple[dict[str, list[Signal]], dict[str, int]]:
    """Return the signals that begin entities, by the entity's ID; and what is not sent."""
    to_entities: defaultdict[str, list[hb.InFlight]] = defaultdict(list)
    left: Counter[str] = Counter()
    for record in content.strays():
        if record.evidence != hb.InFlight.QUEUE:
            continue
        if not is_entity(record.instance_id):
            left[LONE_START if _is_lone_start(record) else "for nobody"] += 1
        else:
            to_entities[record.instance_id].append(record)
    found = {}
    for entity_id, records in to_entities.items():
        found[entity_id], others = signals_to(hb.EntityRecord(), records)
        left.update(others)
    return found, dict(left)


def _is_lone_start(record: hb.InFlight) -> bool:
    """Tell whether a message would begin an orchestration that has no row and no parent."""
    try:
        event = message_of(record).message.event
    except Malformed:
        return False
    is_start = isinstance(event, ExecutionStarted) and event.parent is None
    return is_start and record.dequeue_count < POISON


def _waiting(event: pb.HistoryEvent) -> Signal | None:
    if not event.HasField("entityOperationSignaled"):
        return None
    body = event.entityOperationSignaled
    return Signal(
        request_id=body.requestId,
        operation=body.operation,
        input=body.input.value if body.HasField("input") else None,
        due=ticks_of(body, "scheduledTime"),
    )
