"""A hub's queues, tables and containers: made, checked, listed, deleted; classic layout 1, 5.6 and 9.1."""

import asyncio
import contextlib
from dataclasses import dataclass

from azure.storage.queue.aio import QueueClient

from durahub.classic.names import HubNames
from durahub.classic_b import partition_rows
from durahub.classic_b.account import Account
from durahub.classic_b.blobs import Container
from durahub.classic_b.queues import Queue
from durahub.classic_b.table_leases import PartitionRow
from durahub.classic_b.tables import Lost, Table
from durahub.errors import HubMismatch, HubNotFound
from durahub.model.ticks import Ticks, later

RECENT = 60.0  # seconds; a table manager that renewed since then is alive


@dataclass(frozen=True, slots=True)
class Resources:
    """The parts of one hub."""

    names: HubNames
    account: Account
    history: Table
    instances: Table
    partitions: Table
    workitems: Queue
    large_messages: Container
    set_aside: Container
    app_lease: Container
    leases: Container

    @classmethod
    def of(cls, account: Account, names: HubNames) -> "Resources":
        """Return the parts; nothing is made or asked."""

        def table(name: str) -> Table:
            return Table(account.tables.get_table_client(name), account.name)

        def container(name: str) -> Container:
            return Container(account.blobs.get_container_client(name), account.name)

        return cls(
            names=names,
            account=account,
            history=table(names.history_table),
            instances=table(names.instances_table),
            partitions=table(names.partitions_table),
            workitems=Queue(_client(account, names.workitem_queue), account.name),
            large_messages=container(names.large_messages_container),
            set_aside=container(names.set_aside_container),
            app_lease=container(names.app_lease_container),
            leases=container(names.leases_container),
        )

    def control_queue(self, name: str) -> Queue:
        """Return a control queue by its name."""
        return Queue(_client(self.account, name), self.account.name)

    async def existing_queues(self) -> tuple[str, ...]:
        """Return the hub's control queues that there are, in order."""
        prefix = f"{self.names.hub.lower()}-control-"
        found = await self.account.queue_names(prefix)
        return tuple(sorted(name for name in found if name[len(prefix) :].isdigit()))

    async def check_there(self) -> int:
        """Return the hub's number of partitions. Raises `HubNotFound` unless it is all there."""
        queues = await self.existing_queues()
        tables = {name.lower() for name in await self.account.table_names()}
        wanted = {self.names.history_table.lower(), self.names.instances_table.lower()}
        if not queues or not wanted <= tables:
            raise HubNotFound(self.names.hub)
        return int(queues[-1][-2:]) + 1

    async def check_matches(self, partitions: int, now: Ticks) -> None:
        """Raise `HubMismatch` if the hub has another number of partitions, or another manager is live."""
        queues = await self.existing_queues()
        there = int(queues[-1][-2:]) + 1 if queues else 0
        if there not in (0, partitions):
            raise HubMismatch(
                self.names.hub,
                f"it has {there} partitions and {partitions} were asked for; "
                f"use --partitions {there}",
            )
        if queues and not await self._table_manager_is_live(now):
            for kind, folder in (("safe", "ownership/"), ("legacy", "default/")):
                if await self.leases.leased(folder):
                    raise HubMismatch(
                        self.names.hub,
                        f"workers serve it with the {kind} partition manager (blob leases); "
                        "stop them, or let them use the table partition manager",
                    )

    async def _table_manager_is_live(self, now: Ticks) -> bool:
        tables = {name.lower() for name in await self.account.table_names()}
        if self.names.partitions_table.lower() not in tables:
            return False
        return any(
            row.last_renewal is not None and later(row.last_renewal, RECENT) > now
            for row in await self.partition_rows()
        )

    async def create(self, partitions: int) -> None:
        """Make what is missing of the hub."""
        await self.app_lease.create()
        await self.app_lease.write(self.names.app_lease_blob, b"{}", replace=False)
        await self.partitions.create()
        queues = [self.control_queue(name) for name in self.names.control_queues(partitions)]
        await asyncio.gather(
            self.history.create(),
            self.instances.create(),
            self.workitems.create(),
            *(queue.create() for queue in queues),
            *(self._insert_partition(queue.name) for queue in queues),
        )

    async def _insert_partition(self, queue: str) -> None:
        with contextlib.suppress(Lost):  # it is there
            await self.partitions.insert(partition_rows.encode(PartitionRow(queue, "")))

    async def partition_rows(self) -> list[PartitionRow]:
        """Return the rows of the table manager."""
        return [
            partition_rows.decode(row.columns, row.etag) async for row in self.partitions.rows("")
        ]

    async def delete(self) -> None:
        """Delete the hub with everything in it; what is not there is fine."""
        queues = [self.control_queue(name) for name in await self.existing_queues()]
        await asyncio.gather(*(queue.drop() for queue in (*queues, self.workitems)))
        await asyncio.gather(self.history.drop(), self.instances.drop(), self.partitions.drop())
        await asyncio.gather(
            self.app_lease.drop(),
            self.leases.drop(),
            self.large_messages.drop(),
            self.set_aside.drop(),
        )


def _client(account: Account, name: str) -> QueueClient:
    return account.queues.get_queue_client(name)
