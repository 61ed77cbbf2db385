"""Events as a worker writes them: from the protocol's ``HistoryEvent`` to the hub's.

What arrives at an instance and what marks its episodes has the event ID −1, whatever a worker says; the
numbers of actions are the worker's own. A time that is missing is that of the completion.
"""

from collections.abc import Callable, Iterable
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.failures import failure_from_proto
from durahub.edge.statuses import status_from_proto
from durahub.edge.traces import trace_from_proto
from durahub.edge.wellknown import filled_text, text_of, ticks_of
from durahub.errors import BadRequest
from durahub.model.failure import Failure
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
    Trace,
)
from durahub.model.ticks import Ticks

IDLE_ARMS = frozenset({"historyState", None})
"""Arms without meaning for a hub; DTFx reserves the first, the second is an empty or unknown event."""


def events_from_proto(events: Iterable[pb.HistoryEvent], now: Ticks) -> tuple[Event, ...]:
    """Return the events, without those that mean nothing. Raises `BadRequest`."""
    return tuple(
        event_from_proto(event, now)
        for event in events
        if event.WhichOneof("eventType") not in IDLE_ARMS
    )


def event_from_proto(message: pb.HistoryEvent, now: Ticks) -> Event:
    """Return the event. Raises `BadRequest` if it is of no kind that is known here, or lacks its time."""
    arm = message.WhichOneof("eventType")
    if arm not in _READERS:
        raise BadRequest(f"event {message.eventId} is of no kind that a history may hold: {arm}")
    cls, read = _READERS[arm]
    sent = ticks_of(message, "timestamp")
    number = message.eventId if cls in _ACTIONS else -1
    fields = read(getattr(message, arm))
    return cls(event_id=number, timestamp=now if sent is None else sent, **fields)


def execution_from_proto(instance: pb.OrchestrationInstance) -> Execution:
    """Return both IDs; an empty execution ID is none."""
    return Execution(instance.instanceId, filled_text(instance, "executionId"))


Fields = dict[str, Any]


def _started(body: pb.ExecutionStartedEvent) -> Fields:
    trace = trace_from_proto(body.parentTraceContext)
    span = filled_text(body, "orchestrationSpanID")
    if trace is not None and span is not None:
        trace = Trace(trace_parent=trace.trace_parent, trace_state=trace.trace_state, span_id=span)
    return {
        "execution": execution_from_proto(body.orchestrationInstance),
        "name": body.name,
        "version": text_of(body, "version"),
        "input": text_of(body, "input"),
        "parent": _parent(body.parentInstance) if body.HasField("parentInstance") else None,
        "tags": dict(body.tags) or None,
        "trace": trace,
        "scheduled_start": ticks_of(body, "scheduledStartTimestamp"),
    }


def _parent(info: pb.ParentInstanceInfo) -> Parent:
    return Parent(
        name=text_of(info, "name"),
        version=text_of(info, "version"),
        execution=execution_from_proto(info.orchestrationInstance),
        task_schedule_id=info.taskScheduledId,
    )


def _completed(body: pb.ExecutionCompletedEvent) -> Fields:
    return {
        "status": status_from_proto(body.orchestrationStatus),
        "result": text_of(body, "result"),
        "failure": _failure(body),
    }


def _continued(body: pb.ContinueAsNewEvent) -> Fields:
    return {"status": Status.ContinuedAsNew, "result": text_of(body, "input")}


def _terminated(body: pb.ExecutionTerminatedEvent) -> Fields:
    return {"input": text_of(body, "input"), "recurse": body.recurse}


def _scheduled(body: pb.TaskScheduledEvent) -> Fields:
    return {
        "name": body.name,
        "version": text_of(body, "version"),
        "input": text_of(body, "input"),
        "trace": trace_from_proto(body.parentTraceContext),
        "tags": dict(body.tags) or None,
    }


