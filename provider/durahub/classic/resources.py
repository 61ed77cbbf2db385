"""A hub's queues, tables and containers: made, checked, listed, deleted; classic layout 1, 5.6, 9.1."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from durahub.classic.account import Account
from durahub.classic.blobs import Blobs
from durahub.classic.names import HubNames
from durahub.classic.options import DEFAULT_PARTITIONS, Manager
from durahub.classic.partitioning.app_lease import decode
from durahub.classic.partitioning.lease_storage import AppLeaseContainer
from durahub.classic.partitioning.lease_store import LeaseStore
from durahub.classic.storage_errors import BEING_DELETED, StorageErrors, code_of
from durahub.classic.tables import Tables
from durahub.errors import HubMismatch, HubNotFound
from durahub.model.json_text import loads

DELETION_TAKES = 60  # seconds, at most, until a name that was deleted can be used again


@dataclass(frozen=True, slots=True)
class PartitionEvidence:
    """What in storage tells a hub's number of partitions; ``None`` where nothing does."""

    queues: int | None
    rows: int | None
    task_hub_json: int | None

    def by(self, manager: Manager) -> dict[str, int]:
        """Return the numbers that count under *manager*, by where they stand.

        The blob managers keep ``taskhub.json``, and it alone tells of a number that was lowered, for
        queues and lease blobs stay. Under the table manager it is a leftover.
        """
        found = {"control queues": self.queues, "Partitions table": self.rows}
        if manager is not Manager.TABLE:
            found = {"taskhub.json": self.task_hub_json or self.queues}
        return {where: number for where, number in found.items() if number is not None}


