"""History rows: one event each, and the sentinel that guards them; classic layout 7.1-7.3."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from durahub.classic.columns import Columns, DateTime, Value
from durahub.classic.dialect import Dialect
from durahub.classic.event_fields import EXECUTION, MEMBERS, Member, Shape, known_members
from durahub.classic.event_objects import NotThis, read_object, write_object
from durahub.classic.keys import escape
from durahub.errors import BadRow
from durahub.model.history import (
    EVENT_CLASSES,
    ActionEvent,
    Event,
    EventType,
    ExecutionStarted,
    Status,
)
from durahub.model.json_text import read, write, write_plain
from durahub.model.ticks import Ticks

SENTINEL = "sentinel"
BLOB_NAME = "BlobName"  # ends the name of the column that names a large value's blob
_TYPE_NAMES = {event_type: event_type.name for event_type in EventType}
_Enum = TypeVar("_Enum", bound=Enum)
_NULL = "null"
ACTION = "DurahubAction"
"""A column of ours: the number by which a worker calls an action, where DTFx's columns cannot tell it."""
_COMMON = frozenset({"EventId", "IsPlayed", "_Timestamp", "EventType", "ExecutionId", ACTION})
_SYSTEM = frozenset({"PartitionKey", "RowKey", "Timestamp"})


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An event in its place. ``index`` counts the rows of the execution from 0.

    ``blobs`` maps a column to the blob that holds its value (the event then has ``""`` or ``None`` there).
    ``extra`` are columns that the event does not have: a classic rewind leaves them.
    """

    event: Event
    execution_id: str
    index: int
    blobs: Mapping[str, str] = field(default_factory=dict)
    extra: Columns = field(default_factory=dict)


def row_key(index: int) -> str:
    """Return the row key of the event at *index*: 16 upper-case hex digits."""
    return f"{index:016X}"


def encode(row: HistoryRow, instance_id: str, dialect: Dialect) -> dict[str, Value]:
    """Return the columns of *row*, in the order in which DTFx's come."""
    event = row.event
    columns: dict[str, Value] = {"PartitionKey": escape(instance_id), "RowKey": row_key(row.index)}
    for one in known_members(dialect)[event.type]:
        value = _column(getattr(event, one.attribute), one.shape, dialect)
        if value is not None:
            columns[one.name] = value
    if isinstance(event, ExecutionStarted):
        value = _column(event.execution, Shape.EXECUTION, dialect)
        assert value is not None  # noqa: S101 (for the types)
        columns[EXECUTION.name] = value
    columns["EventId"] = event.event_id
    columns["IsPlayed"] = event.is_played
    columns["_Timestamp"] = DateTime(event.timestamp)
    columns["EventType"] = _TYPE_NAMES[event.type]
    columns["ExecutionId"] = row.execution_id
    for name, blob_name in row.blobs.items():
        columns[name] = ""
        columns[name + BLOB_NAME] = blob_name
    columns.update(row.extra)
    if isinstance(event, ActionEvent) and event.worker_number is not None:
        columns[ACTION] = event.worker_number
    return columns


def decode(columns: Columns) -> HistoryRow:
    """Return the row that *columns* hold. Raises `BadRow`."""
    location = f"{columns.get('PartitionKey')}/{columns.get('RowKey')}"
    try:
        event_type = _named(EventType, _required(columns, "EventType", str))
        members = _members(event_type)
        arguments: dict[str, Any] = {
            "event_id": _required(columns, "EventId", int),
            "is_played": columns.get("IsPlayed") is True,
            "timestamp": _required(columns, "_Timestamp", DateTime).ticks,
        }
        for one in members:
            arguments[one.attribute] = _read(columns, one)
        if event_type is EventType.ExecutionStarted:
            arguments["generate_new_trace"] = bool(arguments["generate_new_trace"])
        kind = EVENT_CLASSES[event_type]
        if issubclass(kind, ActionEvent) and ACTION in columns:
            arguments["worker_number"] = _of(columns[ACTION], ACTION, int)
        return HistoryRow(
            event=kind(**arguments),
            execution_id=_required(columns, "ExecutionId", str),
            index=int(_required(columns, "RowKey", str), 16),
            blobs=_blobs(columns, members),
            extra={name: value for name, value in columns.items() if name not in _OWN[event_type]},
        )
    except (ValueError, NotThis) as error:
        raise BadRow(location, str(error)) from None


def sentinel(instance_id: str, execution_id: str, completed: Ticks | None) -> dict[str, Value]:
    """Return the sentinel's columns; *completed* is the checkpoint's time, in its last batch only."""
    columns: dict[str, Value] = {
        "PartitionKey": escape(instance_id),
        "RowKey": SENTINEL,
        "ExecutionId": execution_id,
        "IsCheckpointComplete": completed is not None,
    }
    if completed is not None:
        columns["CheckpointCompletedTimestamp"] = DateTime(completed)
    return columns


def _members(event_type: EventType) -> tuple[Member, ...]:
    members = MEMBERS[event_type]
    return (*members, EXECUTION) if event_type is EventType.ExecutionStarted else members


def _column(value: Any, shape: Shape, dialect: Dialect) -> Value | None:
    if value is None:
        return _NULL if shape.is_object and dialect.null_columns else None
    if shape.is_object:
        # only failures hold what others have thought up, fractions perhaps
        text = write if shape is Shape.FAILURE else write_plain
        return text(write_object(value, shape, dialect, typed=False))
    if shape is Shape.DATE:
        return DateTime(value)
    if shape is Shape.STATUS:
        return Status(value).name
    found: Value = value
    return found


def _read(columns: Columns, one: Member) -> Any:
    value = columns.get(one.name)
    if value is None:
        if one.required:
            raise NotThis(f"{one.name} is missing")
        return None
    if one.shape.is_object:
        text = _of(value, one.name, str)
        found = read_object(read(text), one.shape) if text else None
        if found is None and one.required:
            raise NotThis(f"{one.name} is null")
        return found
    match one.shape:
        case Shape.DATE:
            return _of(value, one.name, DateTime).ticks
        case Shape.STATUS:
            return _named(Status, _of(value, one.name, str))
        case Shape.INT:
            return _of(value, one.name, int)
        case Shape.BOOL:
            return _of(value, one.name, bool)
        case _:
            return _of(value, one.name, str)


def _named(kind: type[_Enum], name: str) -> _Enum:
    try:
        return kind[name]
    except KeyError:
        raise NotThis(f"unknown {kind.__name__} {name[:100]!r}") from None


def _required(columns: Columns, name: str, kind: type[Any]) -> Any:
    value = columns.get(name)
    if value is None:
        raise NotThis(f"{name} is missing")
    return _of(value, name, kind)


def _of(value: Value, name: str, kind: type[Any]) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise NotThis(f"column {name} is of another type")
    return value


def _blobs(columns: Columns, members: Iterable[Member]) -> dict[str, str]:
    return {
        one.name: str(blob)
        for one in members
        if (blob := columns.get(one.name + BLOB_NAME)) is not None
    }


def _own(members: Iterable[Member]) -> frozenset[str]:
    names = [one.name for one in members]
    return frozenset({*names, *(name + BLOB_NAME for name in names), *_COMMON, *_SYSTEM})


_OWN = {event_type: _own(_members(event_type)) for event_type in EventType}  # an event's columns
