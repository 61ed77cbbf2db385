"""The protocol's events as a hub keeps them.

A history that comes through the protocol may tell of entities in the protocol's own events. A hub, and so a
bundle, has them as DTFx writes them: ``EventSent`` with a JSON text, and ``EventRaised`` named by the GUID of
the request that it answers. The labels by which an entity sorts requests are not told: they are made from
the times of the episodes, as the sender makes them. A request that is sent again without one would be taken
for one that has come before.

Source: orchestration semantics 5.3 and 5.9; the other way is `durahub.edge.entity_events`.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.failures import failure_from_proto
from durahub.edge.wellknown import filled_text, text_of, ticks_of
from durahub.engine.entities.messages import (
    LOCK_GRANTED,
    RELEASE,
    REQUEST,
    Release,
    Request,
    Response,
    delayed_name,
    guid_text,
    release_text,
    request_text,
    response_text,
)
from durahub.engine.entities.sorter import REORDER_WINDOW, Labels
from durahub.errors import BadRequest, BadRow
from durahub.model import history as h
from durahub.model.failure import Failure
from durahub.model.ticks import Ticks
from durahub.scheduler import event_proto


def events_of(
    history: Iterable[pb.HistoryEvent], sender: h.Execution, location: str
) -> tuple[h.Event, ...]:
    """Return the events of a history of *sender*. Raises `BadRow`, naming *location*."""
    reading = _Reading(sender, location)
    return tuple(map(reading.event, history))


class _Reading:
    """One history on its way, in order."""

    def __init__(self, sender: h.Execution, location: str) -> None:
        self._sender = sender
        self._location = location
        self._labels = Labels()
        self._clock = Ticks(0)  # of the episode

    def event(self, message: pb.HistoryEvent) -> h.Event:
        """Return the next event."""
        try:
            arm = message.WhichOneof("eventType")
            if arm in _ENTITY_EVENTS:
                return self._entity_event(message, str(arm))
            event = _with_properties(event_proto.read(message, {}, self._location), message)
        except (BadRequest, ValueError) as error:
            reason = error.sentence if isinstance(error, BadRequest) else "a time is out of range"
            problem = f"an event of its history cannot be read: {reason}"
            raise BadRow(self._location, problem) from None
        if isinstance(event, h.OrchestratorStarted):
            self._clock = event.timestamp
        return event

    def _entity_event(self, message: pb.HistoryEvent, arm: str) -> h.Event:
        sender = self._sender
        body = getattr(message, arm)
        at = ticks_of(message, "timestamp") or Ticks(0)
        match arm:
            case "entityOperationCalled" | "entityOperationSignaled":
                request = _operation(body, arm == "entityOperationSignaled", sender)
                return self._request(message, at, body.targetInstanceId.value, request)
            case "entityLockRequested":
                locks = tuple(body.lockSet)
                if not 0 <= body.position < len(locks):
                    raise BadRequest(f"lock {body.position} of a set of {len(locks)}")
                request = Request(
                    id=guid_text(body.criticalSectionId),
                    operation=None,
                    parent=filled_text(body, "parentInstanceId") or sender.instance_id,
                    parent_execution=sender.execution_id,
                    lock_set=locks,
                    position=body.position,
                )
                return self._request(message, at, locks[body.position], request)
            case "entityUnlockSent":
                parent = filled_text(body, "parentInstanceId") or sender.instance_id
                release = release_text(Release(parent, guid_text(body.criticalSectionId)))
                return _sent(message, at, body.targetInstanceId.value, RELEASE, release)
            case "entityLockGranted":
                response = Response(result=LOCK_GRANTED)
                return _raised(message, at, body.criticalSectionId, response)
            case "entityOperationCompleted":
                return _raised(
                    message, at, body.requestId, Response(result=text_of(body, "output"))
                )
            case _:
                failure = failure_from_proto(body.failureDetails)
                failed = Response(result=failure.message, error=failure.error_type, failure=failure)
                return _raised(message, at, body.requestId, failed)

    def _request(
        self, message: pb.HistoryEvent, at: Ticks, target: str, request: Request
    ) -> h.EventSent:
        clock = self._clock or at
        if request.due is not None:
            return _sent(
                message, at, target, delayed_name(request.due, clock), request_text(request)
            )
        labelled = self._labels.label(request, target, clock, REORDER_WINDOW)
        return _sent(message, at, target, REQUEST, request_text(labelled))


def _with_properties(event: h.Event, message: pb.HistoryEvent) -> h.Event:
    """Return *event*, its failure with the properties that a store keeps beside it."""
    match event:
        case h.ExecutionCompleted(failure=Failure()):
            details = message.executionCompleted.failureDetails
        case h.TaskFailed(failure=Failure()):
            details = message.taskFailed.failureDetails
        case h.SubOrchestrationInstanceFailed(failure=Failure()):
            details = message.subOrchestrationInstanceFailed.failureDetails
        case _:
            return event
    return replace(event, failure=failure_from_proto(details))


_ENTITY_EVENTS = frozenset(
    {
        "entityOperationCalled",
        "entityOperationSignaled",
        "entityLockRequested",
        "entityUnlockSent",
        "entityOperationCompleted",
        "entityOperationFailed",
        "entityLockGranted",
    }
)


def _operation(body: Any, is_signal: bool, sender: h.Execution) -> Request:
    parent, execution = sender.instance_id, sender.execution_id
    if not is_signal:
        parent = filled_text(body, "parentInstanceId") or parent
        execution = filled_text(body, "parentExecutionId") or execution
    return Request(
        id=guid_text(body.requestId),
        operation=body.operation,
        signal=is_signal,
        input=text_of(body, "input"),
        parent=parent,
        parent_execution=execution,
        due=ticks_of(body, "scheduledTime"),
    )


def _sent(message: pb.HistoryEvent, at: Ticks, target: str, name: str, text: str) -> h.EventSent:
    return h.EventSent(
        event_id=message.eventId, timestamp=at, instance_id=target, name=name, input=text
    )


def _raised(
    message: pb.HistoryEvent, at: Ticks, request_id: str, response: Response
) -> h.EventRaised:
    return h.EventRaised(
        event_id=message.eventId,
        timestamp=at,
        name=guid_text(request_id),
        input=response_text(response),
    )
