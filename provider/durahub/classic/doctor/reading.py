"""Reads what the rules look at. Nothing is changed: queues are peeked at, rows and blobs are read.

Instances and History have the same keys in the same order, so one pass over both, side by side, gives each
instance with its history; at most a page of the one and an instance of the other are in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from durahub.classic.columns import Columns
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
from durahub.classic.stored_rows import is_of_hub
from durahub.classic.tables import Row, literal
from durahub.errors import BadMessage, Malformed
from durahub.model.ticks import Ticks, from_datetime

HEAD = 200  # characters that are kept of what cannot be read
_T = TypeVar("_T")


class Reading:
    """Reads one hub."""

    def __init__(self, parts: Parts, clock: Callable[[], Ticks]) -> None:
        self._parts = parts
        self._names = parts.names
        self._clock = clock
        self._shared = parts.names.tracking_prefix is not None
        self.container_url = parts.payloads.url

    # -- the hub -------------------------------------------------------------------------------

    async def hub(self) -> HubFacts:
        """Return the hub but for its instances.

        Queues are read in the order in which work goes through them, so that nothing slips by: an
        activity that has left its queue has its result in the next.
        """
        names, resources = self._names, self._parts.resources
        evidence = await resources.evidence()
        control = await resources.control_queues()
        queues = [await self._queue(names.workitem_queue)]
        queues += await asyncio.gather(*(self._queue(name) for name in control))
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
        seen = tuple([await self._seen(name, one) for one in peeked])
        return QueueFacts(name, max(before, after), seen)

    async def _seen(self, queue: str, peeked: Peeked) -> SeenMessage:
        envelope, blob, problem = None, None, None
        try:
            found = decode(from_queue_text(peeked.text))
            if isinstance(found, Wrapper):
                blob = found.blob_name
                found = decode(await self._parts.payloads.read(blob))
            if isinstance(found, Wrapper):
                raise BadMessage("a wrapper names a wrapper")
            envelope = found
        except Malformed as error:
            problem = error.sentence
        return SeenMessage(
            queue=queue,
            message_id=peeked.message_id,
            deliveries=peeked.deliveries,
            envelope=envelope,
            blob=blob,
            problem=problem,
            head=peeked.text[:HEAD] if problem is not None else "",
        )

    # -- instances -----------------------------------------------------------------------------

    async def instance(self, key: str) -> InstanceFacts:
        """Return the instance with partition *key*, whatever there is of it."""
        names, tables = self._names, self._parts.tables
        row = await tables.get(names.instances_table, key, "")
        pages = tables.pages(names.history_table, f"PartitionKey eq {literal(key)}")
        history = [one.columns async for page in pages for one in page]
        return instance_facts(
            key, row.columns if row is not None else None, history, row.etag if row else None
        )

    async def instances(self) -> AsyncIterator[InstanceFacts]:
        """Yield every instance of the hub, by key; also one of which there is only half.

        A half may be a whole that is being written, or the two tables may be sorted in different ways:
        so it is read again by itself.
        """
        halves: set[str] = set()
        async for key, row, history in self._side_by_side():
            if key in halves:
                continue
            if row is not None and history:
                if not self._is_of_another_hub(row.columns):
                    columns = [one.columns for one in history]
                    yield instance_facts(key, row.columns, columns, row.etag)
                continue
            halves.add(key)
            found = await self.instance(key)
            of_whom = found.row_columns if found.row_columns else None
            if found.is_there and not self._is_of_another_hub(of_whom):
                yield found

    def _is_of_another_hub(self, row: Columns | None) -> bool:
        """Tell whether a row in tables that hubs share is another hub's, or may be: there is none."""
        if not self._shared:
            return False
        return row is None or not is_of_hub(row, self._names.hub)

    async def _side_by_side(self) -> AsyncIterator[tuple[str, Row | None, list[Row]]]:
        rows, histories = self._rows(), self._histories()
        row, history = await _next(rows), await _next(histories)
        while row is not None or history is not None:
            row_key = str(row.columns["PartitionKey"]) if row is not None else None
            history_key = str(history[0].columns["PartitionKey"]) if history is not None else None
            if history_key is None or (
                row_key is not None and _order(row_key) < _order(history_key)
            ):
                assert row_key is not None
                yield row_key, row, []
                row = await _next(rows)
            elif row_key is None or row_key != history_key:
                assert history is not None
                yield history_key, None, history
                history = await _next(histories)
            else:
                assert history is not None
                yield row_key, row, history
                row, history = await _next(rows), await _next(histories)

    async def _rows(self) -> AsyncIterator[Row]:
        async for page in self._parts.tables.pages(self._names.instances_table, ""):
            for row in page:
                yield row

    async def _histories(self) -> AsyncIterator[list[Row]]:
        """Yield the rows of one partition key after the other."""
        group: list[Row] = []
        async for page in self._parts.tables.pages(self._names.history_table, ""):
            for row in page:
                if group and group[0].columns["PartitionKey"] != row.columns["PartitionKey"]:
                    yield group
                    group = []
                group.append(row)
        if group:
            yield group

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
