"""Rows as `durahub.stored` values: as they are, not as durahub reads them."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from durahub.classic.columns import Columns, DateTime, Value, to_odata
from durahub.classic.event_fields import GENERATE_NEW_TRACE, MEMBERS, Shape
from durahub.classic.history_rows import SENTINEL, HistoryRow, decode
from durahub.classic.instance_rows import InstanceRow
from durahub.model.history import Event, ExecutionStarted
from durahub.model.ticks import Ticks
from durahub.stored import StoredEvent, StoredInstance

TAGS, PROPERTIES = "Tags", "Properties"
_FAILURE = "FailureDetails"
_EXISTS = '"exists":'  # in the scheduler state of an entity that the extension runs


def stored_instance(
    columns: Columns, found: InstanceRow, *, input_text: str | None, output_text: str | None
) -> StoredInstance:
    """Return the instance of a row that was decoded as *found*; its texts are given, its history not yet."""
    row = found.instance
    return StoredInstance(
        instance_id=row.instance_id,
        execution_id=row.execution_id,
        name=row.name,
        version=row.version,
        status=_text(columns.get("RuntimeStatus")) or "",
        created=_time(columns.get("CreatedTime")),
        last_updated=_time(columns.get("LastUpdatedTime")),
        completed=_time(columns.get("CompletedTime")),
        scheduled_start=row.scheduled_start,
        input=input_text,
        output=output_text,
        custom_status=_text(columns.get("CustomStatus")),
        tags=row.tags,
        generation=row.generation,
    )


def stored_event(columns: Columns) -> tuple[str, StoredEvent]:
    """Return a history row's execution and its event. Raises `BadRow`."""
    row = decode(columns)
    return row.execution_id, StoredEvent(row.event, _lacks(columns, row), _beside(row))


def current(
    rows: Sequence[tuple[str, StoredEvent]], sentinel: Columns | None
) -> tuple[StoredEvent, ...]:
    """Return the events of the current execution: what stands behind another's is left over."""
    execution = _text(sentinel.get("ExecutionId")) if sentinel is not None else None
    if execution is None and rows:
        execution = rows[0][0]
    return tuple(event for _, event in takewhile(lambda row: row[0] == execution, rows))


def is_guarding(sentinel: Columns | None, execution_id: str | None) -> bool:
    """Tell whether a sentinel, where there is one, is that of the execution."""
    return sentinel is None or sentinel.get("ExecutionId") == execution_id


def is_sentinel(columns: Columns) -> bool:
    """Tell whether a history row is the one that guards the others."""
    return columns.get("RowKey") == SENTINEL


def is_of_hub(columns: Columns, hub: str) -> bool:
    """Tell whether an instance row in shared tables is *hub*'s; 1.x does not always say."""
    named = columns.get("TaskHubName")
    return named is None or (isinstance(named, str) and named.lower() == hub.lower())


def shows_functions(columns: Columns) -> bool:
    """Tell whether an instance row is one that Durable Functions leaves and others do not.

    Its clients give an orchestration no version, where others give the empty one; the scheduler state
    of its entities says whether they exist.
    """
    key = columns.get("PartitionKey")
    if isinstance(key, str) and key.startswith("@"):
        return _EXISTS in (_text(columns.get("Input")) or "")[:100]
    started_by_client = columns.get("Generation") is not None
    return started_by_client and "Name" in columns and columns.get("Version") is None


def _beside(row: HistoryRow) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if row.blobs:
        found["blobs"] = dict(row.blobs)
    if row.extra:
        found["columns"] = to_odata(row.extra)
    return found


def _lacks(columns: Columns, row: HistoryRow) -> frozenset[str]:
    """Return the members that later writers add and this row's did not know. Rows of 2.x have all."""
    event = row.event
    found = set()
    if isinstance(event, ExecutionStarted):
        if GENERATE_NEW_TRACE not in columns:
            found.add(GENERATE_NEW_TRACE)
    elif _may_have_tags(event) and TAGS not in columns:
        found.add(TAGS)
    failure = columns.get(_FAILURE)
    if isinstance(failure, str) and f'"{PROPERTIES}"' not in failure:
        found.add(PROPERTIES)
    return frozenset(found)


def _may_have_tags(event: Event) -> bool:
    return any(one.shape is Shape.TAGS for one in MEMBERS[event.type])


def _text(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None


def _time(value: Value | None) -> Ticks | None:
    return value.ticks if isinstance(value, DateTime) else None
