"""Events as they are stored: the protocol's ``HistoryEvent``, and JSON for what that cannot hold.

The message is what any reader of the Durable Task protocol understands. The protocol's events lack some
of what DTFx's have (the generation of a start, the reason of a failure, half of a trace context) and
cannot tell null from "" everywhere. What would be lost so is kept beside the message, a JSON object
of the fields by their names in `durahub.model.history`; mostly there is none. Together they are exact:
``decode(encode(event)) == event`` for every event.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message import DecodeError

from durahub.errors import BadRow
from durahub.model import history as h
from durahub.scheduler.proto_fields import (
    ProtoField,
    beyond,
    flag,
    moment,
    number,
    plain,
    status,
    tags,
    text,
)
from durahub.scheduler.proto_structures import (
    execution,
    failure,
    failure_from_json,
    failure_to_json,
    parent,
    trace,
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event in two columns: *body* is a serialised ``HistoryEvent``, *extra* a JSON object."""

    body: bytes
    extra: str | None = None


def encode(event: h.Event) -> StoredEvent:
    """Return *event* as it is stored."""
    message = pb.HistoryEvent()
    extra = fill(message, event)
    return StoredEvent(
        message.SerializeToString(),
        json.dumps(extra, separators=(",", ":")) if extra else None,
    )


def fill(message: pb.HistoryEvent, event: h.Event) -> dict[str, Any]:
    """Write *event* into an empty *message*; return what it cannot hold, as `json.dumps` takes it."""
    arm, writers = _WRITERS[event.type]
    body = getattr(message, arm)
    body.SetInParent()  # an arm without fields would otherwise stay unset
    extra: dict[str, Any] = {}
    for name, put, to_json in _HEADER_WRITERS:
        value = getattr(event, name)
        if not put(message, value):
            extra[name] = to_json(value)
    for name, put, to_json in writers:
        value = getattr(event, name)
        if not put(body, value):
            extra[name] = to_json(value)
    return extra


def decode(body: bytes, extra: str | None, location: str) -> h.Event:
    """Return the stored event. Raises `BadRow`, naming *location*, for what `encode` does not write."""
    try:
        found = json.loads(extra) if extra is not None else {}
        return read(pb.HistoryEvent.FromString(body), dict(found), location)
    except DecodeError:
        raise BadRow(location, "its event is not a protobuf HistoryEvent") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRow(location, f"its event cannot be read: {type(error).__name__}") from None


def read(message: pb.HistoryEvent, extra: Mapping[str, Any], location: str) -> h.Event:
    """Return the event that `fill` wrote into *message*, with what it returned. Raises `BadRow`."""
    try:
        return _read(message, extra)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadRow(location, f"its event cannot be read: {type(error).__name__}") from None


def _read(message: pb.HistoryEvent, extra: Mapping[str, Any]) -> h.Event:
    arm = message.WhichOneof("eventType")
    cls, fields, readers = _ARMS[cast("str", arm)]
    target = getattr(message, cast("str", arm))
    values = {name: get(message) for name, get in _HEADER_READERS}
    for name, get in readers:
        values[name] = get(target)
    for name, found in extra.items():
        field = fields.get(name) or _HEADER[name]
        values[name] = field.from_json(found)
    return cls(**values)


_Fields = Mapping[str, ProtoField]
_Writer = tuple[str, Callable[[Any, Any], bool], Callable[[Any], Any]]
_Reader = tuple[str, Callable[[Any], Any]]

_HEADER: _Fields = {
    "event_id": number("eventId"),
    "timestamp": moment("timestamp"),
    "is_played": beyond(default=False),
}

_TRACE = trace("parentTraceContext")
_TRACE_BEYOND = beyond(to_json=asdict, from_json=lambda found: h.Trace(**found))
_ACTION: _Fields = {"worker_number": beyond()}
_RESULT: _Fields = {"task_scheduled_id": number("taskScheduledId"), "result": text("result")}
_FAILED: _Fields = {
    "task_scheduled_id": number("taskScheduledId"),
    "reason": beyond(),
    "details": beyond(),
    "failure": failure("failureDetails"),
}
_REASON: _Fields = {"reason": text("input")}

