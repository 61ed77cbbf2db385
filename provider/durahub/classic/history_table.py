"""The History table: an instance's events read and written, with their large payloads.

A checkpoint is one or more transactions, each closed by the sentinel row under its ETag. The sentinel
also carries, in a column of ours, the IDs of consumed messages whose deletion is not confirmed:
DTFx ignores the column and keeps it, and message IDs are never used twice, so it cannot mislead. Another
column names what was `durahub.classic.taken`, a third one is of `durahub.engine.outlived`.
Classic layout 7.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from durahub.classic import tables as rows_of
from durahub.classic import taken as taken_names
from durahub.classic import unposted
from durahub.classic.aside import Aside
from durahub.classic.batches import cut
from durahub.classic.columns import Columns, Value
from durahub.classic.dialect import Dialect
from durahub.classic.history_rows import SENTINEL, HistoryRow, decode, encode, row_key, sentinel
from durahub.classic.keys import escape, unescape
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.payloads import blob_columns
from durahub.classic.tables import Row, Tables, literal
from durahub.classic.together import Together
from durahub.classic.unposted import Unposted
from durahub.engine.commit import NO_HISTORY, HistoryVersion
from durahub.engine.rewind_in_place import Mark
from durahub.errors import CheckpointLost, Malformed, StorageUnavailable
from durahub.model.history import Event, EventType
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks

CONSUMED = "DurahubConsumed"
OUTLIVED = "DurahubOutlived"
COMPLETED = "CheckpointCompletedTimestamp"
MOST_CONSUMED = 400  # message IDs in the sentinel: 16 KB at most
MOST_DELETED = 100  # rows of a transaction
MOST_MARKED = 100


@dataclass(frozen=True, slots=True)
class LoadedHistory:
    """A history as it was read. *blobs* are those that its rows name, *unposted* has no messages.

    *taken* are names of what clients have sent and it does not show (`durahub.classic.taken`).
    """

    version: HistoryVersion
    events: tuple[Event, ...]
    blobs: frozenset[str] = frozenset()
    consumed: frozenset[str] = frozenset()
    unposted: Unposted | None = None
    taken: tuple[str, ...] = ()
    outlived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenHistory:
    """A checkpoint as it was written. ``moved`` are the texts that went to blobs, ``blobs`` all of them.

    ``guard`` is its sentinel.
    """

    version: HistoryVersion
    moved: dict[str, str]
    blobs: frozenset[str]
    guard: Columns = field(default_factory=dict)

    def and_then(self, rest: "WrittenHistory") -> "WrittenHistory":
        """Return both as one: *rest* is what followed this part."""
        return replace(rest, moved=self.moved | rest.moved, blobs=self.blobs | rest.blobs)


class HistoryTable:
    """Reads and writes histories."""

    def __init__(
        self,
        tables: Tables,
        table: str,
        payloads: LargePayloads,
        aside: Aside,
        dialect: Dialect,
        clock: Callable[[], Ticks],
        together: Together,
    ) -> None:
        self._tables = tables
        self._table = table
        self._payloads = payloads
        self._aside = aside
        self._dialect = dialect
        self._clock = clock
        self._together = together

    async def load(self, instance_id: str) -> LoadedHistory:
        """Return an instance's current history. Raises `BadRow`, `BadPayload`, having set it aside."""
        found: list[Row] = []
        async for page in self._pages(instance_id):
            found += page
        guard = next((row for row in found if row.columns.get("RowKey") == SENTINEL), None)
        rows = [row for row in found if row is not guard]
        current = _execution(guard or (rows[0] if rows else None))
        kept = _current(rows, current)
        blobs = frozenset(blob for row in kept for blob in blob_columns(row.columns).values())
        if blobs:
            events = await self._together.all(self._event(row.columns) for row in kept)
        else:
            events = [await self._event(row.columns) for row in kept]
        if guard is None and not kept:
            return LoadedHistory(NO_HISTORY, ())
        version = HistoryVersion(current, len(events), guard.etag if guard else None)
        left = await self._unposted(guard.columns) if guard is not None else None
        return LoadedHistory(
            version,
            tuple(events),
            blobs,
            consumed=frozenset(_listed(guard, CONSUMED)),
            unposted=left,
            taken=_listed(guard, taken_names.COLUMN),
            outlived=_listed(guard, OUTLIVED),
        )

    async def _unposted(self, guard: Columns) -> Unposted | None:
        try:
            return unposted.decode(guard)
        except Malformed as error:
            place = f"{guard.get('PartitionKey')}/{SENTINEL}"
            await self._aside.note(f"table {self._table} {place}", error)
            raise

    async def events(self, instance_id: str, execution_id: str | None) -> AsyncIterator[Event]:
        """Yield the current events page by page; none if *execution_id* is another one."""
        current: str | None = None
        async for page in self._pages(instance_id):
            if current is None and page:
                current = await self._current_execution(instance_id, page)
            if execution_id is not None and execution_id != current:
                return
            kept = _current(page, current)
            for row in kept:
                yield await self._event(row.columns)
            if len(kept) < len(page):
                return

    async def _current_execution(self, instance_id: str, page: Sequence[Row]) -> str | None:
        """Return the execution of a history whose first *page* is read; the sentinel is its last row."""
        guard = next((row for row in page if row.columns.get("RowKey") == SENTINEL), None)
        if guard is None:
            guard = await self._tables.get(self._table, escape(instance_id), SENTINEL)
        return _execution(guard) or _execution(page[0])

    def _pages(self, instance_id: str) -> AsyncIterator[list[Row]]:
        return self._tables.pages(self._table, f"PartitionKey eq {literal(escape(instance_id))}")

    async def _event(self, columns: Columns) -> Event:
        try:
            return decode(await self._payloads.resolve(columns)).event
        except Malformed as error:
            place = f"{columns.get('PartitionKey')}/{columns.get('RowKey')}"
            await self._aside.note(f"table {self._table} {place}", error)
            raise

    async def write(
        self,
        instance_id: str,
        execution_id: str,
        base: HistoryVersion,
        events: Sequence[Event],
        *,
        replaces: bool,
        consumed: Iterable[str],
        taken: Sequence[str] = (),
        outlived: Sequence[str] = (),
        unsettled: tuple[str, str] | None = None,
        to_be_continued: bool = False,
    ) -> WrittenHistory:
        """Append *events*, or with *replaces* write them from row 0. Raises `CheckpointLost`.

        What is *to_be_continued* is a part of a checkpoint: others of its transactions follow.

        *consumed* are the message IDs for the sentinel, *taken* the names of `durahub.classic.taken`,
        *outlived* those of `durahub.engine.outlived`; with none a column stays as it is. *unsettled* are
        the texts about activities without messages: the one in all transactions but the last, and the
        one in that; without them this column stays, too.
        """
        first = 0 if replaces else base.length
        moved: dict[str, str] = {}
        names: set[str] = set()
        rows: list[Columns] = []
        for index, event in enumerate(events, first):
            columns = encode(HistoryRow(event, execution_id, index), instance_id, self._dialect)
            row, blobs = await self._payloads.move_out(
                instance_id, row_key(index), event.type.name, columns
            )
            moved |= {str(columns[name]): blob for name, blob in blobs.items()}
            names.update(blobs.values())
            rows.append(row)
        token = base.token
        guard: dict[str, Value] = {}
        batches = cut(rows)
        for number, batch in enumerate(batches, 1):
            last = number == len(batches)
            ends = last and not to_be_continued
            guard = sentinel(instance_id, execution_id, self._clock() if ends else None)
            keys = list(consumed)[-MOST_CONSUMED:]
            if keys and last:  # after a crash before that, some of their events are in no row
                guard[CONSUMED] = json.dumps(keys)
            if taken and last:
                guard[taken_names.COLUMN] = json.dumps(taken[-taken_names.MOST :])
            if outlived and last:
                guard[OUTLIVED] = json.dumps(outlived)
            if unsettled is not None:
                guard[unposted.COLUMN] = unsettled[1] if ends else unsettled[0]
            token = await self._transact(instance_id, batch, guard, token)
        version = HistoryVersion(execution_id, first + len(events), token)
        return WrittenHistory(version, moved, frozenset(names), guard)

    async def is_last(self, written: WrittenHistory) -> bool:
        """Tell whether no checkpoint has followed *written*, and nobody has deleted it."""
        return await self._written(written.guard) is not None

    async def _transact(
        self, instance_id: str, batch: Sequence[Columns], guard: Columns, token: str | None
    ) -> str:
        last = rows_of.insert(guard) if token is None else rows_of.merge(guard, token)
        operations = [*(rows_of.put(row) for row in batch), last]
        try:
            etags = await self._tables.transact(self._table, operations)
        except StorageUnavailable:
            etag = await self._written(guard)
            if etag is None:
                raise
            return etag
        if etags is not None:
            return etags[-1]
        etag = await self._written(guard)
        if etag is None:
            raise CheckpointLost(instance_id)
        return etag

    async def _written(self, guard: Columns) -> str | None:
        """Return the sentinel's ETag if it is *guard* that stands there.

        The answer to a transaction can get lost, and when it is then sent again its condition fails,
        though it is our own checkpoint that is in the way. The time in it tells it from all others.
        """
        time = guard.get(COMPLETED)
        row = await self._tables.get(self._table, str(guard["PartitionKey"]), SENTINEL)
        if time is None or row is None or row.columns.get(COMPLETED) != time:
            return None
        return row.etag if row.columns.get("ExecutionId") == guard["ExecutionId"] else None

    async def unposted_pages(self) -> AsyncIterator[list[str]]:
        """Yield the instances with activities that have no message, page by page; all sentinels are read.

        One whose column cannot be read is among them: `load` tells why.
        """
        condition = f"RowKey eq '{SENTINEL}' and {unposted.COLUMN} gt ''"
        select = ("PartitionKey", "RowKey", unposted.COLUMN)
        async for page in self._tables.pages(self._table, condition, select=select):
            yield [unescape(str(row.columns["PartitionKey"])) for row in page]

    async def write_unposted(
        self, instance_id: str, version: HistoryVersion, left: Unposted | None
    ) -> HistoryVersion:
        """Write the column of activities without messages alone. Raises `CheckpointLost`.

        The history is the same as before, under the version that is returned.
        """
        guard: Columns = {
            "PartitionKey": escape(instance_id),
            "RowKey": SENTINEL,
            unposted.COLUMN: unposted.encode(left),
        }
        token = await self._tables.merge(self._table, guard, version.token)
        if token is None:
            raise CheckpointLost(instance_id)
        return replace(version, token=token)

    async def mark(self, instance_id: str, execution_id: str, marks: Sequence[Mark]) -> None:
        """Mark rows as rewound, those of one transaction at once. Raises `CheckpointLost`."""
        key = escape(instance_id)
        guard = await self._tables.get(self._table, key, SENTINEL)
        if guard is None or _execution(guard) != execution_id:
            raise CheckpointLost(instance_id)
        for first in range(0, len(marks), MOST_MARKED):
            operations = [
                rows_of.merge(_marked(key, mark), "*")
                for mark in marks[first : first + MOST_MARKED]
            ]
            if await self._tables.transact(self._table, operations) is None:
                raise CheckpointLost(instance_id)

    async def versions(self, instance_id: str) -> tuple[dict[str, str], str | None]:
        """Return the ETags of an instance's rows, by their row keys, and its execution."""
        condition = f"PartitionKey eq {literal(escape(instance_id))}"
        select = ("PartitionKey", "RowKey", "ExecutionId")
        pages = self._tables.pages(self._table, condition, select=select)
        found = {str(row.columns["RowKey"]): row async for page in pages for row in page}
        etags = {key: row.etag or "*" for key, row in found.items()}
        return etags, _execution(found.get(SENTINEL))

    async def delete(self, instance_id: str, versions: Mapping[str, str]) -> None:
        """Delete rows of an instance that are as they were read; another's are left."""
        key, found = escape(instance_id), list(versions.items())
        parts = [found[n : n + MOST_DELETED] for n in range(0, len(found), MOST_DELETED)]
        await self._together.all(self._delete_part(key, part) for part in parts)

    async def _delete_part(self, key: str, rows: Sequence[tuple[str, str]]) -> None:
        deletions = [rows_of.delete(key, row_key, etag) for row_key, etag in rows]
        if await self._tables.transact(self._table, deletions) is None:
            for (
                row_key,
                etag,
            ) in rows:  # somebody deletes or writes as well: one by one, what is there
                await self._tables.delete(self._table, key, row_key, etag)


def _marked(key: str, mark: Mark) -> Columns:
    columns: dict[str, Value] = {
        "PartitionKey": key,
        "RowKey": row_key(mark.index),
        "Reason": mark.reason,
    }
    if mark.generic:
        columns["EventType"] = EventType.GenericEvent.name
    return columns


def _execution(row: Row | None) -> str | None:
    value = row.columns.get("ExecutionId") if row is not None else None
    return value if isinstance(value, str) else None


def _current(rows: Sequence[Row], execution_id: str | None) -> list[Row]:
    """Return the rows up to the first of another execution: what follows is left over."""
    kept: list[Row] = []
    for row in rows:
        if row.columns.get("RowKey") == SENTINEL or _execution(row) != execution_id:
            break
        kept.append(row)
    return kept


def _listed(guard: Row | None, column: str) -> tuple[str, ...]:
    text = guard.columns.get(column) if guard is not None else None
    try:
        found = loads(text) if isinstance(text, str) else []
    except ValueError:
        return ()
    return tuple(str(key) for key in found) if isinstance(found, list) else ()
