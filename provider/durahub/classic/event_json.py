"""Events as they stand inside messages: Newtonsoft's JSON of DTFx's classes; classic layout 2.3-2.6."""

from typing import Any

from durahub.classic.dialect import Dialect
from durahub.classic.event_fields import EXECUTION, MEMBERS, Member, Shape, known_members
from durahub.classic.event_objects import NotThis, read_object, write_object
from durahub.errors import BadMessage
from durahub.model.history import (
    EVENT_CLASSES,
    Event,
    EventType,
    ExecutionStarted,
    ExecutionTerminated,
    GenericEvent,
    Status,
)
from durahub.model.json_text import member
from durahub.model.ticks import MINIMUM, parse, to_text

NAMESPACE = "DurableTask.Core.History."
RECURSE = "Recurse"  # ours: .NET ignores members that it does not know
_BY_NAME = {f"{NAMESPACE}{event_type.name}Event": event_type for event_type in EventType} | {
    f"{NAMESPACE}GenericEvent": EventType.GenericEvent
}
_CLASS_NAME = {event_type: name for name, event_type in _BY_NAME.items()}


def write_event(event: Event, dialect: Dialect, *, typed: bool = True) -> dict[str, Any]:
    """Return the JSON object of *event*, with ``$type`` first; not *typed*, without any of them."""
    written: dict[str, Any] = {"$type": _CLASS_NAME[event.type]} if typed else {}
    if isinstance(event, ExecutionStarted):
        written[EXECUTION.name] = write_object(
            event.execution, Shape.EXECUTION, dialect, typed=typed
        )
    if isinstance(event, GenericEvent):
        written["Data"] = event.data
        written["EventType"] = int(event.type)
    else:
        written["EventType"] = int(event.type)
        for one in known_members(dialect)[event.type]:
            value = getattr(event, one.attribute)
            written[one.name] = _write(value, one.shape, dialect, typed=typed)
    if isinstance(event, ExecutionTerminated) and event.recurse:
        written[RECURSE] = True
    written["EventId"] = event.event_id
    written["IsPlayed"] = event.is_played
    written["Timestamp"] = to_text(event.timestamp)
    return written


def read_event(found: Any) -> Event:
    """Return the event of a JSON object. Raises `BadMessage`; an unknown ``$type`` is never loaded."""
    if not isinstance(found, dict):
        raise BadMessage("the event is not an object")
    type_name = str(found.get("$type", "")).partition(",")[0]
    event_type = _BY_NAME.get(type_name)
    if event_type is None:
        raise BadMessage(f"unknown event type {type_name[:100]!r}")
    arguments: dict[str, Any] = {
        "event_id": _read(found, Member("EventId", "", Shape.INT), default=-1),
        "is_played": bool(member(found, "IsPlayed")),
        "timestamp": _read(found, Member("Timestamp", "", Shape.DATE), default=MINIMUM),
    }
    for one in MEMBERS[event_type]:
        arguments[one.attribute] = _read(found, one)
    if event_type is EventType.ExecutionStarted:
        arguments["execution"] = _read(found, EXECUTION)
        arguments["generate_new_trace"] = bool(arguments["generate_new_trace"])
    if event_type is EventType.ExecutionTerminated:
        arguments["recurse"] = member(found, RECURSE) is True
    return EVENT_CLASSES[event_type](**arguments)


def _write(value: Any, shape: Shape, dialect: Dialect, *, typed: bool) -> Any:
    if value is None:
        return None
    if shape.is_object:
        return write_object(value, shape, dialect, typed=typed)
    if shape is Shape.DATE:
        return to_text(value)
    return int(value) if shape is Shape.STATUS else value


def _read(found: dict[str, Any], one: Member, default: Any = None) -> Any:
    value = member(found, one.name)
    if value is None:
        if one.required:
            raise BadMessage(f"{one.name} is missing")
        return default
    try:
        return _value(value, one.shape)
    except (ValueError, NotThis) as error:
        raise BadMessage(f"{one.name}: {error}") from None


def _value(value: Any, shape: Shape) -> Any:
    if shape.is_object:
        return read_object(value, shape)
    match shape:
        case Shape.DATE if isinstance(value, str):
            return parse(value)
        case Shape.STATUS if isinstance(value, int):
            return Status(value)
        case Shape.INT if isinstance(value, int) and not isinstance(value, bool):
            if not -(2**31) <= value < 2**31:
                raise NotThis(f"{value} is not a 32-bit number")
            return value
        case Shape.BOOL if isinstance(value, bool):
            return value
        case Shape.TEXT if isinstance(value, str):
            return value
    raise NotThis(f"a {type(value).__name__} where {shape.name} belongs")
