"""What each kind of event says on the wire: the arm of ``HistoryEvent`` and its body.

Fields that DTFx has and the wire has not (``Correlation``, ``Generation``, an external event's trace
context and the like) stay in the hub. A plain proto text cannot be null; null is sent as "".

Bodies are filled in their place within the event, field by field: made of messages of their own, they cost
three times as much.
"""

from collections.abc import Callable
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message import Message

from durahub.edge.failures import failure_of_event, failure_to_proto
from durahub.edge.statuses import status_to_proto
from durahub.edge.traces import trace_to_proto
from durahub.edge.wellknown import (
    put_text,
    put_timestamp,
    put_version,
    string_value,
    version_value,
)
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    EventType,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    Parent,
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


def execution_to_proto(execution: Execution) -> pb.OrchestrationInstance:
    """Return both IDs."""
    return pb.OrchestrationInstance(
        instanceId=execution.instance_id, executionId=string_value(execution.execution_id)
    )


def parent_to_proto(parent: Parent | None) -> pb.ParentInstanceInfo | None:
    """Return who started a child, ``None`` (unset) for a root."""
    if parent is None:
        return None
    return pb.ParentInstanceInfo(
        taskScheduledId=parent.task_schedule_id,
        name=string_value(parent.name),
        version=version_value(parent.version),
        orchestrationInstance=execution_to_proto(parent.execution),
    )


def _put_trace(into: pb.TraceContext, trace: Trace | None) -> None:
    sent = trace_to_proto(trace)
    if sent is not None:
        into.CopyFrom(sent)


def _started(event: ExecutionStarted, body: pb.ExecutionStartedEvent) -> None:
    body.name = event.name or ""
    put_version(body.version, event.version)
    put_text(body.input, event.input)
    body.orchestrationInstance.CopyFrom(execution_to_proto(event.execution))
    parent = parent_to_proto(event.parent)
    if parent is not None:
        body.parentInstance.CopyFrom(parent)
    if event.scheduled_start is not None:
        put_timestamp(body.scheduledStartTimestamp, event.scheduled_start)
    _put_trace(body.parentTraceContext, event.trace)
    if event.trace:
        put_text(body.orchestrationSpanID, event.trace.span_id)
    body.tags.update(event.tags or {})


def _completed(event: ExecutionCompleted, body: pb.ExecutionCompletedEvent) -> None:
    body.orchestrationStatus = status_to_proto(event.status)
    put_text(body.result, event.result)
    if event.failure:
        body.failureDetails.CopyFrom(failure_to_proto(event.failure))


def _continued(event: ContinueAsNew, body: pb.ContinueAsNewEvent) -> None:
    put_text(body.input, event.result)


def _terminated(event: ExecutionTerminated, body: pb.ExecutionTerminatedEvent) -> None:
    # recurse is not sent: rows do not keep it, and a replay must see what the first run saw
    put_text(body.input, event.input)


def _task_scheduled(event: TaskScheduled, body: pb.TaskScheduledEvent) -> None:
    body.name = event.name or ""
    put_version(body.version, event.version)
    put_text(body.input, event.input)
    _put_trace(body.parentTraceContext, event.trace)
    if event.tags:
        body.tags.update(event.tags)


def _task_completed(event: TaskCompleted, body: pb.TaskCompletedEvent) -> None:
    body.taskScheduledId = event.task_scheduled_id
    put_text(body.result, event.result)


def _task_failed(event: TaskFailed, body: pb.TaskFailedEvent) -> None:
    body.taskScheduledId = event.task_scheduled_id
    body.failureDetails.CopyFrom(failure_to_proto(failure_of_event(event)))


def _child_created(
    event: SubOrchestrationInstanceCreated, body: pb.SubOrchestrationInstanceCreatedEvent
) -> None:
    body.instanceId = event.instance_id or ""
    body.name = event.name or ""
    put_version(body.version, event.version)
    put_text(body.input, event.input)
    body.tags.update(event.tags or {})


