"""Members of entity messages' JSON objects: texts, times, stamps, trace contexts."""

from collections.abc import Mapping
from typing import Any

from durahub.engine.entities.stamps import NONE, Stamp, stamp_of
from durahub.errors import BadMessage
from durahub.model.history import Trace
from durahub.model.json_text import member
from durahub.model.ticks import Ticks, parse


def trace_object(trace: Trace) -> dict[str, Any]:
    """Return the JSON object of a trace context."""
    return {
        "TraceParent": trace.trace_parent,
        "TraceState": trace.trace_state,
        "Id": trace.id,
        "SpanId": trace.span_id,
        "ActivityStartTime": trace.activity_start_time,
    }


def trace_member(message: Mapping[str, Any], name: str) -> Trace | None:
    """Return a trace context, ``None`` if there is no such object. Raises `BadMessage`."""
    found = member(message, name)
    if not isinstance(found, dict):
        return None
    return Trace(
        trace_parent=text_member(found, "TraceParent"),
        trace_state=text_member(found, "TraceState"),
        id=text_member(found, "Id"),
        span_id=text_member(found, "SpanId"),
        activity_start_time=text_member(found, "ActivityStartTime"),
    )


def text_member(found: Mapping[str, Any], name: str) -> str | None:
    """Return a text, ``None`` if it is null or absent. Raises `BadMessage` if it is anything else."""
    value = member(found, name)
    if value is not None and not isinstance(value, str):
        raise BadMessage(f"{name} of an entity message is not a text")
    return value


def time_member(found: Mapping[str, Any], name: str) -> Ticks | None:
    """Return a time. Raises `BadMessage`."""
    text = text_member(found, name)
    try:
        return parse(text) if text is not None else None
    except ValueError as error:
        raise BadMessage(f"{name} of an entity message: {error}") from None


def stamp_member(found: Mapping[str, Any], name: str) -> Stamp:
    """Return a date of the sorter. Raises `BadMessage`."""
    text = text_member(found, name)
    try:
        return stamp_of(text) if text is not None else NONE
    except ValueError as error:
        raise BadMessage(f"{name} of an entity message: {error}") from None
