"""What the partition managers keep in a hub: made for the one in use, looked at for all three."""

import asyncio
from collections.abc import Callable, Iterable

from durahub.classic.blobs import Blobs
from durahub.classic.columns import Columns
from durahub.classic.names import HubNames
from durahub.classic.options import Manager
from durahub.classic.partitioning.evidence import FOLDERS, Evidence
from durahub.classic.partitioning.lease_blob import (
    TASK_HUB_BLOB,
    LeaseBlob,
    is_stale,
    task_hub_json,
)
from durahub.classic.partitioning.lease_storage import LeaseBlobs
from durahub.classic.partitioning.table import LeaseRow, decode, encode
from durahub.classic.tables import Tables
from durahub.errors import HubNotFound
from durahub.model.ticks import Ticks


class LeaseStore:
    """The Partitions table and the leases container of one hub."""

    def __init__(
        self,
        names: HubNames,
        tables: Tables,
        blobs: Blobs,
        lease_blobs: LeaseBlobs,
        clock: Callable[[], Ticks],
    ) -> None:
        self._names = names
        self._tables = tables
        self._blobs = blobs
        self._lease_blobs = lease_blobs
        self._clock = clock

    @property
    def of_blobs(self) -> LeaseBlobs:
        """The leases on the blobs themselves."""
        return self._lease_blobs

    async def rows(self) -> list[LeaseRow]:
        """Return the rows of the table manager; none if it was never used here."""
        try:
            pages = self._tables.pages(self._names.partitions_table, "")
            return [decode(row.columns, row.etag) async for page in pages for row in page]
        except HubNotFound:
            return []

    async def lease_blobs(self, folder: str) -> list[LeaseBlob]:
        """Return the lease blobs of *folder*; none if there is no such container."""
        try:
            return await self._lease_blobs.read(folder)
        except HubNotFound:
            return []

    async def evidence(self) -> Evidence:
        """Return all rows and lease blobs."""
        reading = asyncio.gather(*map(self.lease_blobs, FOLDERS))
        rows, blobs = await asyncio.gather(self.rows(), reading)
        return Evidence(rows, dict(zip(FOLDERS, blobs, strict=True)))

    async def fill(self, manager: Manager, hub: str, queues: tuple[str, ...]) -> None:
        """Make what *manager* keeps of each of *queues*; its table or container is there."""
        if manager is Manager.TABLE:
            await self._fill_table(queues)
            return
        await self._write_task_hub_json(hub, len(queues))
        await asyncio.gather(
            *(
                self._lease_blobs.create(f"{folder}/{queue}")
                for folder in folders_of(manager)
                for queue in queues
            )
        )

    async def _fill_table(self, queues: Iterable[str]) -> None:
        there = {row.partition for row in await self.rows()}
        for queue in reversed(tuple(queues)):
            if queue not in there:
                columns: Columns = encode(LeaseRow(partition=queue))
                await self._tables.insert(self._names.partitions_table, columns)

    async def _write_task_hub_json(self, hub: str, partitions: int) -> None:
        container = self._names.leases_container
        there = await self._blobs.read(container, TASK_HUB_BLOB)
        if there is None or is_stale(there, hub, partitions):
            content = task_hub_json(hub, self._clock(), partitions)
            await self._blobs.write(container, TASK_HUB_BLOB, content)


def folders_of(manager: Manager) -> tuple[str, ...]:
    """Return the folders of a blob manager's leases; none for the table manager."""
    return tuple(folder for folder, owner in FOLDERS.items() if owner is manager)


def owners(evidence: Evidence, manager: Manager) -> dict[str, str | None]:
    """Return who works on each partition, by *manager*'s rows or blobs."""
    if manager is Manager.TABLE:
        return {row.partition: row.current_owner for row in evidence.rows}
    blobs = evidence.blobs.get(folders_of(manager)[0], ())
    return {blob.partition: None if blob.is_free else blob.owner for blob in blobs}
