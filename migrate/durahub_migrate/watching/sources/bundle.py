"""The rows of a hub bundle: read once, for nothing in it changes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from durahub.edge.wellknown import filled_text
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import status_of
from durahub.errors import BadRequest
from durahub.model.ticks import Ticks
from durahub.stored import StoredInstance
from durahub_migrate.bundle.reader import BundleReader, Position
from durahub_migrate.monitor.row import HEAD, Kind, Row
from durahub_migrate.watching.sources.row_source import RowsRead

PAGE = 1000


class BundleRows:
    """A `RowSource`. Where each instance stands is kept, so that single ones are found again."""

    changes_are_told = True
    is_still = True

    def __init__(
        self, reader: BundleReader, hub: str, clock: Callable[[], Ticks], *, inputs: bool = False
    ) -> None:
        self.reader = reader
        self._hub = hub
        self._clock = clock
        self._inputs = inputs
        self._places: dict[str, int] = {}
        self._is_whole = False

    async def page(self, position: str | None) -> RowsRead:
        """Return a page of all rows."""
        if position is not None and not position.isdecimal():
            raise BadRequest("the position is not one of a bundle")
        return await asyncio.to_thread(self._page, int(position) if position is not None else None)

    async def changes(self, mark: str, position: str | None, *, active: bool) -> RowsRead:  # noqa: ARG002
        """Return nothing."""
        return RowsRead(rows=(), mark=mark)

    async def row(self, instance_id: str) -> Row | None:
        """Return one row."""
        found = await self.find(instance_id)
        return self._row(found) if found is not None else None

    async def count(self) -> int | None:
        """Return how many rows there are."""
        counts = self.reader.manifest.counts
        return sum(counts.instances.values()) + sum(counts.entities.values())

    async def find(self, instance_id: str) -> StoredInstance | None:
        """Return an instance with its history."""
        return await asyncio.to_thread(self._find, instance_id)

    def _page(self, after: int | None) -> RowsRead:
        position = Position(after) if after is not None else None
        rows: list[Row] = []
        last = after
        for one in islice(self.reader.instances(position), PAGE):
            self._places[one.row.instance_id] = one.position.ordinal
            parent = filled_text(one.head.state, "parentInstanceId")
            rows.append(replace(self._row(one.row), parent_id=parent))
            one.pass_over()
            last = one.position.ordinal
        ended = len(rows) < PAGE
        self._is_whole = self._is_whole or ended
        return RowsRead(rows=tuple(rows), position=None if ended else str(last))

    def _find(self, instance_id: str) -> StoredInstance | None:
        at = self._places.get(instance_id)
        if at is None and self._is_whole:
            return None
        start = Position(at - 1) if at is not None and at > 0 else None
        for one in self.reader.instances(start):
            if one.row.instance_id == instance_id:
                return one.whole()
        return None

    def _row(self, found: StoredInstance) -> Row:
        return row_of_stored(found, self._hub, self._clock(), inputs=self._inputs)


def row_of_stored(found: StoredInstance, hub: str, seen: Ticks, *, inputs: bool = False) -> Row:
    """Return the row of a stored instance."""
    custom_status = None if found.custom_status == "null" else found.custom_status
    size = found.beside.get("bytes")
    row = Row(
        hub=hub,
        instance_id=found.instance_id,
        execution_id=found.execution_id,
        name=found.name,
        version=found.version,
        status=found.status,
        created=found.created,
        updated=found.last_updated,
        completed=found.completed,
        scheduled_start=found.scheduled_start,
        custom_status=_head(custom_status),
        output=_head(found.output),
        input=_head(found.input) if inputs else None,
        tags=found.tags or {},
        generation=found.generation,
        bytes=size if isinstance(size, int) else None,
        seen=seen,
    )
    if not is_entity(found.instance_id):
        return row
    name, _, key = found.instance_id[1:].partition("@")
    locked_by = status_of(custom_status).locked_by
    return replace(row, kind=Kind.ENTITY, name=name, key=key, locked_by=locked_by)


def _head(text: str | None) -> str | None:
    return text if text is None else text[:HEAD]
