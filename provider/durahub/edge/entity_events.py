"""An orchestration's messages to entities and their answers, in the protocol's own events.

A hub holds them as DTFx does: ``EventSent`` with a JSON text, and ``EventRaised`` named by the request's
GUID. What an answer means depends on its request, so a history is read from its beginning.
"""

import uuid
from collections.abc import Iterable

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.failures import failure_to_proto
from durahub.edge.wellknown import optional_timestamp, string_value, timestamp
from durahub.engine.entities.calls import (
    EntityCall,
    EntityCallDone,
    EntityCallFailed,
    EntityLockGranted,
    EntityLockRequest,
    EntitySignal,
    EntityUnlock,
    NativeEvent,
    native_events,
)
from durahub.model.history import Event, EventRaised, EventSent


class EntityEvents:
    """The requests to entities that a history has shown so far."""

    def __init__(self) -> None:
        self._requests: dict[uuid.UUID, EventSent] = {}

    @classmethod
    def of(cls, events: Iterable[Event]) -> "EntityEvents":
        """Return what *events*, a whole history, tell."""
        found = cls()
        for event in events:
            found.add(event)
        return found

    def copy(self) -> "EntityEvents":
        """Return another that knows as much."""
        other = EntityEvents()
        other._requests = dict(self._requests)
        return other

    def add(self, event: Event) -> None:
        """Note *event*, if it is a request."""
        if not isinstance(event, EventSent):
            return
        match native_events([event])[0]:
            case EntityCall(request_id=number) | EntityLockRequest(critical_section_id=number):
                key = _guid(number)
                if key is not None:
                    self._requests[key] = event
            case _:
                pass

    def to_proto(self, event: Event) -> pb.HistoryEvent | None:
        """Return *event* in the protocol's terms, ``None`` if it has nothing to do with entities."""
        native = self._native(event)
        if native is None:
            return None
        message = pb.HistoryEvent(eventId=event.event_id, timestamp=timestamp(event.timestamp))
        _fill(message, native)
        return message

    def _native(self, event: Event) -> NativeEvent | None:
        match event:
            case EventSent():
                return native_events([event])[0]
            case EventRaised(name=name):
                key = _guid(name or "")
                request = self._requests.get(key) if key is not None else None
                return None if request is None else native_events([request, event])[1]
            case _:
                return None


def _guid(text: str) -> uuid.UUID | None:
    """Return the GUID that *text* is; spellings of one GUID are the same."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _fill(message: pb.HistoryEvent, native: NativeEvent) -> None:
    match native:
        case EntityCall():
            message.entityOperationCalled.CopyFrom(
                pb.EntityOperationCalledEvent(
                    requestId=native.request_id,
                    operation=native.operation,
                    scheduledTime=optional_timestamp(native.scheduled),
                    input=string_value(native.input),
                    parentInstanceId=string_value(native.parent_instance_id),
                    parentExecutionId=string_value(native.parent_execution_id),
                    targetInstanceId=string_value(native.target),
                )
            )
        case EntitySignal():
            message.entityOperationSignaled.CopyFrom(
                pb.EntityOperationSignaledEvent(
                    requestId=native.request_id,
                    operation=native.operation,
                    scheduledTime=optional_timestamp(native.scheduled),
                    input=string_value(native.input),
                    targetInstanceId=string_value(native.target),
                )
            )
        case EntityLockRequest():
            message.entityLockRequested.CopyFrom(
                pb.EntityLockRequestedEvent(
                    criticalSectionId=native.critical_section_id,
                    lockSet=native.lock_set,
                    position=native.position,
                    parentInstanceId=string_value(native.parent_instance_id),
                )
            )
        case EntityUnlock():
            message.entityUnlockSent.CopyFrom(
                pb.EntityUnlockSentEvent(
                    criticalSectionId=native.critical_section_id,
                    parentInstanceId=string_value(native.parent_instance_id),
                    targetInstanceId=string_value(native.target),
                )
            )
        case EntityCallDone():
            message.entityOperationCompleted.CopyFrom(
                pb.EntityOperationCompletedEvent(
                    requestId=native.request_id, output=string_value(native.output)
                )
            )
        case EntityCallFailed():
            message.entityOperationFailed.CopyFrom(
                pb.EntityOperationFailedEvent(
                    requestId=native.request_id, failureDetails=failure_to_proto(native.failure)
                )
            )
        case EntityLockGranted():
            message.entityLockGranted.CopyFrom(
                pb.EntityLockGrantedEvent(criticalSectionId=native.critical_section_id)
            )
