"""What each kind of event says on the wire: the arm of ``HistoryEvent`` and its body.

Fields that DTFx has and the wire has not (``Correlation``, ``Generation``, an external event's trace
context and the like) stay in the hub. A plain proto text cannot be null; null is sent as "".
"""

from collections.abc import Callable
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message import Message

from durahub.edge.failures import failure_of_event, failure_to_proto
from durahub.edge.statuses import status_to_proto
from durahub.edge.traces import trace_to_proto
from durahub.edge.wellknown import optional_timestamp, string_value, timestamp, version_value
from durahub.model.history import (
    ContinueAsNew,
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


def _started(event: ExecutionStarted) -> Message:
    return pb.ExecutionStartedEvent(
        name=event.name or "",
        version=version_value(event.version),
        input=string_value(event.input),
        orchestrationInstance=execution_to_proto(event.execution),
        parentInstance=parent_to_proto(event.parent),
        scheduledStartTimestamp=optional_timestamp(event.scheduled_start),
        parentTraceContext=trace_to_proto(event.trace),
        orchestrationSpanID=string_value(event.trace.span_id) if event.trace else None,
        tags=event.tags,
    )


def _completed(event: ExecutionCompleted) -> Message:
    return pb.ExecutionCompletedEvent(
        orchestrationStatus=status_to_proto(event.status),
        result=string_value(event.result),
        failureDetails=failure_to_proto(event.failure) if event.failure else None,
    )


def _continued(event: ContinueAsNew) -> Message:
    return pb.ContinueAsNewEvent(input=string_value(event.result))


def _terminated(event: ExecutionTerminated) -> Message:
    # recurse is not sent: rows do not keep it, and a replay must see what the first run saw
    return pb.ExecutionTerminatedEvent(input=string_value(event.input))


def _task_scheduled(event: TaskScheduled) -> Message:
    return pb.TaskScheduledEvent(
        name=event.name or "",
        version=version_value(event.version),
        input=string_value(event.input),
        parentTraceContext=trace_to_proto(event.trace),
        tags=event.tags,
    )


def _task_completed(event: TaskCompleted) -> Message:
    return pb.TaskCompletedEvent(
        taskScheduledId=event.task_scheduled_id, result=string_value(event.result)
    )


def _task_failed(event: TaskFailed) -> Message:
    return pb.TaskFailedEvent(
        taskScheduledId=event.task_scheduled_id,
        failureDetails=failure_to_proto(failure_of_event(event)),
    )


def _child_created(event: SubOrchestrationInstanceCreated) -> Message:
    return pb.SubOrchestrationInstanceCreatedEvent(
        instanceId=event.instance_id or "",
        name=event.name or "",
        version=version_value(event.version),
        input=string_value(event.input),
        tags=event.tags,
    )


def _child_completed(event: SubOrchestrationInstanceCompleted) -> Message:
    return pb.SubOrchestrationInstanceCompletedEvent(
        taskScheduledId=event.task_scheduled_id, result=string_value(event.result)
    )


def _child_failed(event: SubOrchestrationInstanceFailed) -> Message:
    return pb.SubOrchestrationInstanceFailedEvent(
        taskScheduledId=event.task_scheduled_id,
        failureDetails=failure_to_proto(failure_of_event(event)),
    )


def _timer_created(event: TimerCreated) -> Message:
    return pb.TimerCreatedEvent(fireAt=timestamp(event.fire_at))


def _timer_fired(event: TimerFired) -> Message:
    return pb.TimerFiredEvent(fireAt=timestamp(event.fire_at), timerId=event.timer_id)


def _event_sent(event: EventSent) -> Message:
    return pb.EventSentEvent(
        instanceId=event.instance_id or "",
        name=event.name or "",
        input=string_value(event.input),
    )


def _event_raised(event: EventRaised) -> Message:
    return pb.EventRaisedEvent(name=event.name or "", input=string_value(event.input))


def _generic(event: GenericEvent) -> Message:
    return pb.GenericEvent(data=string_value(event.data))


def _suspended(event: ExecutionSuspended) -> Message:
    return pb.ExecutionSuspendedEvent(input=string_value(event.reason))


def _resumed(event: ExecutionResumed) -> Message:
    return pb.ExecutionResumedEvent(input=string_value(event.reason))


def _rewound(event: ExecutionRewound) -> Message:
    return pb.ExecutionRewoundEvent(
        reason=string_value(event.reason),
        parentExecutionId=string_value(event.parent_execution_id),
        instanceId=string_value(event.instance_id),
        parentTraceContext=trace_to_proto(event.trace),
    )


BODIES: dict[EventType, tuple[str, Callable[[Any], Message]]] = {
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
    EventType.OrchestratorStarted: ("orchestratorStarted", lambda _: pb.OrchestratorStartedEvent()),
    EventType.OrchestratorCompleted: (
        "orchestratorCompleted",
        lambda _: pb.OrchestratorCompletedEvent(),
    ),
    EventType.EventSent: ("eventSent", _event_sent),
    EventType.EventRaised: ("eventRaised", _event_raised),
    EventType.ContinueAsNew: ("continueAsNew", _continued),
    EventType.GenericEvent: ("genericEvent", _generic),
    # DTFx reserves this kind and never stores one; its state is not translated.
    EventType.HistoryState: ("historyState", lambda _: pb.HistoryStateEvent()),
    EventType.ExecutionSuspended: ("executionSuspended", _suspended),
    EventType.ExecutionResumed: ("executionResumed", _resumed),
    EventType.ExecutionRewound: ("executionRewound", _rewound),
}
"""For each kind the name of its arm and the function that makes its body."""
