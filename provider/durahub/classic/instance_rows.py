"""Instance rows: what clients and checkpoints write, and what is read of them; classic layout 6."""

from dataclasses import dataclass, replace

from durahub.classic.columns import Columns, DateTime, Value
from durahub.classic.keys import escape, unescape
from durahub.classic.payloads import utf16_size
from durahub.engine.commit import InstanceUpdate
from durahub.errors import BadPartitionKey, BadRow
from durahub.model.history import ExecutionStarted, Status, Tags
from durahub.model.instance import Instance
from durahub.model.json_text import read, write
from durahub.model.ticks import MINIMUM, Ticks

LARGEST_STATUS = 64 * 1024  # bytes in UTF-16 that a column takes; a custom status has no blob

_NULL = "null"


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance row. ``input_blob`` names the blob of an input that the row has no room for."""

    instance: Instance
    input_blob: str | None = None


def created(
    started: ExecutionStarted, hub: str, now: Ticks, input_text: str | None
) -> dict[str, Value]:
    """Return the row that a client writes behind a start message.

    *input_text* is the input, or the address of the blob that holds the message.
    """
    columns = _keys(started.execution.instance_id)
    _put(columns, "Input", input_text)
    columns["CreatedTime"] = DateTime(started.timestamp)
    _put(columns, "Name", started.name)
    _put(columns, "Version", started.version)
    columns["RuntimeStatus"] = Status.Pending.name
    columns["LastUpdatedTime"] = DateTime(now)
    columns["TaskHubName"] = hub
    _put_time(columns, "ScheduledStartTime", started.scheduled_start)
    _put(columns, "ExecutionId", started.execution.execution_id)
    if started.generation is not None:
        columns["Generation"] = started.generation
    columns["Tags"] = _tags_text(started.tags)
    return columns


def checkpoint(
    instance_id: str,
    update: InstanceUpdate,
    hub: str,
    *,
    input_text: str | None = None,
    output_text: str | None = None,
) -> dict[str, Value]:
    """Return what a checkpoint merges into the row; what is absent stays as it is.

    *input_text* and *output_text* are the values, or the addresses of the blobs that hold them.
    """
    columns = _keys(instance_id)
    columns["CustomStatus"] = update.custom_status if update.custom_status is not None else _NULL
    columns["ExecutionId"] = update.execution_id
    columns["LastUpdatedTime"] = DateTime(update.last_updated)
    columns["TaskHubName"] = hub
    started = update.started
    if started is not None:
        _put(columns, "Name", started.name)
        _put(columns, "Version", started.version)
        columns["CreatedTime"] = DateTime(started.timestamp)
    if update.status is not None:
        columns["RuntimeStatus"] = update.status.name
    if started is not None:
        columns["Tags"] = _tags_text(started.tags)
        _put(columns, "Input", input_text)
        if started.generation is not None:
            columns["Generation"] = started.generation
        _put_time(columns, "ScheduledStartTime", started.scheduled_start)
    _put_time(columns, "CompletedTime", update.completed)
    if update.sets_output:
        _put(columns, "Output", output_text)
    return columns


def custom_status(instance_id: str, text: str | None) -> dict[str, Value]:
    """Return what is merged into the row so that its custom status becomes *text*."""
    return {**_keys(instance_id), "CustomStatus": text if text is not None else _NULL}


def told(instance_id: str, started: ExecutionStarted, update: InstanceUpdate) -> Instance | None:
    """Return what a reader of the row finds behind *update*, of the execution that *started* began.

    ``None`` where that does not follow from these: a later generation, which has no number of its own,
    keeps columns of the first, and an older output stays where none is written.
    """
    status = update.custom_status
    writes_output = update.sets_output and update.output is not None
    if started.generation is None or not (writes_output or update.started):
        return None
    if update.status is None or (status and utf16_size(status) > LARGEST_STATUS):
        return None
    whole = replace(update, started=started)
    columns = checkpoint(
        instance_id, whole, "", input_text=started.input, output_text=update.output
    )
    return decode(columns).instance


def clears_the_end(update: InstanceUpdate) -> bool:
    """Tell whether *update* begins an execution anew whose row may tell of its end: after a rewind."""
    return (
        update.started is not None
        and update.completed is None
        and update.sets_output
        and update.output is None
    )


def without_end(columns: Columns) -> dict[str, Value]:
    """Return a row without what its end has written, and without what the service alone writes."""
    gone = ("Output", "OutputBlobName", "CompletedTime", "Timestamp")
    return {name: value for name, value in columns.items() if name not in gone}


def terminated_before_start(
    instance_id: str, update: InstanceUpdate, *, output_text: str | None = None
) -> dict[str, Value]:
    """Return what is merged into the row of an instance that was terminated while Pending."""
    columns = _keys(instance_id)
    columns["RuntimeStatus"] = Status.Terminated.name
    columns["LastUpdatedTime"] = DateTime(update.last_updated)
    _put_time(columns, "CompletedTime", update.completed)
    _put(columns, "Output", output_text)
    return columns


def decode(columns: Columns, etag: str | None = None) -> InstanceRow:
    """Return the row that *columns* hold. Raises `BadRow`.

    A status of an unknown name reads as Running: old and future writers may use others, and an
    instance of which nothing is known may not be overwritten. ContinuedAsNew is Running, too.
    """
    key = columns.get("PartitionKey")
    location = f"{key}/{columns.get('RowKey')}"
    if not isinstance(key, str):
        raise BadRow(location, "it has no partition key")
    try:
        instance_id = unescape(key)
    except BadPartitionKey:
        instance_id = key
    custom_status = _text(columns, "CustomStatus", location)
    status = _status(columns.get("RuntimeStatus"))
    completed = _time(columns, "CompletedTime", location)
    generation = columns.get("Generation")
    input_text = _text(columns, "Input", location)
    input_blob = _text(columns, "InputBlobName", location)
    instance = Instance(
        instance_id=instance_id,
        execution_id=_text(columns, "ExecutionId", location),
        name=_text(columns, "Name", location),
        version=_text(columns, "Version", location),
        status=status,
        created=_time(columns, "CreatedTime", location) or MINIMUM,
        last_updated=_time(columns, "LastUpdatedTime", location) or MINIMUM,
        input=input_text,
        output=_text(columns, "Output", location),
        custom_status=None if custom_status == _NULL else custom_status,
        completed=completed if status.is_terminal else None,  # a rewind by DTFx leaves it
        scheduled_start=_time(columns, "ScheduledStartTime", location),
        generation=generation if isinstance(generation, int) else None,
        tags=_tags(_text(columns, "Tags", location)),
        etag=etag,
    )
    return InstanceRow(instance, input_blob if not input_text else None)


def _keys(instance_id: str) -> dict[str, Value]:
    return {"PartitionKey": escape(instance_id), "RowKey": ""}


def _put(columns: dict[str, Value], name: str, value: str | None) -> None:
    if value is not None:
        columns[name] = value


def _put_time(columns: dict[str, Value], name: str, value: Ticks | None) -> None:
    if value is not None:
        columns[name] = DateTime(value)


def _tags_text(tags: Tags | None) -> str:
    return write(dict(tags)) if tags else _NULL


def _tags(text: str | None) -> Tags | None:
    if not text or text == _NULL:
        return None
    try:
        found = read(text)
    except ValueError:
        return None  # offloaded, or not ours: tags are decoration
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else None


def _status(value: Value | None) -> Status:
    status = Status.__members__.get(value) if isinstance(value, str) else None
    return Status.Running if status in (None, Status.ContinuedAsNew) else status


def _text(columns: Columns, name: str, location: str) -> str | None:
    value = columns.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRow(location, f"column {name} is not a text")
    return value


def _time(columns: Columns, name: str, location: str) -> Ticks | None:
    value = columns.get(name)
    if value is None:
        return None
    if not isinstance(value, DateTime):
        raise BadRow(location, f"column {name} is not a time")
    return value.ticks
