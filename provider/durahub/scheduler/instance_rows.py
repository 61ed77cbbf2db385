"""Instances as rows of the table ``instances``: what clients and checkpoints write, and what is read."""

from collections.abc import Mapping, Sequence

from durahub.engine.commit import InstanceUpdate
from durahub.errors import BadRow
from durahub.model.history import ExecutionStarted, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.scheduler.columns import (
    Column,
    from_tags,
    from_text,
    required_number,
    required_text,
    to_number,
    to_tags,
    to_text,
)

COLUMNS = (
    "id",
    "etag",
    "execution",
    "name",
    "version",
    "status",
    "created",
    "last_updated",
    "completed",
    "scheduled_start",
    "generation",
    "tags",
    "custom_status",
    "parent",
)
"""What `decode` reads."""

PAYLOADS = ("input", "output")
"""What stands behind `COLUMNS` where payloads are wanted."""


def pending(started: ExecutionStarted, now: Ticks) -> dict[str, Column]:
    """Return the row that a client's start writes; nothing of an earlier execution stays."""
    return {
        "execution": from_text(started.execution.execution_id),
        "name": from_text(started.name),
        "version": from_text(started.version),
        "status": int(Status.Pending),
        "created": started.timestamp,
        "last_updated": now,
        "completed": None,
        "scheduled_start": started.scheduled_start,
        "generation": started.generation,
        "tags": from_tags(started.tags),
        "custom_status": None,
        "parent": None,
        "input": from_text(started.input),
        "output": None,
    }


def changes(update: InstanceUpdate) -> dict[str, Column]:
    """Return the columns that *update* changes.

    A start clears what the execution before has left; what only a client's start knows (the generation,
    the scheduled time) stays through the generations of a continue-as-new.
    """
    columns: dict[str, Column] = {
        "execution": from_text(update.execution_id),
        "last_updated": update.last_updated,
        "custom_status": from_text(update.custom_status),
    }
    started = update.started
    if started is not None:
        columns |= {
            "name": from_text(started.name),
            "version": from_text(started.version),
            "created": started.timestamp,
            "tags": from_tags(started.tags),
            "parent": _parent(started),
            "input": from_text(started.input),
            "output": None,
            "completed": None,
        }
        if started.generation is not None:
            columns["generation"] = started.generation
        if started.scheduled_start is not None:
            columns["scheduled_start"] = started.scheduled_start
    if update.status is not None:
        columns["status"] = int(update.status)
        if not update.status.is_terminal:
            columns["completed"] = None  # a rewind runs what had ended
    if update.completed is not None:
        columns["completed"] = update.completed
    if update.sets_output:
        columns["output"] = from_text(update.output)
    return columns


def told(instance_id: str, started: ExecutionStarted, update: InstanceUpdate) -> Instance | None:
    """Return what stands in the row behind *update*, of the execution that *started* began.

    ``None`` where that does not follow from these: a later generation keeps columns of the first, and
    an older output stays where none is written. The version of the row is not told.
    """
    if started.generation is None or update.status is None:
        return None
    if not (update.sets_output or update.started):
        return None
    return Instance(
        instance_id=instance_id,
        execution_id=update.execution_id,
        name=started.name,
        version=started.version,
        status=update.status,
        created=started.timestamp,
        last_updated=update.last_updated,
        input=started.input,
        output=update.output if update.sets_output else None,
        custom_status=update.custom_status,
        completed=update.completed,
        scheduled_start=started.scheduled_start,
        generation=started.generation,
        tags=started.tags,
        parent_id=started.parent.execution.instance_id if started.parent is not None else None,
    )


def decode(row: Sequence[Column]) -> Instance:
    """Return the instance of a row of `COLUMNS`, with or without `PAYLOADS`. Raises `BadRow`."""
    return of_columns(dict(zip((*COLUMNS, *PAYLOADS), row, strict=False)))


def of_columns(found: Mapping[str, Column]) -> Instance:
    """Return the instance of a row given by names; `PAYLOADS` may be missing. Raises `BadRow`."""
    try:
        return Instance(
            instance_id=required_text(found["id"]),
            execution_id=to_text(found["execution"]),
            name=to_text(found["name"]),
            version=to_text(found["version"]),
            status=Status(required_number(found["status"])),
            created=Ticks(required_number(found["created"])),
            last_updated=Ticks(required_number(found["last_updated"])),
            input=to_text(found.get("input")),
            output=to_text(found.get("output")),
            custom_status=to_text(found["custom_status"]),
            completed=_time(found["completed"]),
            scheduled_start=_time(found["scheduled_start"]),
            generation=to_number(found["generation"]),
            tags=to_tags(found["tags"]),
            parent_id=to_text(found["parent"]),
            etag=str(required_number(found["etag"])),
        )
    except ValueError as error:
        raise BadRow(location_of(found["id"]), str(error)) from None


def location_of(instance: Column) -> str:
    """Return where the row of an instance is: ``"table instances order-1"``."""
    return f"table instances {instance!s}"


def _parent(started: ExecutionStarted) -> Column:
    return from_text(started.parent.execution.instance_id) if started.parent is not None else None


def _time(column: Column) -> Ticks | None:
    found = to_number(column)
    return Ticks(found) if found is not None else None
