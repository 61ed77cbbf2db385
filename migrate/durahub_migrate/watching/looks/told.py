"""What can be told of a hub whose queues nobody lets us see: behind an endpoint, or in a bundle.

Histories tell what instances wait for. Whether a message is queued, taken or lost, who holds what: that is
not told there, and is said to be not read.
"""

from collections.abc import Callable

from durahub.errors import InstanceNotFound, NotOffered
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.explaining import HubSeen, InstanceSeen, explain, needs
from durahub_migrate.monitor.health.measures import BlobSum, storage_view
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.waiting import Explanation, Stuck
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.looks import known_rows
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.looks.stuck_list import StuckList
from durahub_migrate.watching.reading.live import LiveSource

MOST_OTHERS = 6
MOST_ROWS = 20_000
NOT_TOLD = {
    StoreKind.ENDPOINT: "An endpoint tells nothing of queues, leases and workers.",
    StoreKind.BUNDLE: "A bundle is a picture: nothing in it moves, and nobody holds anything.",
}


class ToldLooks:
    """Looks at one hub through its live source: 2 calls for each instance that is explained."""

    def __init__(
        self,
        ref: HubRef,
        live: LiveSource,
        index: HubIndex,
        clock: Callable[[], Ticks],
        settings: LookSettings | None = None,
    ) -> None:
        self._ref = ref
        self._live = live
        self._index = index
        self._clock = clock
        self._settings = settings or LookSettings()
        self._list = StuckList(self._settings, clock)

    async def why(self, instance_id: str) -> Explanation:
        """Explain why an instance waits. Raises `InstanceNotFound`."""
        first = await self._instance(instance_id)
        if not first.is_there:
            raise InstanceNotFound(instance_id)
        found = {instance_id: first}
        while len(found) <= MOST_OTHERS:
            wanted = [one for one in needs(instance_id, found) if one not in found]
            if not wanted:
                break
            found[wanted[0]] = await self._instance(wanted[0])
        return explain(instance_id, found, self._seen())

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        """Return instances that do not move, as far as their histories tell."""
        seen = self._seen()
        rows = list(known_rows.active(self._index, seen.now, most=MOST_ROWS))
        return await self._list.of(rows, seen, lambda _: None, older_than, self.why)

    async def partitions(self) -> PartitionsView:
        """Return a page that says why it is empty."""
        return PartitionsView(
            at=self._clock(),
            manager=None,
            partitions=(),
            work_items=None,
            problems=self._not_told(),
        )

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        """Raise `NotOffered`."""
        raise NotOffered(self._ref.key, f"queue {queue}", " ".join(self._not_told()))

    async def storage(self) -> StorageView:
        """Return how many instances there are; bytes are not told."""
        now = self._clock()
        known = known_rows.known(self._index, now)
        return storage_view(now, (), known, BlobSum(), 0, None)

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        """Return nothing: blobs are not told."""
        return ()

    async def close(self) -> None:
        """Do nothing: nothing runs in the background."""

    def _seen(self) -> HubSeen:
        return HubSeen(
            name=self._ref.key,
            address=self._ref.address,
            now=self._clock(),
            unread=self._not_told(),
            thresholds=self._settings.thresholds,
        )

    def _not_told(self) -> tuple[str, ...]:
        return (NOT_TOLD[self._ref.kind],)

    async def _instance(self, instance_id: str) -> InstanceSeen:
        detail = await self._live.detail(instance_id)
        if detail is None:
            return InstanceSeen(instance_id=instance_id, history=())
        live = await self._live.history(instance_id)
        return InstanceSeen(
            instance_id=instance_id,
            row=detail.row,
            history=tuple(live.events),
            execution_id=live.execution_id,
            checkpoint=detail.row.updated,
            backlog=len(detail.operations) if detail.operations else None,
            problems=live.problems,
        )
