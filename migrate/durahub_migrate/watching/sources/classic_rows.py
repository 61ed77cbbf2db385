"""Rows of the Instances table as the index keeps them: without inputs, of other texts the heads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from durahub.classic.columns import Columns, DateTime
from durahub.classic.keys import unescape
from durahub.classic.payloads import blob_name_of
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import status_of
from durahub.errors import BadPartitionKey
from durahub.model.json_text import read
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.row import HEAD, Kind, Row

COLUMNS = (
    "PartitionKey",
    "RowKey",
    "ExecutionId",
    "Name",
    "Version",
    "RuntimeStatus",
    "CreatedTime",
    "LastUpdatedTime",
    "CompletedTime",
    "ScheduledStartTime",
    "CustomStatus",
    "Output",
    "Tags",
    "Generation",
    "TaskHubName",
)
"""What is asked for of each row: an input may have 60 KB, and nobody looks for it in a list."""
INPUT = "Input"
_NULL = "null"
_TIMES = ("CreatedTime", "LastUpdatedTime", "CompletedTime", "ScheduledStartTime")
_TEXTS = ("ExecutionId", "Name", "Version", "RuntimeStatus", "CustomStatus", "Output")


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows of the hub with the key *hub*. *partition_of* tells an instance's partition."""

    hub: str
    container_url: str
    partition_of: Callable[[str], int | None]

    def row(self, columns: Columns, seen: Ticks) -> tuple[Row, str | None]:
        """Return the row of *columns*, and what is wrong with it: what is of a strange type is left out."""
        key = str(columns.get("PartitionKey", ""))
        try:
            instance_id = unescape(key)
        except BadPartitionKey:
            instance_id = key
        strange = [name for name in _TEXTS if not isinstance(columns.get(name, ""), str)]
        strange += [name for name in _TIMES if not isinstance(columns.get(name), DateTime | None)]
        problem = f"the row of {key!r}: {', '.join(strange)} of another type" if strange else None
        entity = is_entity(instance_id)
        custom_status = _text(columns, "CustomStatus")
        name, entity_key = _text(columns, "Name"), None
        locked_by = None
        if entity:
            name, _, entity_key = instance_id[1:].partition("@")
            locked_by = status_of(custom_status).locked_by
        status = _text(columns, "RuntimeStatus") or ""
        generation = columns.get("Generation")
        return Row(
            hub=self.hub,
            instance_id=instance_id,
            kind=Kind.ENTITY if entity else Kind.ORCHESTRATION,
            execution_id=_text(columns, "ExecutionId"),
            name=name,
            version=_text(columns, "Version"),
            status=status,
            created=_time(columns, "CreatedTime"),
            updated=_time(columns, "LastUpdatedTime"),
            completed=_time(columns, "CompletedTime"),
            scheduled_start=_time(columns, "ScheduledStartTime"),
            custom_status=_head(None if custom_status == _NULL else custom_status),
            output=self._payload(_text(columns, "Output")),
            input=self._payload(_text(columns, INPUT)),
            tags=_tags(_text(columns, "Tags")),
            generation=generation if isinstance(generation, int) else None,
            partition=self.partition_of(instance_id),
            key=entity_key,
            locked_by=locked_by,
            seen=seen,
        ), problem

    def rows(
        self, found: Iterable[Columns], seen: Ticks
    ) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        """Return the rows, and what is wrong with some."""
        made = [self.row(columns, seen) for columns in found]
        return tuple(row for row, _ in made), tuple(said for _, said in made if said is not None)

    def _payload(self, text: str | None) -> str | None:
        """Return the head of a payload; of one that stands in a blob a note of that."""
        blob = blob_name_of(text, self.container_url) if text is not None else None
        return _head(text) if blob is None else _head(f"(in blob {blob})")


def _text(columns: Columns, name: str) -> str | None:
    value = columns.get(name)
    return value if isinstance(value, str) else None


def _time(columns: Columns, name: str) -> Ticks | None:
    value = columns.get(name)
    return value.ticks if isinstance(value, DateTime) else None


def _head(text: str | None) -> str | None:
    return text if text is None else text[:HEAD]


def _tags(text: str | None) -> dict[str, str]:
    if not text or text == _NULL:
        return {}
    try:
        found = read(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
