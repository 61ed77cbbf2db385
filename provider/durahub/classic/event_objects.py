"""The objects inside events: traces, failures, executions, parents, tags; with ``$type`` or without.

Messages carry the .NET type of every object in ``$type``, its first member; rows do not. Reading never
looks at it: nothing is ever instantiated by name.
"""

from collections.abc import Mapping
from typing import Any

from durahub.classic.dialect import Dialect
from durahub.classic.event_fields import Shape
from durahub.model.failure_json import NotAFailure, failure_object, read_failure
from durahub.model.history import Execution, Parent, Tags, Trace
from durahub.model.json_text import member

_TYPES = {
    Shape.TRACE: "DurableTask.Core.Tracing.DistributedTraceContext",
    Shape.FAILURE: "DurableTask.Core.FailureDetails",
    Shape.EXECUTION: "DurableTask.Core.OrchestrationInstance",
    Shape.PARENT: "DurableTask.Core.ParentInstance",
}


class NotThis(Exception):
    """A value of another shape than its member has; the callers say where."""


def write_object(value: Any, shape: Shape, dialect: Dialect, *, typed: bool) -> Any:
    """Return the JSON object of *value*, ``None`` for ``None``."""
    if value is None:
        return None
    head = {"$type": _TYPES[shape]} if typed and shape in _TYPES else {}
    match shape:
        case Shape.TAGS:
            return tags_object(value, dialect, typed=typed)
        case Shape.TRACE:
            return head | {
                "TraceParent": value.trace_parent,
                "TraceState": value.trace_state,
                "Id": value.id,
                "SpanId": value.span_id,
                "ActivityStartTime": value.activity_start_time,
            }
        case Shape.FAILURE:
            return failure_object(value, head=head, properties=dialect.failure_properties)
        case Shape.EXECUTION:
            return head | {"InstanceId": value.instance_id, "ExecutionId": value.execution_id}
        case Shape.PARENT:
            execution = write_object(value.execution, Shape.EXECUTION, dialect, typed=typed)
            return head | {
                "Name": value.name,
                "OrchestrationInstance": execution,
                "TaskScheduleId": value.task_schedule_id,
                "Version": value.version,
            }
    raise AssertionError(shape)


def tags_object(tags: Tags, dialect: Dialect, *, typed: bool) -> dict[str, str]:
    """Return tags as an object; in messages perhaps with the dictionary's ``$type``."""
    head = {"$type": dialect.dictionary_type} if typed and dialect.dictionary_type else {}
    return head | dict(tags)


def read_object(found: Any, shape: Shape) -> Any:
    """Return the value of a JSON object, ``None`` for null. Raises `NotThis`."""
    if found is None:
        return None
    if not isinstance(found, dict):
        raise NotThis(f"not an object: {type(found).__name__}")
    match shape:
        case Shape.TAGS:
            return read_tags(found)
        case Shape.TRACE:
            return Trace(
                trace_parent=_text(found, "TraceParent"),
                trace_state=_text(found, "TraceState"),
                id=_text(found, "Id"),
                span_id=_text(found, "SpanId"),
                activity_start_time=_text(found, "ActivityStartTime"),
            )
        case Shape.FAILURE:
            try:
                return read_failure(found)
            except NotAFailure as error:
                raise NotThis(str(error)) from None
        case Shape.EXECUTION:
            return read_execution(found)
        case Shape.PARENT:
            execution = read_object(member(found, "OrchestrationInstance"), Shape.EXECUTION)
            schedule_id = member(found, "TaskScheduleId")
            return Parent(
                name=_text(found, "Name"),
                execution=execution or Execution(""),
                task_schedule_id=schedule_id if isinstance(schedule_id, int) else 0,
                version=_text(found, "Version"),
            )
    raise AssertionError(shape)


def read_execution(found: Mapping[str, Any]) -> Execution:
    """Return an instance and execution ID."""
    return Execution(_text(found, "InstanceId") or "", _text(found, "ExecutionId"))


def read_tags(found: Mapping[str, Any]) -> Tags:
    """Return the tags of an object, without the dictionary's ``$type``."""
    return {
        name: "" if value is None else str(value)
        for name, value in found.items()
        if name != "$type"
    }


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = member(found, name)
    if value is not None and not isinstance(value, str):
        raise NotThis(f"{name} is not a text")
    return value
