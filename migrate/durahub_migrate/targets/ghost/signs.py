"""What an event is in a history, whoever has written it: two histories are compared by these.

A sign tells an action by its kind and number, an answer by the action that it answers, an event from outside
by its name and content. Times, inputs of actions and results are no part of it.
"""

from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.engine.entities.messages import guid_of, guid_text
from durahub.model.ticks import Ticks, from_unix


@dataclass(frozen=True, slots=True)
class Sign:
    """*kind* is ``task``, ``child``, ``timer`` or ``entity``, asked or answered; ``sent``; or an input's.

    *key* is a number, a GUID, or for an event from outside its name, folded, and its content.
    """

    kind: str
    key: int | str | tuple[str, str]
    is_input: bool


def sign_of(event: pb.HistoryEvent) -> Sign | None:
    """Return the sign of *event*, ``None`` for the bookkeeping of episodes and for ends."""
    arm = event.WhichOneof("eventType") or ""
    if arm in _ASKED:
        return Sign(_ASKED[arm], event.eventId, is_input=False)
    body = getattr(event, arm) if arm else None
    match body:
        case (
            pb.TaskCompletedEvent(taskScheduledId=number)
            | pb.TaskFailedEvent(taskScheduledId=number)
        ):
            return Sign("task", number, is_input=True)
        case (
            pb.SubOrchestrationInstanceCompletedEvent(taskScheduledId=number)
            | pb.SubOrchestrationInstanceFailedEvent(taskScheduledId=number)
        ):
            return Sign("child", number, is_input=True)
        case pb.TimerFiredEvent(timerId=number):
            return Sign("timer", number, is_input=True)
        case (
            pb.EntityOperationCompletedEvent(requestId=request)
            | pb.EntityOperationFailedEvent(requestId=request)
            | pb.EntityLockGrantedEvent(criticalSectionId=request)
        ):
            return Sign("entity", guid_text(request), is_input=True)
        case pb.EventRaisedEvent(name=name, input=content):
            return Sign("event", (name.casefold(), content.value), is_input=True)
        case _ if arm in _TOLD:
            return Sign(_TOLD[arm], "", is_input=True)
        case _:
            return None


def is_same(recorded: Sign, found: Sign) -> bool:
    """Tell whether *found*, an input at the target, is the *recorded* one.

    An endpoint may show an entity's answer in DTFx's form, as an event that is named by the request.
    """
    if recorded == found:
        return True
    if recorded.kind == "entity" and found.kind == "event" and isinstance(found.key, tuple):
        return guid_of(found.key[0]) == recorded.key
    return False


def request_of(event: pb.HistoryEvent) -> str | None:
    """Return the GUID of the entity's answer that an action waits for, ``None`` if of none."""
    match event.WhichOneof("eventType"):
        case "entityOperationCalled":
            return guid_text(event.entityOperationCalled.requestId)
        case "entityLockRequested":
            return guid_text(event.entityLockRequested.criticalSectionId)
        case _:
            return None


def named_in(event: pb.HistoryEvent) -> str | None:
    """Return the GUID of a message to an entity: of the request, or of the critical section."""
    match event.WhichOneof("eventType"):
        case "entityOperationSignaled":
            return guid_text(event.entityOperationSignaled.requestId)
        case "entityUnlockSent":
            return guid_text(event.entityUnlockSent.criticalSectionId)
        case _:
            return request_of(event)


def clock_of(event: pb.HistoryEvent) -> Ticks:
    """Return the time of *event*."""
    return from_unix(event.timestamp.seconds, event.timestamp.nanos)


_ASKED = {
    "taskScheduled": "task",
    "subOrchestrationInstanceCreated": "child",
    "timerCreated": "timer",
    "eventSent": "sent",
    "entityOperationCalled": "sent",
    "entityOperationSignaled": "sent",
    "entityLockRequested": "sent",
    "entityUnlockSent": "sent",
}

_TOLD = {
    "executionStarted": "started",
    "executionSuspended": "suspended",
    "executionResumed": "resumed",
    "executionTerminated": "terminated",
}
