"""The Instances table of a hub in Azure Storage: swept in pages of 1,000, then asked for what changed.

A sweep takes a request for each 1,000 rows and none besides. What changed is found by the rows' own
``Timestamp``, the time at which storage wrote them, compared with storage's clock: ours may be another. A
margin takes in what was being written meanwhile. The filter makes storage look at every row, so it is asked
no more often than that is worth; deletions are found by the next whole sweep alone.
"""

from collections.abc import Callable

from durahub.classic.columns import Columns
from durahub.classic.instance_query import decode_token, encode_token
from durahub.classic.keys import escape
from durahub.classic.names import HubNames
from durahub.classic.stored_rows import is_of_hub
from durahub.classic.tables import Tables
from durahub.errors import BadRequest
from durahub.model.ticks import Ticks, later, parse, to_round_trip_text
from durahub_migrate.monitor.row import Row
from durahub_migrate.watching.sources.classic_rows import COLUMNS, INPUT, RowMaker
from durahub_migrate.watching.sources.row_source import RowsRead
from durahub_migrate.watching.transport import StorageClock

MARGIN = 10.0
"""Seconds that are asked for again: servers of one account do not agree on the time to the tick."""
_ACTIVE = ("Running", "Pending")
_OURS_MARGIN = 300.0  # where storage does not tell its time


class ClassicRows:
    """A `RowSource`. Rows of other hubs in the same tables are passed over."""

    changes_are_told = True
    is_still = False

    def __init__(
        self,
        tables: Tables,
        names: HubNames,
        maker: RowMaker,
        clock: Callable[[], Ticks],
        storage_clock: StorageClock,
        *,
        inputs: bool = False,
    ) -> None:
        self._tables = tables
        self._names = names
        self._maker = maker
        self._clock = clock
        self._storage_clock = storage_clock
        self._select = (*COLUMNS, INPUT) if inputs else COLUMNS

    async def page(self, position: str | None) -> RowsRead:
        """Return a page of all rows."""
        return await self._read("", position)

    async def changes(self, mark: str, position: str | None, *, active: bool) -> RowsRead:
        """Return a page of what has changed since *mark*."""
        try:
            parts = [f"Timestamp ge datetime'{to_round_trip_text(parse(mark))}'"]
        except ValueError:
            raise BadRequest(f"not a mark of a hub in Azure Storage: {mark[:60]!r}") from None
        if active:
            parts += [f"RuntimeStatus eq '{status}'" for status in _ACTIVE]
        return await self._read(" or ".join(parts), position)

    async def row(self, instance_id: str) -> Row | None:
        """Return one row as it is now."""
        found = await self._tables.get(self._names.instances_table, escape(instance_id), "")
        if found is None or not self._is_ours(found.columns):
            return None
        return self._maker.row(found.columns, self._clock())[0]

    async def count(self) -> int | None:
        """Return ``None``: counting is reading."""
        return None

    async def _read(self, condition: str, position: str | None) -> RowsRead:
        found, following = await self._tables.query(
            self._names.instances_table,
            condition,
            select=self._select,
            start=decode_token(position) if position is not None else None,
        )
        ours = [one.columns for one in found if self._is_ours(one.columns)]
        rows, unread = self._maker.rows(ours, self._clock())
        return RowsRead(
            rows=rows, position=encode_token(following), mark=self._mark(), unread=unread
        )

    def _mark(self) -> str:
        there = self._storage_clock.last
        since = later(there, -MARGIN) if there is not None else later(self._clock(), -_OURS_MARGIN)
        return to_round_trip_text(since)

    def _is_ours(self, columns: Columns) -> bool:
        return self._names.tracking_prefix is None or is_of_hub(columns, self._names.hub)
