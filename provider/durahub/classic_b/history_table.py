"""The History table: an instance's events read and written, with their large payloads.

A checkpoint is one or more transactions, each closed by the sentinel row under its ETag. The sentinel
also carries, in a column of ours, the IDs of consumed messages whose deletion is not confirmed yet:
DTFx ignores the column and keeps it, and message IDs are never used twice, so it cannot mislead.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from durahub.classic.batches import cut
from durahub.classic.columns import Value
from durahub.classic.dialect import Dialect
from durahub.classic.history_rows import SENTINEL, HistoryRow, decode, encode, row_key, sentinel
from durahub.classic.keys import escape
from durahub.classic.payloads import (
    blob_columns,
    large_columns,
    pack,
    property_blob,
    unpack,
    with_blobs,
)
from durahub.classic_b.aside import Aside
from durahub.classic_b.blobs import Container
from durahub.classic_b.tables import Lost, Row, Table, Write, quoted
from durahub.engine.commit import NO_HISTORY, HistoryVersion
from durahub.errors import BadPayload, BadRow, CheckpointLost
from durahub.model.history import Event
from durahub.model.ticks import Ticks

CONSUMED = "DurahubConsumed"
MOST_CONSUMED = 400  # message IDs in the sentinel: 16 KB at most


@dataclass(frozen=True, slots=True)
class LoadedHistory:
    """A history as it was read; *blobs* are those that its rows name."""

    version: HistoryVersion
    events: tuple[Event, ...]
    blobs: frozenset[str]
    consumed: frozenset[str]


@dataclass(frozen=True, slots=True)
class WrittenHistory:
    """A checkpoint as it was written: per event the columns that went to blobs."""

    version: HistoryVersion
    blobs: tuple[dict[str, str], ...]


class HistoryTable:
    """Reads and writes histories. *chance* returns a random number below 2**31."""

    def __init__(
        self,
        table: Table,
        container: Container,
        aside: Aside,
        dialect: Dialect,
        clock: Callable[[], Ticks],
        chance: Callable[[], int],
    ) -> None:
        self._table = table
        self._container = container
        self._aside = aside
        self._dialect = dialect
        self._clock = clock
        self._chance = chance

    async def load(self, instance_id: str) -> LoadedHistory:
        """Return an instance's current history. Raises `BadRow`, `BadPayload`, having set it aside."""
        found = [row async for row in self._table.rows(f"PartitionKey eq {_key(instance_id)}")]
        guard = next((row for row in found if row.columns.get("RowKey") == SENTINEL), None)
        rows = [row for row in found if row.columns.get("RowKey") != SENTINEL]
        current = _current_execution(guard, rows)
        kept: list[Row] = []
        for row in rows:
            if row.columns.get("ExecutionId") != current:
                break  # left over from a longer generation
            kept.append(row)
        try:
            events = await asyncio.gather(*(self._event(row) for row in kept))
        except (BadRow, BadPayload) as error:
            await self._aside.note(f"table History instance {escape(instance_id)}", error)
            raise
        blobs = frozenset(blob for row in kept for blob in blob_columns(row.columns).values())
        if guard is None and not kept:
            return LoadedHistory(NO_HISTORY, (), blobs, frozenset())
        version = HistoryVersion(current, len(events), guard.etag if guard else None)
        return LoadedHistory(version, tuple(events), blobs, _consumed(guard))

    async def _event(self, row: Row) -> Event:
        outside = blob_columns(row.columns)
        if not outside:
            return decode(row.columns).event
        columns: dict[str, Value] = dict(row.columns)
        for name, blob in outside.items():
            columns[name] = unpack(await self._container.read(blob), blob)
        return decode(columns).event

    async def write(
        self,
        instance_id: str,
        execution_id: str,
        base: HistoryVersion,
        events: Sequence[Event],
        *,
        replaces: bool,
        consumed: Iterable[str] | None,
    ) -> WrittenHistory:
        """Append *events*, or with *replaces* write them from row 0. Raises `CheckpointLost`.

        *consumed* are the message IDs for the sentinel; ``None`` leaves the column as it is.
        """
        first = 0 if replaces else base.length
        rows: list[dict[str, Value]] = []
        outside: list[dict[str, str]] = []
        for offset, event in enumerate(events):
            columns, blobs = await self._row(instance_id, execution_id, first + offset, event)
            rows.append(columns)
            outside.append(blobs)
        token = base.token
        batches = cut(rows)
        for number, batch in enumerate(batches):
            last = number == len(batches) - 1
            guard = sentinel(instance_id, execution_id, self._clock() if last else None)
            if consumed is not None and last:
                guard[CONSUMED] = json.dumps(list(consumed)[-MOST_CONSUMED:])
            token = await self._transact(instance_id, batch, guard, token)
        version = HistoryVersion(execution_id, first + len(events), token)
        return WrittenHistory(version, tuple(outside))

    async def _transact(
        self,
        instance_id: str,
        batch: Sequence[Any],
        guard: dict[str, Value],
        token: str | None,
    ) -> str:
        operations: list[tuple[Write, Any, str | None]] = [
            (Write.PUT, columns, None) for columns in batch
        ]
        how = Write.INSERT if token is None else Write.MERGE
        operations.append((how, guard, token))
        try:
            return await self._table.transact(operations)
        except Lost:
            raise CheckpointLost(instance_id) from None

    async def _row(
        self, instance_id: str, execution_id: str, index: int, event: Event
    ) -> tuple[dict[str, Value], dict[str, str]]:
        columns = encode(HistoryRow(event, execution_id, index), instance_id, self._dialect)
        large = large_columns(columns)
        if not large:
            return columns, {}
        blobs = {}
        for name, text in large.items():
            blob = property_blob(instance_id, row_key(index), event.type.name, name, self._chance())
            await self._container.write(blob, pack(text))
            blobs[name] = blob
        return with_blobs(columns, blobs), blobs

    async def delete(self, instance_id: str) -> int:
        """Delete every row of an instance; return how many there were."""
        key = escape(instance_id)
        condition = f"PartitionKey eq {_key(instance_id)}"
        found = [
            str(row.columns["RowKey"])
            async for row in self._table.rows(condition, ("PartitionKey", "RowKey"))
        ]
        for start in range(0, len(found), 100):
            part = found[start : start + 100]
            try:
                await self._table.transact(
                    [(Write.DELETE, {"PartitionKey": key, "RowKey": row}, None) for row in part]
                )
            except Lost:  # somebody deletes as well: one by one, what is there
                for row in part:
                    await self._table.delete(key, row)
        return len(found)


def _key(instance_id: str) -> str:
    return quoted(escape(instance_id))


def _current_execution(guard: Row | None, rows: Sequence[Row]) -> str | None:
    source = guard if guard is not None else rows[0] if rows else None
    value = source.columns.get("ExecutionId") if source is not None else None
    return value if isinstance(value, str) else None


def _consumed(guard: Row | None) -> frozenset[str]:
    text = guard.columns.get(CONSUMED) if guard is not None else None
    try:
        found = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        return frozenset()
    return frozenset(str(key) for key in found) if isinstance(found, list) else frozenset()
