"""Histories of a hub in Azure Storage, read once and then only what was added.

A history of fewer than 1,000 rows is one request, and so is every further look at it: a query for the rows
behind the last one known brings the sentinel with it (its key sorts behind all of theirs), whose ETag changes
with every checkpoint. A long one comes page by page, so that others get their turns in between.

An execution only ever adds rows, but for a rewind of what had ended, which writes into old ones: a history
that had ended and has changed is read anew.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakValueDictionary

from durahub.classic.columns import Columns, DateTime
from durahub.classic.event_fields import MEMBERS
from durahub.classic.history_rows import SENTINEL, decode, row_key
from durahub.classic.history_table import COMPLETED
from durahub.classic.keys import escape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.payloads import blob_columns
from durahub.classic.stored_rows import stored_event
from durahub.classic.tables import Continuation, Row, Tables, literal
from durahub.errors import BadPayload, Malformed
from durahub.model.history import Event, EventType, ExecutionStarted
from durahub_migrate.watching.reading.kept import KeptHistories, KeptHistory
from durahub_migrate.watching.reading.limits import Limits

_BEGINNING = 4  # rows among which an execution's start is


class ClassicHistories:
    """Reads the histories of one hub; *small* reads large payloads as far as *limits* allow."""

    def __init__(self, tables: Tables, table: str, small: LargePayloads, limits: Limits) -> None:
        self._tables = tables
        self._table = table
        self._payloads = small
        self._limits = limits
        self._kept = KeptHistories(limits.kept)
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def look(self, instance_id: str) -> KeptHistory:
        """Return a history as it is now; two that ask for the same at once wait for one reading."""
        lock = self._reading.get(instance_id)
        if lock is None:
            lock = self._reading[instance_id] = asyncio.Lock()
        async with lock:
            found = await self._look(instance_id, self._kept.get(instance_id))
            self._kept.put(instance_id, found)
            return found

    def kept(self, instance_id: str) -> KeptHistory | None:
        """Return what is known of a history, without asking."""
        return self._kept.get(instance_id)

    async def started(self, instance_id: str) -> ExecutionStarted | None:
        """Return what began the current execution: from memory, or by one request for its first rows."""
        kept = self._kept.get(instance_id)
        if kept is not None and kept.started is not None:
            return kept.started
        condition = f"{_of(instance_id)} and RowKey lt '{row_key(_BEGINNING)}'"
        rows, _ = await self._tables.query(self._table, condition, most=_BEGINNING)
        for row in rows:
            if row.columns.get("EventType") == EventType.ExecutionStarted.name:
                try:
                    event = decode(row.columns).event
                except Malformed:
                    return None
                return event if isinstance(event, ExecutionStarted) else None
        return None

    async def _look(self, instance_id: str, kept: KeptHistory | None) -> KeptHistory:
        if kept is None or kept.last is None:
            return await self._anew(instance_id)
        pages = _Pages(last=kept.last)
        await self._page(instance_id, pages)
        guard = pages.guard
        if guard is not None and guard.etag == kept.etag:
            return kept
        of_it = guard is None or guard.columns.get("ExecutionId") == kept.execution_id
        if not of_it or kept.has_ended or kept.total is not None:
            return await self._anew(instance_id)
        return await self._read(instance_id, pages, kept)

    async def _anew(self, instance_id: str) -> KeptHistory:
        found = await self._read(instance_id, _Pages())
        if (
            found.last is None and found.etag is not None
        ):  # another execution began while it was read
            found = await self._read(instance_id, _Pages())
        return found

    async def _read(
        self, instance_id: str, pages: "_Pages", kept: KeptHistory | None = None
    ) -> KeptHistory:
        """Read to the end what *pages* has begun, and put it behind what is *kept*."""
        room = self._limits.events - (len(kept.events) if kept is not None else 0)
        while not pages.is_whole and len(pages.rows) < room:
            await self._page(instance_id, pages)
        if pages.guard is None and not pages.is_whole:
            pages.guard = await self._tables.get(self._table, escape(instance_id), SENTINEL)
        rows = pages.current(kept.execution_id if kept is not None else None)
        found = await self._added(kept or KeptHistory(), rows[:room])
        guard = pages.guard.columns if pages.guard is not None else {}
        completed = guard.get(COMPLETED)
        found = replace(
            found,
            execution_id=pages.execution or found.execution_id,
            etag=pages.guard.etag if pages.guard is not None else None,
            checkpoint=completed.ticks if isinstance(completed, DateTime) else None,
        )
        if not pages.is_whole or len(rows) > room:
            count = len(found.events)
            said = f"only the first {count:,} events were read; there are more"
            found = replace(found, total=count + 1, problems=(*found.problems, said))
        return found

    async def _page(self, instance_id: str, pages: "_Pages") -> None:
        behind = f" and RowKey gt '{pages.last}'" if pages.last is not None else ""
        rows, pages.start = await self._tables.query(
            self._table, f"{_of(instance_id)}{behind}", start=pages.start
        )
        pages.add(rows)

    # -- events --------------------------------------------------------------------------------

    async def _added(self, kept: KeptHistory, rows: Sequence[Row]) -> KeptHistory:
        one = _Adding(kept)
        for row in rows:
            outside = blob_columns(row.columns)
            columns = await self._resolved(row.columns, outside, one) if outside else row.columns
            one.add(columns, f"table {self._table}, row {row.columns.get('RowKey')}")
        return one.whole(str(rows[-1].columns["RowKey"]) if rows else kept.last)

    async def _resolved(
        self, columns: Columns, outside: Mapping[str, str], adding: "_Adding"
    ) -> Columns:
        texts: dict[str, str] = {}
        for column, blob in outside.items():
            if adding.resolved >= self._limits.payloads:
                why = f"{self._limits.payloads} large payloads are read with a history, no more"
                adding.miss(columns, column, blob, why)
                continue
            adding.resolved += 1
            try:
                texts[column] = await self._payloads.read(blob)
            except BadPayload as error:
                adding.miss(columns, column, blob, error.problem)
        return {**columns, **texts}


@dataclass(slots=True)
class _Pages:
    """Rows as they come in, behind the key *last*; the sentinel comes behind them all."""

    last: str | None = None
    start: Continuation | None = None
    rows: list[Row] = field(default_factory=list)
    guard: Row | None = None
    is_whole: bool = False

    def add(self, page: Sequence[Row]) -> None:
        for row in page:
            if row.columns.get("RowKey") == SENTINEL:
                self.guard = row
            else:
                self.rows.append(row)
        self.is_whole = self.start is None

    @property
    def execution(self) -> str | None:
        guard = self.guard or (self.rows[0] if self.rows else None)
        found = guard.columns.get("ExecutionId") if guard is not None else None
        return found if isinstance(found, str) else None

    def current(self, execution_id: str | None) -> list[Row]:
        """Return the rows of the current execution: what stands behind another's is left over."""
        current = execution_id or self.execution
        kept: list[Row] = []
        for row in self.rows:
            if row.columns.get("ExecutionId") != current:
                break
            kept.append(row)
        return kept


