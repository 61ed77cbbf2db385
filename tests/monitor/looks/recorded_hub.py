"""A recorded hub on Azurite that a test may tamper with, and what looks at it."""

from collections.abc import Iterable
from random import Random
from typing import Any

from durahub.classic.account import Account
from durahub.classic.columns import Columns
from durahub.classic.keys import escape
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.partitioning.table import LeaseRow, encode
from durahub.classic.parts import Parts, assemble
from durahub.classic.queues import Received
from durahub.classic.routing import control_index
from durahub.model.ticks import Ticks, later
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.watching.looks.classic import ClassicLooks
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.sources.classic_rows import RowMaker
from tests.monitor.watching.memory_index import MemoryHub

WORKER = "worker-1"


class Clock:
    """A clock that a test sets; it begins at the real time, which is that of storage."""

    def __init__(self, now: Ticks) -> None:
        self.now = now

    def __call__(self) -> Ticks:
        return self.now


class HubOnAzurite:
    """A hub, its parts, and looks at it."""

    def __init__(self, name: str, account: Account, clock: Clock) -> None:
        self.name = name
        self.account = account
        self.clock = clock
        self.parts: Parts = assemble(HubNames(name), account, ClassicOptions(), clock, Random(1))
        self.index = MemoryHub()
        self.looks = self.looking()

    def looking(self, **settings: Any) -> ClassicLooks:
        """Return looks with settings of their own; nothing is kept between two looks by default."""
        told = LookSettings(**{"fresh": 0.0, "pause": 0.0, **settings})
        ref = HubRef(f"{self.name}@local", self.name, self.name, StoreKind.CLASSIC)
        return ClassicLooks(ref, self.parts, self.index, self.clock, told)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return sum(self.account.request_counts().values())

    async def fill_index(self) -> None:
        """Put all rows into the index, as a sweep does."""
        maker = RowMaker(
            f"{self.name}@local", self.parts.payloads.url, lambda one: control_index(one, 4)
        )
        pages = self.parts.tables.pages(self.parts.names.instances_table, "")
        columns = [row.columns async for page in pages for row in page]
        rows = [maker.row(one, self.clock())[0] for one in columns]
        self.index.begin_sweep(self.clock(), None)
        self.index.put(rows, swept=True)
        self.index.end_sweep(self.clock())

    def queue_of(self, instance_id: str) -> str:
        """Return an instance's control queue."""
        return self.parts.names.control_queue(control_index(instance_id, 4))

    @property
    def work_items(self) -> str:
        """The queue of activities."""
        return self.parts.names.workitem_queue

    # -- tampering -----------------------------------------------------------------------------

    async def held(
        self, queues: Iterable[str] | None = None, *, by: str = WORKER, ends_in: float = 30.0
    ) -> None:
        """Have a worker hold partitions by the table manager, all of them unless told."""
        wanted = queues if queues is not None else self.parts.names.control_queues(4)
        now = self.clock()
        for queue in wanted:
            row = LeaseRow(
                partition=queue,
                current_owner=by,
                owned_since=later(now, -3600.0),
                last_renewal=later(now, min(0.0, ends_in - 30.0)),
                expires_at=later(now, ends_in),
            )
            await self.put_lease(row)

    async def put_lease(self, row: LeaseRow) -> None:
        """Write a row of the table manager."""
        table = self.parts.names.partitions_table
        there = await self.parts.tables.get(table, "", row.partition)
        if there is None:
            await self.parts.tables.insert(table, encode(row))
        else:
            await self.parts.tables.replace(table, encode(row), there.etag)

    async def take(self, queue: str, *, hidden: int = 300) -> list[Received]:
        """Receive the messages of a queue, as a worker does."""
        return await self.parts.queues.receive(queue, 32, hidden)

    async def deliver(self, queue: str, times: int) -> None:
        """Have the messages of a queue delivered and given back so often."""
        for _ in range(times):
            for message in await self.take(queue):
                await self.parts.queues.update(message.receipt, 0)

    async def lose(self, queue: str) -> None:
        """Delete the messages of a queue."""
        for message in await self.take(queue):
            await self.parts.queues.delete(message.receipt)

    async def row(self, instance_id: str) -> Columns:
        """Return the columns of an instance row."""
        found = await self.parts.tables.get(
            self.parts.names.instances_table, escape(instance_id), ""
        )
        assert found is not None
        return found.columns

    async def change_row(self, instance_id: str, **columns: Any) -> None:
        """Change columns of an instance row."""
        table = self.parts.names.instances_table
        found = await self.parts.tables.get(table, escape(instance_id), "")
        assert found is not None
        await self.parts.tables.replace(table, {**found.columns, **columns}, found.etag)

    async def purge(self, instance_id: str) -> None:
        """Delete an instance's rows."""
        key = escape(instance_id)
        names = self.parts.names
        pages = self.parts.tables.pages(names.history_table, f"PartitionKey eq '{key}'")
        rows = [row.columns async for page in pages for row in page]
        for row in rows:
            await self.parts.tables.delete(names.history_table, key, str(row["RowKey"]))
        await self.parts.tables.delete(names.instances_table, key, "")

    async def close(self) -> None:
        """Close the account."""
        await self.looks.close()
        await self.account.close()
