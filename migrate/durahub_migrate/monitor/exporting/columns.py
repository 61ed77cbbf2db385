"""The columns of an exported list: which there are, and what stands in them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import TypeAlias

from durahub.errors import BadRequest
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.row import Row

AT_ONCE = 1_000
"""Rows that are held at a time."""


class Kind(Enum):
    """What the values of a column are; any of them may be missing."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"


Value: TypeAlias = "str | int | Ticks | None"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name is that of the member in JSON."""

    name: str
    kind: Kind
    value: Callable[[Row], Value]


def _tags(row: Row) -> str | None:
    return json.dumps(dict(row.tags), sort_keys=True) if row.tags else None


COLUMNS: tuple[Column, ...] = (
    Column("hub", Kind.TEXT, lambda row: row.hub),
    Column("instanceId", Kind.TEXT, lambda row: row.instance_id),
    Column("kind", Kind.TEXT, lambda row: row.kind.value),
    Column("name", Kind.TEXT, lambda row: row.name),
    Column("version", Kind.TEXT, lambda row: row.version),
    Column("status", Kind.TEXT, lambda row: row.status),
    Column("created", Kind.TIME, lambda row: row.created),
    Column("updated", Kind.TIME, lambda row: row.updated),
    Column("completed", Kind.TIME, lambda row: row.completed),
    Column("scheduledStart", Kind.TIME, lambda row: row.scheduled_start),
    Column("executionId", Kind.TEXT, lambda row: row.execution_id),
    Column("parentId", Kind.TEXT, lambda row: row.parent_id),
    Column("generation", Kind.NUMBER, lambda row: row.generation),
    Column("partition", Kind.NUMBER, lambda row: row.partition),
    Column("bytes", Kind.NUMBER, lambda row: row.bytes),
    Column("key", Kind.TEXT, lambda row: row.key),
    Column("lockedBy", Kind.TEXT, lambda row: row.locked_by),
    Column("tags", Kind.TEXT, _tags),
    Column("customStatus", Kind.TEXT, lambda row: row.custom_status),
    Column("input", Kind.TEXT, lambda row: row.input),
    Column("output", Kind.TEXT, lambda row: row.output),
    Column("seen", Kind.TIME, lambda row: row.seen),
)
"""All there are, in the order of a file unless somebody chooses; texts are heads, as in the index."""

_BY_NAME = {column.name: column for column in COLUMNS}


def chosen(names: Iterable[str] | None) -> tuple[Column, ...]:
    """Return the columns of *names* in that order, all without. Raises `BadRequest` for one that is not."""
    if names is None:
        return COLUMNS
    found = []
    for name in dict.fromkeys(names):
        if name not in _BY_NAME:
            raise BadRequest(f"no column {name!r}: there are {', '.join(_BY_NAME)}")
        found.append(_BY_NAME[name])
    if not found:
        raise BadRequest("no column was chosen")
    return tuple(found)


def batches(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """Yield *rows*, so many at a time."""
    remaining = iter(rows)
    while batch := tuple(islice(remaining, AT_ONCE)):
        yield batch
