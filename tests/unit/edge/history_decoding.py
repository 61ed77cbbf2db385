"""Wire events read back into domain values, as far as the wire carries them: the judge of the projection."""

from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.failures import failure_from_proto
from durahub.edge.wellknown import text_of, ticks_of
from durahub.model import history as h
from durahub.model.ticks import Ticks


def decode(event: pb.HistoryEvent) -> h.Event:
    """Return *event*; raise `KeyError` for an arm that has no class, as those of entities."""
    arm = event.WhichOneof("eventType")
    cls, fields = _KINDS[arm]
    body = getattr(event, arm)
    return cls(
        event_id=event.eventId,
        timestamp=_ticks(event, "timestamp"),
        **{name: read(body) for name, read in fields.items()},
    )


def _ticks(message: Any, field: str) -> Ticks:
    found = ticks_of(message, field)
    assert found is not None
    return found


def _text(field: str) -> Any:
    return lambda body: text_of(body, field)


def _plain(field: str) -> Any:
    return lambda body: getattr(body, field)


def _tags(body: Any) -> dict[str, str] | None:
    return dict(body.tags) or None


def _trace(body: Any) -> h.Trace | None:
    span = text_of(body, "orchestrationSpanID") if hasattr(body, "orchestrationSpanID") else None
    if not body.HasField("parentTraceContext"):
        return h.Trace(trace_parent=None, span_id=span) if span else None
    context = body.parentTraceContext
    return h.Trace(
        trace_parent=context.traceParent, trace_state=text_of(context, "traceState"), span_id=span
    )


def _span(body: Any) -> str | None:
    parts = body.parentTraceContext.traceParent.split("-")
    return parts[2] if len(parts) == 4 else None


def _execution(message: Any) -> h.Execution:
    return h.Execution(message.instanceId, text_of(message, "executionId"))


def _parent(body: Any) -> h.Parent | None:
    if not body.HasField("parentInstance"):
        return None
    parent = body.parentInstance
    return h.Parent(
        name=text_of(parent, "name"),
        version=text_of(parent, "version"),
        execution=_execution(parent.orchestrationInstance),
        task_schedule_id=parent.taskScheduledId,
    )


def _failure(body: Any) -> Any:
    found = body.HasField("failureDetails")
    return failure_from_proto(body.failureDetails) if found else None


_RESULT = {"task_scheduled_id": _plain("taskScheduledId"), "result": _text("result")}
_FAILED = {"task_scheduled_id": _plain("taskScheduledId"), "failure": _failure}

_KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "executionStarted": (
        h.ExecutionStarted,
        {
            "name": _plain("name"),
            "version": _text("version"),
            "input": _text("input"),
            "execution": lambda body: _execution(body.orchestrationInstance),
            "parent": _parent,
            "scheduled_start": lambda body: ticks_of(body, "scheduledStartTimestamp"),
            "trace": _trace,
            "tags": _tags,
        },
    ),
    "executionCompleted": (
        h.ExecutionCompleted,
        {
            "status": lambda body: h.Status(body.orchestrationStatus),
            "result": _text("result"),
            "failure": _failure,
        },
    ),
    "executionTerminated": (h.ExecutionTerminated, {"input": _text("input")}),
    "taskScheduled": (
        h.TaskScheduled,
        {
            "name": _plain("name"),
            "version": _text("version"),
            "input": _text("input"),
            "trace": _trace,
            "tags": _tags,
        },
    ),
    "taskCompleted": (h.TaskCompleted, _RESULT),
    "taskFailed": (h.TaskFailed, _FAILED),
    "subOrchestrationInstanceCreated": (
        h.SubOrchestrationInstanceCreated,
        {
            "instance_id": _plain("instanceId"),
            "name": _plain("name"),
            "version": _text("version"),
            "input": _text("input"),
            "client_span_id": _span,
            "tags": _tags,
        },
    ),
    "subOrchestrationInstanceCompleted": (h.SubOrchestrationInstanceCompleted, _RESULT),
    "subOrchestrationInstanceFailed": (h.SubOrchestrationInstanceFailed, _FAILED),
    "timerCreated": (h.TimerCreated, {"fire_at": lambda body: _ticks(body, "fireAt")}),
    "timerFired": (
        h.TimerFired,
        {"timer_id": _plain("timerId"), "fire_at": lambda body: _ticks(body, "fireAt")},
    ),
    "orchestratorStarted": (h.OrchestratorStarted, {}),
    "orchestratorCompleted": (h.OrchestratorCompleted, {}),
    "eventSent": (
        h.EventSent,
        {"instance_id": _plain("instanceId"), "name": _plain("name"), "input": _text("input")},
    ),
    "eventRaised": (h.EventRaised, {"name": _plain("name"), "input": _text("input")}),
    "genericEvent": (h.GenericEvent, {"data": _text("data")}),
    "continueAsNew": (
        h.ContinueAsNew,
        {"status": lambda _: h.Status.ContinuedAsNew, "result": _text("input")},
    ),
    "executionSuspended": (h.ExecutionSuspended, {"reason": _text("input")}),
    "executionResumed": (h.ExecutionResumed, {"reason": _text("input")}),
    "executionRewound": (
        h.ExecutionRewound,
        {
            "reason": _text("reason"),
            "parent_execution_id": _text("parentExecutionId"),
            "instance_id": _text("instanceId"),
            "trace": _trace,
        },
    ),
}