def _child_completed(
    event: SubOrchestrationInstanceCompleted, body: pb.SubOrchestrationInstanceCompletedEvent
) -> None:
    body.taskScheduledId = event.task_scheduled_id
    put_text(body.result, event.result)


def _child_failed(
    event: SubOrchestrationInstanceFailed, body: pb.SubOrchestrationInstanceFailedEvent
) -> None:
    body.taskScheduledId = event.task_scheduled_id
    body.failureDetails.CopyFrom(failure_to_proto(failure_of_event(event)))


def _timer_created(event: TimerCreated, body: pb.TimerCreatedEvent) -> None:
    put_timestamp(body.fireAt, event.fire_at)


def _timer_fired(event: TimerFired, body: pb.TimerFiredEvent) -> None:
    put_timestamp(body.fireAt, event.fire_at)
    body.timerId = event.timer_id


def _event_sent(event: EventSent, body: pb.EventSentEvent) -> None:
    body.instanceId = event.instance_id or ""
    body.name = event.name or ""
    put_text(body.input, event.input)


def _event_raised(event: EventRaised, body: pb.EventRaisedEvent) -> None:
    body.name = event.name or ""
    put_text(body.input, event.input)


def _generic(event: GenericEvent, body: pb.GenericEvent) -> None:
    put_text(body.data, event.data)


def _suspended(event: ExecutionSuspended, body: pb.ExecutionSuspendedEvent) -> None:
    put_text(body.input, event.reason)


def _resumed(event: ExecutionResumed, body: pb.ExecutionResumedEvent) -> None:
    put_text(body.input, event.reason)


def _rewound(event: ExecutionRewound, body: pb.ExecutionRewoundEvent) -> None:
    put_text(body.reason, event.reason)
    put_text(body.parentExecutionId, event.parent_execution_id)
    put_text(body.instanceId, event.instance_id)
    _put_trace(body.parentTraceContext, event.trace)


def _nothing(_: Event, __: Message) -> None:
    """Leave the body empty."""


BODIES: dict[EventType, tuple[str, Callable[[Any, Any], None]]] = {
    EventType.ExecutionStarted: ("executionStarted", _started),
    EventType.ExecutionCompleted: ("executionCompleted", _completed),
    EventType.ExecutionTerminated: ("executionTerminated", _terminated),
    EventType.TaskScheduled: ("taskScheduled", _task_scheduled),
    EventType.TaskCompleted: ("taskCompleted", _task_completed),
    EventType.TaskFailed: ("taskFailed", _task_failed),
    EventType.SubOrchestrationInstanceCreated: ("subOrchestrationInstanceCreated", _child_created),
    EventType.SubOrchestrationInstanceCompleted: (
        "subOrchestrationInstanceCompleted",
        _child_completed,
    ),
    EventType.SubOrchestrationInstanceFailed: ("subOrchestrationInstanceFailed", _child_failed),
    EventType.TimerCreated: ("timerCreated", _timer_created),
    EventType.TimerFired: ("timerFired", _timer_fired),
    EventType.OrchestratorStarted: ("orchestratorStarted", _nothing),
    EventType.OrchestratorCompleted: ("orchestratorCompleted", _nothing),
    EventType.EventSent: ("eventSent", _event_sent),
    EventType.EventRaised: ("eventRaised", _event_raised),
    EventType.ContinueAsNew: ("continueAsNew", _continued),
    EventType.GenericEvent: ("genericEvent", _generic),
    # DTFx reserves this kind and never stores one; its state is not translated.
    EventType.HistoryState: ("historyState", _nothing),
    EventType.ExecutionSuspended: ("executionSuspended", _suspended),
    EventType.ExecutionResumed: ("executionResumed", _resumed),
    EventType.ExecutionRewound: ("executionRewound", _rewound),
}
"""For each kind the name of its arm and the function that fills its body, which is empty before."""