class _Adding:
    """Events that are put behind those of a history."""

    def __init__(self, kept: KeptHistory) -> None:
        self._kept = kept
        self.resolved = kept.resolved
        self._events: list[Event] = list(kept.events)
        self._problems: list[str] = []
        self._missing: list[tuple[int, str, str]] = []
        self._blobs: dict[tuple[int, str], str] = {}
        self._beside: dict[int, Mapping[str, Any]] = {}
        self._pending: list[tuple[str, str, str]] = []  # attribute, blob, why, of the next event

    def miss(self, columns: Columns, column: str, blob: str, why: str) -> None:
        """Note that a column of the next event stays in its blob."""
        self._pending.append((_attribute(columns, column), blob, why))

    def add(self, columns: Columns, place: str) -> None:
        """Add the event of a row, or why it cannot be read."""
        pending, self._pending = self._pending, []
        number = len(self._events)
        try:
            _, stored = stored_event(columns)
        except Malformed as error:
            self._problems.append(f"{place}: {error.sentence}")
            return
        self._events.append(stored.event)
        if stored.beside:
            self._beside[number] = stored.beside
        for attribute, blob, why in pending:
            self._missing.append((number, attribute, why))
            self._blobs[number, attribute] = blob

    def whole(self, last: str | None) -> KeptHistory:
        """Return the history with what was added."""
        kept = self._kept
        return replace(
            kept,
            events=tuple(self._events),
            last=last,
            problems=(*kept.problems, *self._problems),
            missing=(*kept.missing, *self._missing),
            blobs={**kept.blobs, **self._blobs},
            beside={**kept.beside, **self._beside},
            resolved=self.resolved,
        )


def _attribute(columns: Columns, column: str) -> str:
    kind = columns.get("EventType")
    members = MEMBERS.get(EventType.__members__.get(str(kind), EventType.GenericEvent), ())
    return next((one.attribute for one in members if one.name == column), column)


def _of(instance_id: str) -> str:
    return f"PartitionKey eq {literal(escape(instance_id))}"
