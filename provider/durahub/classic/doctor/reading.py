"""Reads what the rules look at. Nothing is changed: queues are peeked at, rows and blobs are read.

Instances and History have the same keys in the same order, so one pass over both, side by side, gives each
instance with its history; at most a page of the one and an instance of the other are in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from durahub.classic.doctor.rules.blobs import Blob
from durahub.classic.doctor.snapshot import (
    HubFacts,
    InstanceFacts,
    QueueFacts,
    SeenMessage,
    hub_facts,
    instance_facts,
)
from durahub.classic.envelope import Wrapper, decode, from_queue_text
from durahub.classic.partitioning import app_lease
from durahub.classic.parts import Parts
from durahub.classic.queues import Peeked
from durahub.classic.resources import PartitionEvidence
from durahub.classic.stored_rows import is_of_hub
from durahub.classic.tables import Row, literal
from durahub.errors import BadMessage, Malformed, StorageDenied
from durahub.model.ticks import Ticks, from_datetime

HEAD = 200  # characters that are kept of what cannot be read
_PENDING = "Pending"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class StoredRows:
    """What both tables hold of one instance: its row, if there is one, and its rows of History."""

    key: str
    row: Row | None
    history: list[Row] = field(default_factory=list)

    @property
    def facts(self) -> InstanceFacts:
        """What the rules look at."""
        row, etag = (self.row.columns, self.row.etag) if self.row is not None else (None, None)
        return instance_facts(self.key, row, [one.columns for one in self.history], etag)

    @property
    def waits_for_its_start(self) -> bool:
        """Whether it is as an instance is before it begins: a row, and no history yet."""
        row = self.row
        return row is not None and not self.history and row.columns.get("RuntimeStatus") == _PENDING


def _as_it_is(message: SeenMessage) -> SeenMessage:
    return message


class Reading:
    """Reads one hub. With *passes_over* a message whose blob may not be read counts among the unseen.

    *seeing* is shown each message as it is read, and returns what is kept of it.
    """

    def __init__(
        self,
        parts: Parts,
        clock: Callable[[], Ticks],
        *,
        passes_over: bool = False,
        seeing: Callable[[SeenMessage], SeenMessage] = _as_it_is,
    ) -> None:
        self._parts = parts
        self._names = parts.names
        self._clock = clock
        self._passes_over = passes_over
        self._seeing = seeing
        self._shared = parts.names.tracking_prefix is not None
        self.container_url = parts.payloads.url

    # -- the hub -------------------------------------------------------------------------------

    async def hub(self) -> HubFacts:
        """Return the hub but for its instances."""
        names, resources = self._names, self._parts.resources
        evidence = await resources.evidence()
        control = await resources.control_queues()
        return await self.hub_with(await self.queues((names.workitem_queue, *control)), evidence)

    async def queues(self, names: Sequence[str]) -> list[QueueFacts]:
        """Return what is in the queues *names*, that of work items first.

        They are read in the order in which work goes through them, so that nothing slips by: an activity
        that has left its queue has its result in the next.
        """
        first = [await self._queue(name) for name in names[:1]]
        return [*first, *await asyncio.gather(*(self._queue(name) for name in names[1:]))]

    async def hub_with(self, queues: Sequence[QueueFacts], evidence: PartitionEvidence) -> HubFacts:
        """Return the hub whose queues have been read; who holds what of it is read now."""
        names = self._names
        return hub_facts(
            names,
            evidence.queues or evidence.rows or evidence.task_hub_json or 1,
            self._clock(),
            queues,
            leases=await self._parts.leases.evidence(),
            app_lease=app_lease.decode(
                await self._parts.blobs.read(names.app_lease_container, names.app_lease_blob)
            ),
            app_lease_is_endless=await self._parts.blobs.is_leased_for_ever(
                names.app_lease_container
            ),
            task_hub_partitions=evidence.task_hub_json,
            set_aside=frozenset(one.location for one in await self._parts.aside.all()),
        )

    async def _queue(self, name: str) -> QueueFacts:
        queues = self._parts.queues
        before = await queues.depth(name)
        peeked = await queues.peek(name)
        after = await queues.depth(name)
        seen = [await self._seen_if_allowed(name, one) for one in peeked]
        found = tuple(one for one in seen if one is not None)
        return QueueFacts(name, max(before, after), found)

    async def _seen_if_allowed(self, queue: str, peeked: Peeked) -> SeenMessage | None:
        try:
            return self._seeing(await self.seen(queue, peeked))
        except StorageDenied:
            if not self._passes_over:
                raise
            return None

    async def seen(self, queue: str, peeked: Peeked) -> SeenMessage:
        """Return a message as the rules look at it, read from its blob where it stands in one."""
        envelope, blob = None, None
        refused: Malformed | None = None
        try:
            found = decode(from_queue_text(peeked.text))
            if isinstance(found, Wrapper):
                blob = found.blob_name
                found = decode(await self._parts.payloads.read(blob))
            if isinstance(found, Wrapper):
                raise BadMessage("a wrapper names a wrapper")
            envelope = found
        except Malformed as error:
            refused = error
        return SeenMessage(
            queue=queue,
            message_id=peeked.message_id,
            deliveries=peeked.deliveries,
            inserted=from_datetime(peeked.inserted),
            envelope=envelope,
            blob=blob,
            problem=refused.sentence if refused is not None else None,
            head=peeked.text[:HEAD] if refused is not None else "",
            is_plain=peeked.text.startswith("{"),
            text=peeked.text,
            error=refused,
        )

    # -- instances -----------------------------------------------------------------------------

    async def instance(self, key: str) -> InstanceFacts:
        """Return the instance with partition *key*, whatever there is of it."""
        return (await self.stored_of(key)).facts

    async def stored_of(self, key: str) -> StoredRows:
        """Return the rows of the instance with partition *key*, by themselves."""
        row = await self._parts.tables.get(self._names.instances_table, key, "")
        return StoredRows(key, row, await self.history_of(key))

    async def history_of(self, key: str) -> list[Row]:
        """Return the rows of History of the instance with partition *key*."""
        condition = f"PartitionKey eq {literal(key)}"
        pages = self._parts.tables.pages(self._names.history_table, condition)
        return [one async for page in pages for one in page]

    async def instances(self) -> AsyncIterator[InstanceFacts]:
        """Yield every instance of the hub, by key; also one of which there is only half."""
        async for one in self.stored():
            yield one.facts

    async def stored(self, after: str | None = None) -> AsyncIterator[StoredRows]:
        """Yield the rows of every instance of the hub, by key; those behind the key *after* alone.

        Half an instance may be a whole that is being written, or the two tables may be sorted in different
        ways: so it is read again by itself. One that waits for its start is no half.
        """
        halves: set[int] = set()  # hashes, for there may be many
        async for one in self._side_by_side(after):
            if hash(one.key) in halves:
                continue
            if one.waits_for_its_start or (one.row is not None and one.history):
                if not self._is_of_another_hub(one.row):
                    yield one
                continue
            halves.add(hash(one.key))
            found = await self.stored_of(one.key)
            is_there = found.row is not None or found.history
            if is_there and not self._is_of_another_hub(found.row):
                yield found

    async def rows(self, after: str | None = None) -> AsyncIterator[StoredRows]:
        """Yield the instance rows of the hub alone, by key, as if there were no histories."""
        async for row in self._rows(after):
            if not self._is_of_another_hub(row):
                yield StoredRows(str(row.columns["PartitionKey"]), row)

    async def count(self) -> int:
        """Return how many instance rows the hub has, by reading their keys."""
        select = ("PartitionKey", "RowKey", "TaskHubName")
        pages = self._parts.tables.pages(self._names.instances_table, "", select=select)
        return sum([not self._is_of_another_hub(row) async for page in pages for row in page])

    def _is_of_another_hub(self, row: Row | None) -> bool:
        """Tell whether a row in tables that hubs share is another hub's, or may be: there is none."""
        if not self._shared:
            return False
        return row is None or not is_of_hub(row.columns, self._names.hub)

    async def _side_by_side(self, after: str | None) -> AsyncIterator[StoredRows]:
        rows, histories = self._rows(after), self._histories(after)
        row, history = await _next(rows), await _next(histories)
        while row is not None or history is not None:
            row_key = str(row.columns["PartitionKey"]) if row is not None else None
            history_key = str(history[0].columns["PartitionKey"]) if history is not None else None
            if history_key is None or (
                row_key is not None and _order(row_key) < _order(history_key)
            ):
                assert row_key is not None  # noqa: S101 (for the types)
                yield StoredRows(row_key, row)
                row = await _next(rows)
            elif row_key is None or row_key != history_key:
                assert history is not None  # noqa: S101 (for the types)
                yield StoredRows(history_key, None, history)
                history = await _next(histories)
            else:
                assert history is not None  # noqa: S101 (for the types)
                yield StoredRows(row_key, row, history)
                row, history = await _next(rows), await _next(histories)

    async def _rows(self, after: str | None) -> AsyncIterator[Row]:
        async for page in self._pages(self._names.instances_table, after):
            for row in page:
                yield row

    async def _histories(self, after: str | None) -> AsyncIterator[list[Row]]:
        """Yield the rows of one partition key after the other."""
        group: list[Row] = []
        async for page in self._pages(self._names.history_table, after):
            for row in page:
                if group and group[0].columns["PartitionKey"] != row.columns["PartitionKey"]:
                    yield group
                    group = []
                group.append(row)
        if group:
            yield group

    def _pages(self, table: str, after: str | None) -> AsyncIterator[list[Row]]:
        condition = f"PartitionKey gt {literal(after)}" if after is not None else ""
        return self._parts.tables.pages(table, condition)

    # -- blobs ---------------------------------------------------------------------------------

    async def blobs(self, prefix: str = "") -> AsyncIterator[Blob]:
        """Yield the blobs of the large-message container."""
        container = self._names.large_messages_container
        async for one in self._parts.blobs.listed(container, prefix):
            yield Blob(one.name, one.size, from_datetime(one.changed))


async def _next(stream: AsyncIterator[_T]) -> _T | None:
    async for one in stream:
        return one
    return None


def _order(key: str) -> bytes:
    """Return what sorts keys as Azure Tables does: by their UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")