def _child(body: pb.SubOrchestrationInstanceCreatedEvent) -> Fields:
    parts = body.parentTraceContext.traceParent.split("-")
    return {
        "instance_id": body.instanceId,
        "name": body.name,
        "version": text_of(body, "version"),
        "input": text_of(body, "input"),
        "client_span_id": parts[2] if len(parts) == 4 else None,
        "tags": dict(body.tags) or None,
    }


def _result(body: Any) -> Fields:
    return {"task_scheduled_id": body.taskScheduledId, "result": text_of(body, "result")}


def _failed(body: Any) -> Fields:
    failure = _failure(body)
    return {
        "task_scheduled_id": body.taskScheduledId,
        "reason": failure.message if failure is not None else None,  # for .NET's older error mode
        "failure": failure,
    }


def _failure(body: Any) -> Failure | None:
    return failure_from_proto(body.failureDetails) if body.HasField("failureDetails") else None


def _timer_created(body: pb.TimerCreatedEvent) -> Fields:
    return {"fire_at": _time(body, "fireAt")}


def _timer_fired(body: pb.TimerFiredEvent) -> Fields:
    return {"timer_id": body.timerId, "fire_at": _time(body, "fireAt")}


def _time(body: Any, field: str) -> Ticks:
    found = ticks_of(body, field)
    if found is None:
        raise BadRequest("a timer has no time")
    return found


def _sent(body: pb.EventSentEvent) -> Fields:
    return {
        "instance_id": body.instanceId,
        "name": body.name,
        "input": text_of(body, "input"),
    }


def _raised(body: pb.EventRaisedEvent) -> Fields:
    return {"name": body.name, "input": text_of(body, "input")}


def _generic(body: pb.GenericEvent) -> Fields:
    return {"data": text_of(body, "data")}


def _reason(body: Any) -> Fields:
    return {"reason": text_of(body, "input")}


def _rewound(body: pb.ExecutionRewoundEvent) -> Fields:
    return {
        "reason": text_of(body, "reason"),
        "parent_execution_id": text_of(body, "parentExecutionId"),
        "instance_id": text_of(body, "instanceId"),
        "trace": trace_from_proto(body.parentTraceContext),
    }


def _nothing(_: Any) -> Fields:
    return {}


_ACTIONS = frozenset(
    {
        ExecutionCompleted,
        ContinueAsNew,
        TaskScheduled,
        SubOrchestrationInstanceCreated,
        TimerCreated,
        EventSent,
    }
)
"""The kinds whose numbers are those of the worker's actions."""

_READERS: dict[str | None, tuple[type[Event], Callable[[Any], Fields]]] = {
    "executionStarted": (ExecutionStarted, _started),
    "executionCompleted": (ExecutionCompleted, _completed),
    "executionTerminated": (ExecutionTerminated, _terminated),
    "taskScheduled": (TaskScheduled, _scheduled),
    "taskCompleted": (TaskCompleted, _result),
    "taskFailed": (TaskFailed, _failed),
    "subOrchestrationInstanceCreated": (SubOrchestrationInstanceCreated, _child),
    "subOrchestrationInstanceCompleted": (SubOrchestrationInstanceCompleted, _result),
    "subOrchestrationInstanceFailed": (SubOrchestrationInstanceFailed, _failed),
    "timerCreated": (TimerCreated, _timer_created),
    "timerFired": (TimerFired, _timer_fired),
    "orchestratorStarted": (OrchestratorStarted, _nothing),
    "orchestratorCompleted": (OrchestratorCompleted, _nothing),
    "eventSent": (EventSent, _sent),
    "eventRaised": (EventRaised, _raised),
    "continueAsNew": (ContinueAsNew, _continued),
    "genericEvent": (GenericEvent, _generic),
    "executionSuspended": (ExecutionSuspended, _reason),
    "executionResumed": (ExecutionResumed, _reason),
    "executionRewound": (ExecutionRewound, _rewound),
}
"""For each arm the kind of event and the function that reads its fields."""
