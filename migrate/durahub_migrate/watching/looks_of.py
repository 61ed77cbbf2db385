"""What looks at a hub's queues, leases, messages and blobs, as a watch asks it."""

from collections.abc import Callable
from typing import Protocol

from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.waiting import Explanation, Stuck
from durahub_migrate.watching.opened import OpenedHub


class Looks(Protocol):
    """Looks at one hub that is open; what each returns is told in `durahub_migrate.monitor.seam.HubWatch`."""

    async def why(self, instance_id: str) -> Explanation:
        """Explain why an instance waits. Raises `InstanceNotFound`."""

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        """Return instances that have not moved for so many seconds though they should."""

    async def partitions(self) -> PartitionsView:
        """Look at queues and leases."""

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        """Return the messages of a queue that can be seen."""

    async def storage(self) -> StorageView:
        """Return what the hub takes."""

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        """Return blobs that nothing names."""


LooksOf = Callable[[OpenedHub], Looks]
"""Makes what looks at a hub; nothing is asked of storage before it is used."""