class Resources:
    """The parts of one hub."""

    def __init__(
        self,
        account: Account,
        names: HubNames,
        tables: Tables,
        blobs: Blobs,
        leases: LeaseStore,
        app_lease: AppLeaseContainer,
        errors: StorageErrors,
    ) -> None:
        self._account = account
        self._names = names
        self._tables = tables
        self._blobs = blobs
        self._leases = leases
        self._app_lease = app_lease
        self._errors = errors

    @property
    def store(self) -> str:
        """Where they are, for people: ``storage account acme``."""
        return self._account.place

    # -- looking -------------------------------------------------------------------------------

    async def control_queues(self) -> tuple[str, ...]:
        """Return the names of the control queues that there are, in order."""
        prefix = f"{self._names.hub.lower()}-control-"
        with self._errors.translated():
            listed = self._account.queues.list_queues(name_starts_with=prefix)
            found = [str(queue.name) async for queue in listed]
        return tuple(sorted(n for n in found if re.fullmatch(r"\d\d", n[len(prefix) :])))

    async def check_there(self) -> None:
        """Raise `HubNotFound` unless queues and tables of the hub are there."""
        names = self._names
        if not await self.control_queues():
            raise HubNotFound(names.hub, store=self._account.place)
        for table in (names.instances_table, names.history_table):
            await self._tables.get(table, "-", "-")  # raises if there is no table
        await self._depth(names.workitem_queue)

    async def check_spelling(self) -> None:
        """Raise `HubNotFound` with the hub's right name if only upper and lower case are others.

        Azure Storage disregards the case of a table's name. Azurite makes no second table either, but does
        not find the first by another spelling.
        """
        names = self._names
        with self._errors.translated():
            tables = [str(table.name) async for table in self._account.tables.list_tables()]
        for table in (names.instances_table, names.history_table, names.partitions_table):
            found = next((one for one in tables if one.lower() == table.lower()), table)
            if found != table:
                hint = f"this storage has {found} and minds the case of letters: use that spelling"
                raise HubNotFound(names.hub, hint, store=self._account.place)

    async def evidence(self) -> PartitionEvidence:
        """Return what tells the number of partitions."""
        return await self.evidence_with(await self.control_queues())

    async def evidence_with(self, control_queues: Sequence[str]) -> PartitionEvidence:
        """Return what tells the number of partitions, where the queues have been listed."""
        rows = [row.partition for row in await self._leases.rows()]
        count = await self._count_in_task_hub_json()
        return PartitionEvidence(_count(control_queues), _count(rows), count)

    async def tables(self) -> tuple[str, ...]:
        """Return the names of all tables of the account."""
        with self._errors.translated():
            return tuple([str(table.name) async for table in self._account.tables.list_tables()])

    async def queues(self) -> tuple[str, ...]:
        """Return the names of the queues that begin as this hub's do."""
        prefix = f"{self._names.hub.lower()}-"
        with self._errors.translated():
            listed = self._account.queues.list_queues(name_starts_with=prefix)
            return tuple([str(queue.name) async for queue in listed])

    async def containers(self) -> tuple[str, ...]:
        """Return the names of the containers that begin as this hub's do."""
        prefix = f"{self._names.hub.lower()}-"
        with self._errors.translated():
            listed = self._account.blobs.list_containers(name_starts_with=prefix)
            return tuple([str(container.name) async for container in listed])

    def partitions(self, found: PartitionEvidence, manager: Manager, wanted: int | None) -> int:
        """Return the hub's number of partitions. Raises `HubMismatch` if another one is *wanted*."""
        numbers = found.by(manager)
        count = wanted or next(iter(numbers.values()), DEFAULT_PARTITIONS)
        for what, number in numbers.items():
            if number != count:
                raise HubMismatch(
                    self._names.hub,
                    f"it has {number} partitions (by its {what}) and {count} were asked for; use "
                    f"--partitions {number}, or another hub",
                )
        return count

    async def _count_in_task_hub_json(self) -> int | None:
        content = await self._blobs.read(self._names.leases_container, "taskhub.json")
        try:
            count = loads(content)["PartitionCount"] if content else None
        except (ValueError, KeyError, TypeError):
            return None
        return count if isinstance(count, int) else None

    # -- making --------------------------------------------------------------------------------

    async def create(self, partitions: int, manager: Manager) -> None:
        """Make what is missing of the hub, and of what *manager* keeps in it.

        The queue of the last partition is made first: whatever is there after a crash tells the
        right number.
        """
        names = self._names
        account = self._account
        queues = names.control_queues(partitions)
        await self._make(account.queues.create_queue, queues[-1])
        await self._make(account.blobs.create_container, names.app_lease_container)
        await self._app_lease.create_info()
        await asyncio.gather(
            self._make_lease_store(manager),
            self._make(account.tables.create_table, names.history_table),
            self._make(account.tables.create_table, names.instances_table),
            self._make(account.queues.create_queue, names.workitem_queue),
            *(self._make(account.queues.create_queue, queue) for queue in queues[:-1]),
        )
        await self._leases.fill(manager, names.hub, queues)

    async def _make_lease_store(self, manager: Manager) -> None:
        names, account = self._names, self._account
        if manager is Manager.TABLE:
            await self._make(account.tables.create_table, names.partitions_table)
        else:
            await self._make(account.blobs.create_container, names.leases_container)

    async def make_queue(self, queue: str) -> None:
        """Make a control queue, if it is missing: partitions stay when their number is lowered."""
        await self._make(self._account.queues.create_queue, queue)

    async def _make(self, create: Callable[[str], Awaitable[Any]], name: str) -> None:
        """Create something that may exist; wait for one of the same name that is being deleted."""
        for _ in range(DELETION_TAKES):
            if await self._made(create, name):
                return
            await asyncio.sleep(1)
        raise self._errors.of(409, "still being deleted")

    async def _made(self, create: Callable[[str], Awaitable[Any]], name: str) -> bool:
        with self._errors.translated():
            try:
                await create(name)
            except HttpResponseError as error:
                if code_of(error) in BEING_DELETED:
                    return False
                if not isinstance(error, ResourceExistsError):
                    raise
        return True

    # -- deleting ------------------------------------------------------------------------------

    async def delete(self) -> None:
        """Delete the hub with everything in it; what is not there is fine.

        Tables that hubs share through a tracking prefix stay: they hold the others' instances.
        """
        names, account = self._names, self._account
        queues = [*await self.control_queues(), names.workitem_queue]
        tables = [names.partitions_table]
        if names.tracking_prefix is None:
            tables += [names.history_table, names.instances_table]
        containers = (
            names.app_lease_container,
            names.leases_container,
            names.large_messages_container,
            names.set_aside_container,
        )
        await asyncio.gather(*(self._drop(account.queues.delete_queue, one) for one in queues))
        await asyncio.gather(*(self._drop(account.tables.delete_table, one) for one in tables))
        with contextlib.suppress(HubNotFound):
            await self._app_lease.break_lease()
        await asyncio.gather(
            *(self._drop(account.blobs.delete_container, one) for one in containers)
        )

    async def _drop(self, delete: Callable[[str], Awaitable[Any]], name: str) -> None:
        with self._errors.translated():
            try:
                await delete(name)
            except ResourceNotFoundError:
                return
            except HttpResponseError as error:
                if code_of(error) not in BEING_DELETED:
                    raise

    # -- showing -------------------------------------------------------------------------------

    async def depths(self) -> dict[str, int]:
        """Return about how many messages are in each queue."""
        queues = (*await self.control_queues(), self._names.workitem_queue)
        return {queue: await self._depth(queue) for queue in queues}

    async def app_lease_owner(self) -> str | None:
        """Return the app lease's ID while an app has it."""
        try:
            if await self._app_lease.is_leased():
                return decode(await self._app_lease.read_info()).owner_id or "unknown"
        except HubNotFound:
            pass  # made by an old version, perhaps without such a container
        return None

    async def _depth(self, queue: str) -> int:
        with self._errors.translated():
            client = self._account.queues.get_queue_client(queue)
            properties = await client.get_queue_properties()
        return int(properties.approximate_message_count or 0)


def _count(queues: Sequence[str]) -> int | None:
    """Return the number of partitions that control queues stand for, by the last one's number."""
    return max((int(name[-2:]) + 1 for name in queues), default=None)