_KINDS: Mapping[h.EventType, tuple[str, _Fields]] = {
    h.EventType.ExecutionStarted: (
        "executionStarted",
        {
            "execution": execution("orchestrationInstance"),
            "name": plain("name"),
            "parent": parent("parentInstance"),
            "version": text("version"),
            "input": text("input"),
            "tags": tags("tags"),
            "correlation": beyond(),
            "trace": trace("parentTraceContext", span="orchestrationSpanID"),
            "scheduled_start": moment("scheduledStartTimestamp", optional=True),
            "generation": beyond(),
            "generate_new_trace": beyond(default=False),
        },
    ),
    h.EventType.ExecutionCompleted: (
        "executionCompleted",
        {
            "status": status("orchestrationStatus"),
            "result": text("result"),
            "failure": failure("failureDetails"),
        },
    ),
    h.EventType.ContinueAsNew: (
        "continueAsNew",
        {
            "status": beyond(h.Status.ContinuedAsNew, from_json=h.Status),
            "result": text("input"),
            "failure": beyond(
                to_json=failure_to_json,
                from_json=failure_from_json,
            ),
        },
    ),
    h.EventType.ExecutionTerminated: (
        "executionTerminated",
        {"input": text("input"), "recurse": flag("recurse")},
    ),
    h.EventType.TaskScheduled: (
        "taskScheduled",
        {
            "name": plain("name"),
            "version": text("version"),
            "input": text("input"),
            "trace": _TRACE,
            "tags": tags("tags"),
            **_ACTION,
        },
    ),
    h.EventType.TaskCompleted: ("taskCompleted", _RESULT),
    h.EventType.TaskFailed: ("taskFailed", _FAILED),
    h.EventType.SubOrchestrationInstanceCreated: (
        "subOrchestrationInstanceCreated",
        {
            "instance_id": plain("instanceId"),
            "name": plain("name"),
            "version": text("version"),
            "input": text("input"),
            "client_span_id": beyond(),
            "tags": tags("tags"),
            **_ACTION,
        },
    ),
    h.EventType.SubOrchestrationInstanceCompleted: ("subOrchestrationInstanceCompleted", _RESULT),
    h.EventType.SubOrchestrationInstanceFailed: ("subOrchestrationInstanceFailed", _FAILED),
    h.EventType.TimerCreated: (
        "timerCreated",
        {"fire_at": moment("fireAt"), **_ACTION},
    ),
    h.EventType.TimerFired: (
        "timerFired",
        {"timer_id": number("timerId"), "fire_at": moment("fireAt")},
    ),
    h.EventType.OrchestratorStarted: ("orchestratorStarted", {}),
    h.EventType.OrchestratorCompleted: ("orchestratorCompleted", {}),
    h.EventType.EventSent: (
        "eventSent",
        {
            "instance_id": plain("instanceId"),
            "name": plain("name"),
            "input": text("input"),
            **_ACTION,
        },
    ),
    h.EventType.EventRaised: (
        "eventRaised",
        {"name": plain("name"), "input": text("input"), "trace": _TRACE_BEYOND},
    ),
    h.EventType.GenericEvent: ("genericEvent", {"data": text("data")}),
    h.EventType.HistoryState: ("historyState", {"state": beyond()}),
    h.EventType.ExecutionSuspended: ("executionSuspended", _REASON),
    h.EventType.ExecutionResumed: ("executionResumed", _REASON),
    h.EventType.ExecutionRewound: (
        "executionRewound",
        {
            "reason": text("reason"),
            "parent_execution_id": text("parentExecutionId"),
            "instance_id": text("instanceId"),
            "trace": _TRACE,
        },
    ),
}
"""For each kind of event the arm of ``HistoryEvent`` and how its fields stand there."""


def _writers(fields: _Fields) -> tuple[_Writer, ...]:
    return tuple((name, field.put, field.to_json) for name, field in fields.items())


def _readers(fields: _Fields) -> tuple[_Reader, ...]:
    return tuple((name, field.get) for name, field in fields.items())


# every event of every history passes through these: nothing is looked up that is known before
_HEADER_WRITERS, _HEADER_READERS = _writers(_HEADER), _readers(_HEADER)
_WRITERS = {kind: (arm, _writers(fields)) for kind, (arm, fields) in _KINDS.items()}
_ARMS = {
    arm: (h.EVENT_CLASSES[kind], fields, _readers(fields)) for kind, (arm, fields) in _KINDS.items()
}
