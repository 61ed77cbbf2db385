"""The rows of an instance that comes from elsewhere, as its writer would have left them; layout 6, 7."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.classic.columns import Columns, DateTime, Value, from_odata
from durahub.classic.dialect import DTFX_2_9_BASE64, Dialect
from durahub.classic.event_fields import GENERATE_NEW_TRACE
from durahub.classic.history_rows import HistoryRow, encode
from durahub.classic.instance_rows import LARGEST_STATUS
from durahub.classic.keys import escape
from durahub.classic.payloads import utf16_size
from durahub.errors import OverLimit
from durahub.model.history import ExecutionStarted
from durahub.model.json_text import write
from durahub.stored import StoredEvent, StoredInstance

READABLE_BY_ALL = DTFX_2_9_BASE64
"""Which workers will take the messages is not known, and every version reads Base64."""

_TAGS, _PROPERTIES = "Tags", "Properties"


def instance_columns(
    instance: StoredInstance, hub: str, *, input_text: str | None, output_text: str | None
) -> dict[str, Value]:
    """Return the row of an instance. *input_text* and *output_text* may be addresses of blobs.

    Raises `OverLimit` for a custom status that no row can hold: that has no blob.
    """
    status = instance.custom_status
    if status is not None and utf16_size(status) > LARGEST_STATUS:
        what = f"the custom status of instance {instance.instance_id!r}"
        raise OverLimit(what, utf16_size(status), LARGEST_STATUS)
    told: dict[str, Value | None] = {
        "PartitionKey": escape(instance.instance_id),
        "RowKey": "",
        "Input": input_text,
        "CreatedTime": _time(instance.created),
        "Name": instance.name,
        "Version": instance.version,
        "RuntimeStatus": instance.status,
        "LastUpdatedTime": _time(instance.last_updated),
        "TaskHubName": hub,
        "ScheduledStartTime": _time(instance.scheduled_start),
        "ExecutionId": instance.execution_id,
        "Generation": instance.generation,
        "CustomStatus": status,
        "CompletedTime": _time(instance.completed),
        "Output": output_text,
        "Tags": write(dict(instance.tags)) if instance.tags else "null",
    }
    return {name: value for name, value in told.items() if value is not None}


def _time(ticks: object) -> DateTime | None:
    return DateTime(ticks) if ticks is not None else None  # type: ignore[arg-type]


def history_columns(instance: StoredInstance) -> Iterator[Columns]:
    """Yield the rows of the history, in order, large values in place."""
    execution_id = execution_of(instance)
    for index, stored in enumerate(instance.history):
        event = stored.event
        if event.is_played:
            event = replace(event, is_played=False)
        row = HistoryRow(event, execution_id, index, extra=_extra(stored))
        yield encode(row, instance.instance_id, _dialect(stored))


def execution_of(instance: StoredInstance) -> str:
    """Return the execution that the history is of: its start's, which may not be the row's."""
    for stored in instance.history:
        if isinstance(stored.event, ExecutionStarted):
            return stored.event.execution.execution_id or ""
    return instance.execution_id or ""


def _extra(stored: StoredEvent) -> Columns:
    """Return the columns that the event does not have: what a rewind in rows has left."""
    return from_odata(stored.beside.get("columns", {}))


def _dialect(stored: StoredEvent) -> Dialect:
    """Return how the writer of an event wrote: what it did not know is not written for it."""
    if not stored.lacks:
        return READABLE_BY_ALL
    return replace(
        READABLE_BY_ALL,
        null_columns=False,
        generate_new_trace=GENERATE_NEW_TRACE not in stored.lacks,
        failure_properties=_PROPERTIES not in stored.lacks,
        task_tags=_TAGS not in stored.lacks,
    )
