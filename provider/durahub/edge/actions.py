"""What a worker answers to an orchestrator work item, as actions.

Only what the wire cannot mean is refused here; what an action does is decided in the engine.
"""

import logging
from collections.abc import Callable
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clients import check_instance_id
from durahub.edge.entity_actions import entity_action
from durahub.edge.failures import failure_from_proto
from durahub.edge.statuses import status_from_proto
from durahub.edge.traces import span_from_proto, trace_from_proto
from durahub.edge.wellknown import filled_text, text_of, ticks_of
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TerminateOther,
    TurnResult,
)
from durahub.errors import BadRequest
from durahub.model.history import TERMINAL, EventRaised, Execution, Status
from durahub.model.ticks import Ticks

log = logging.getLogger(__name__)

_ENDS = TERMINAL | {Status.ContinuedAsNew}


def turn_result(response: pb.OrchestratorResponse, now: Ticks) -> TurnResult:
    """Return the answer; *now* is the time of carried events that bring none.

    Raises `BadRequest` or `BadInstanceId` where the answer means nothing: the worker has a bug.
    """
    span_id, span_start = span_from_proto(response.orchestrationTraceContext)
    processed = response.numEventsProcessed
    return TurnResult(
        actions=tuple(_action(action, now) for action in response.actions),
        custom_status=text_of(response, "customStatus"),
        events_processed=processed.value if response.HasField("numEventsProcessed") else None,
        span_id=span_id,
        span_start=span_start,
    )


def _action(action: pb.OrchestratorAction, now: Ticks) -> Action:
    arm = action.WhichOneof("orchestratorActionType")
    if arm == "completeOrchestration":
        return _complete(action.id, action.completeOrchestration, now)
    if arm in _NOT_YET:
        raise BadRequest(f"the orchestrator action {arm} is not supported: {_NOT_YET[arm]}")
    if arm not in _READERS:
        raise BadRequest(f"action {action.id} is of no known kind")
    return _READERS[arm](action.id, getattr(action, arm))


def _schedule(number: int, action: pb.ScheduleTaskAction) -> ScheduleTask:
    return ScheduleTask(
        id=number,
        name=_required(action.name, "an activity's name"),
        version=text_of(action, "version"),
        input=text_of(action, "input"),
        tags=dict(action.tags) or None,
        trace=trace_from_proto(action.parentTraceContext),
    )


def _timer(number: int, action: pb.CreateTimerAction) -> CreateTimer:
    fire_at = ticks_of(action, "fireAt")
    if fire_at is None:
        raise BadRequest(f"timer {number} has no time")
    return CreateTimer(id=number, fire_at=fire_at)


def _child(number: int, action: pb.CreateSubOrchestrationAction) -> CreateSubOrchestration:
    if action.instanceId:
        check_instance_id(action.instanceId)
    return CreateSubOrchestration(
        id=number,
        name=_required(action.name, "a sub-orchestration's name"),
        instance_id=action.instanceId,
        version=text_of(action, "version"),
        input=text_of(action, "input"),
        tags=dict(action.tags) or None,
        trace=trace_from_proto(action.parentTraceContext),
    )


def _send_event(number: int, action: pb.SendEventAction) -> SendEvent:
    instance_id = _required(action.instance.instanceId, "an event's target")
    return SendEvent(
        id=number,
        target=Execution(instance_id, filled_text(action.instance, "executionId")),
        name=_required(action.name, "an event's name"),
        input=text_of(action, "data"),
    )


def _terminate(number: int, action: pb.TerminateOrchestrationAction) -> TerminateOther:
    return TerminateOther(
        id=number,
        instance_id=_required(action.instanceId, "a termination's target"),
        reason=text_of(action, "reason"),
        recurse=action.recurse,
    )


def _complete(number: int, action: pb.CompleteOrchestrationAction, now: Ticks) -> Complete:
    status = status_from_proto(action.orchestrationStatus)
    if status not in _ENDS:
        raise BadRequest(f"an orchestration cannot complete as {status.name}")
    failed = action.HasField("failureDetails")
    return Complete(
        id=number,
        status=status,
        result=text_of(action, "result"),
        details=text_of(action, "details"),
        failure=failure_from_proto(action.failureDetails) if failed else None,
        new_version=text_of(action, "newVersion"),
        carry_over=tuple(
            _carried(event, now)
            for event in action.carryoverEvents
            if event.HasField("eventRaised") or _drop(event)
        ),
    )


def _carried(event: pb.HistoryEvent, now: Ticks) -> EventRaised:
    sent_at = ticks_of(event, "timestamp")
    return EventRaised(
        timestamp=now if sent_at is None else sent_at,
        name=event.eventRaised.name,
        input=text_of(event.eventRaised, "input"),
    )


def _drop(event: pb.HistoryEvent) -> bool:
    """Note that *event* is not carried over: external events alone are."""
    log.warning("carried-event-dropped", extra={"kind": event.WhichOneof("eventType")})
    return False


def _required(text: str, what: str) -> str:
    if not text:
        raise BadRequest(f"{what} is empty")
    return text


_READERS: dict[str, Callable[[int, Any], Action]] = {
    "scheduleTask": _schedule,
    "createTimer": _timer,
    "createSubOrchestration": _child,
    "sendEvent": _send_event,
    "sendEntityMessage": entity_action,
    "terminateOrchestration": _terminate,
}
"""For each arm that stands for one action the function that reads it."""

_NOT_YET = {
    "rewindOrchestration": "this server rewrites histories itself and asks no worker to",
}
"""Arms that are known but not served."""
