"""A row of the monitor as the index stores it."""

import json
from collections.abc import Sequence
from typing import Any, cast

from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.querying.folding import clean, fold
from durahub_migrate.monitor.row import HEAD, Kind, Row

COLUMNS = (
    "id", "kind", "execution", "name", "folded", "version", "status", "created", "updated",
    "completed", "scheduled", "parent", "generation", "partition", "size", "key", "locked_by",
    "tags", "custom", "output", "input",
)  # fmt: skip
ID, KIND, NAME, STATUS, PARENT, PARTITION, SIZE = (
    COLUMNS.index(column)
    for column in ("id", "kind", "name", "status", "parent", "partition", "size")
)
TEXT_COLUMNS = tuple(COLUMNS.index(one) for one in ("id", "name", "custom", "output", "input"))

Record = tuple[Any, ...]
"""The values of `COLUMNS`."""


def record_of(row: Row) -> Record:
    """Return *row* as it is stored: texts clean, heads no longer than `HEAD`."""
    return (
        clean(row.instance_id),
        row.kind.value,
        _clean(row.execution_id),
        _clean(row.name),
        None if row.name is None else fold(row.name),
        _clean(row.version),
        row.status,
        row.created,
        row.updated,
        row.completed,
        row.scheduled_start,
        _clean(row.parent_id),
        row.generation,
        row.partition,
        row.bytes,
        _clean(row.key),
        _clean(row.locked_by),
        tags_text(row.tags),
        _head(row.custom_status),
        _head(row.output),
        _head(row.input),
    )


def row_of(hub: str, record: Sequence[Any], seen: int | None) -> Row:
    """Return the row of a record."""
    (
        instance_id, kind, execution, name, _folded, version, status, created, updated,
        completed, scheduled, parent, generation, partition, size, key, locked_by,
        tags, custom, output, given,
    ) = record  # fmt: skip
    return Row(
        hub=hub,
        instance_id=instance_id,
        kind=Kind(kind),
        execution_id=execution,
        name=name,
        version=version,
        status=status,
        created=_ticks(created),
        updated=_ticks(updated),
        completed=_ticks(completed),
        scheduled_start=_ticks(scheduled),
        custom_status=custom,
        output=output,
        input=given,
        tags=loads(tags) if tags else {},
        parent_id=parent,
        generation=generation,
        partition=partition,
        bytes=size,
        key=key,
        locked_by=locked_by,
        seen=_ticks(seen),
    )


def tags_text(tags: "dict[str, str] | Any") -> str | None:
    """Return tags as JSON, the names in order; ``None`` without any."""
    if not tags:
        return None
    kept = {clean(name): clean(value) for name, value in tags.items()}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _head(text: str | None) -> str | None:
    return None if text is None else clean(text[:HEAD])


def _ticks(value: int | None) -> Ticks | None:
    return cast("Ticks | None", value)
