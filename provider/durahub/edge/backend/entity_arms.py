"""The protocol's own events about entities, where a worker writes them into a history.

What an orchestrator sends to an entity becomes an action: the hub knows how it is stored. Answers, and
what entities send, are written out here as DTFx writes them.
"""

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.entity_actions import entity_action
from durahub.edge.failures import failure_from_proto
from durahub.edge.wellknown import text_of, ticks_of
from durahub.engine.actions import Action
from durahub.engine.entities.messages import (
    LOCK_GRANTED,
    REQUEST,
    Request,
    Response,
    delayed_name,
    guid_text,
    request_text,
    response_text,
)
from durahub.errors import BadRequest
from durahub.model.history import EventRaised
from durahub.model.ticks import Ticks

REQUESTS = frozenset(
    {
        "entityOperationCalled",
        "entityOperationSignaled",
        "entityLockRequested",
        "entityUnlockSent",
    }
)
ANSWERS = frozenset({"entityOperationCompleted", "entityOperationFailed", "entityLockGranted"})


def request_of(event: pb.HistoryEvent) -> Action:
    """Return what *event* sends to an entity. Raises `BadRequest` where it means nothing."""
    arm = event.WhichOneof("eventType") or ""
    return entity_action(event.eventId, pb.SendEntityMessageAction(**{arm: getattr(event, arm)}))


def request_key(event: pb.HistoryEvent) -> tuple[str, str]:
    """Return what tells a request from the others of its turn."""
    arm = event.WhichOneof("eventType") or ""
    body = getattr(event, arm)
    if arm in ("entityLockRequested", "entityUnlockSent"):
        target = body.targetInstanceId.value if arm == "entityUnlockSent" else ""
        return f"{arm} {target}", body.criticalSectionId.lower()
    return arm, body.requestId.lower()


def answer_of(event: pb.HistoryEvent, now: Ticks) -> EventRaised:
    """Return the external event that brings an entity's answer to its caller."""
    arm = event.WhichOneof("eventType") or ""
    body = getattr(event, arm)
    sent = ticks_of(event, "timestamp")
    match arm:
        case "entityLockGranted":
            name, response = body.criticalSectionId, Response(result=LOCK_GRANTED)
        case "entityOperationFailed":
            failure = failure_from_proto(body.failureDetails)
            name = body.requestId
            response = Response(result=failure.message, error=failure.error_type, failure=failure)
        case _:
            name, response = body.requestId, Response(result=text_of(body, "output"))
    return EventRaised(
        timestamp=now if sent is None else sent,
        name=guid_text(name),
        input=response_text(response),
    )


def signal_of(event: pb.HistoryEvent, entity_id: str, now: Ticks) -> EventRaised:
    """Return a signal that the entity *entity_id* sends to another, as it is stored."""
    signal = event.entityOperationSignaled
    if not signal.requestId or not signal.operation:
        raise BadRequest("a signal needs an operation and a request ID")
    due = ticks_of(signal, "scheduledTime")
    request = Request(
        id=signal.requestId,
        operation=signal.operation,
        signal=True,
        input=text_of(signal, "input"),
        parent=entity_id,
        due=due,
    )
    name = REQUEST if due is None else delayed_name(due, now)
    return EventRaised(timestamp=now, name=name, input=request_text(request))
