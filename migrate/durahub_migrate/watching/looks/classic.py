"""Everything that is looked at in a hub in Azure Storage. See `durahub_migrate.watching.looks_of`."""

import asyncio
from collections.abc import Callable

from durahub.classic.doctor.reading import Reading
from durahub.classic.parts import Parts
from durahub.errors import BadRequest
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.health.flapping import looked
from durahub_migrate.monitor.health.look import HubLook, Looked, view
from durahub_migrate.monitor.health.measures import Measured, storage_view
from durahub_migrate.monitor.health.messages import verdicts
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.waiting import Explanation, Stuck
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.looks import known_rows
from durahub_migrate.watching.looks.classic_blobs import BlobsRead, ClassicBlobs
from durahub_migrate.watching.looks.classic_hub import ClassicHub
from durahub_migrate.watching.looks.classic_storage import measure, sample
from durahub_migrate.watching.looks.classic_why import ClassicWhy
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.looks.stuck_list import StuckList

MOST_ROWS = 20_000
"""So many instances that have not ended are judged, those that changed longest ago."""


class ClassicLooks:
    """Looks at one hub; nothing is asked before it is used."""

    def __init__(
        self,
        ref: HubRef,
        parts: Parts,
        index: HubIndex,
        clock: Callable[[], Ticks],
        settings: LookSettings | None = None,
    ) -> None:
        self._settings = settings or LookSettings()
        self._ref = ref
        self._parts = parts
        self._index = index
        self._clock = clock
        self._hub = ClassicHub(ref, parts, clock, self._settings.thresholds)
        self._why = ClassicWhy(ref.key, parts, self._hub, clock, self._settings.pause)
        self._looked = Looked()
        self._looking = asyncio.Lock()
        self._list = StuckList(self._settings, clock)
        self._measured: tuple[Ticks, list[Measured]] | None = None
        self._blobs: tuple[Ticks, BlobsRead] | None = None
        self._measuring: asyncio.Task[None] | None = None

    async def look(self) -> HubLook:
        """Return a look at queues and leases that is fresh enough."""
        async with self._looking:
            last = self._looked.last
            if last is not None and self._is_within(last.at, self._settings.fresh):
                return last
            found = await self._hub.look()
            hands = looked(self._looked.hands, found.held.owners, found.at)
            self._looked = Looked(found, last, hands)
            return found

    async def partitions(self) -> PartitionsView:
        """Look at queues and leases."""
        found = await self.look()
        sums = known_rows.sums(self._index, len(found.control))
        return view(found, self._looked.before, self._looked.hands, sums)

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        """Return the messages of a queue that can be seen: 2 requests. Raises `BadRequest`."""
        known = (self._hub.work_items, *await self._hub.control_queues())
        if queue not in known:
            raise BadRequest(f"the hub has no queue {queue!r}")
        (found,) = await self._hub.queues((queue,))
        return verdicts(found.messages, self._exists, self._settings.thresholds)

    async def why(self, instance_id: str) -> Explanation:
        """Explain why an instance waits. Raises `InstanceNotFound`."""
        last = self._looked.last
        leases = None
        if last is not None and self._is_within(last.at, self._settings.fresh):
            leases = (last.held, last.seen.frozen)
        return await self._why.why(instance_id, leases)

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        """Return instances that do not move; the first of them are explained in whole."""
        found = await self.look()
        rows = list(known_rows.active(self._index, found.at, most=MOST_ROWS))
        queues = {row.instance_id: await self._hub.queue_of(row.instance_id) for row in rows}
        return await self._list.of(rows, found.seen, queues.get, older_than, self.why)

    async def storage(self) -> StorageView:
        """Return what the hub takes, by the last measurement; the first one is waited for."""
        if self._measured is None or self._blobs is None:
            await self._measure()
        elif not self._is_within(self._measured[0], self._settings.measured_for):
            self._begin_measuring()
        assert self._measured is not None  # noqa: S101 (for the types)
        assert self._blobs is not None  # noqa: S101 (for the types)
        at, measured = self._measured
        look = await self.look()
        return storage_view(
            at,
            measured,
            known_rows.known(self._index, self._clock()),
            self._blobs[1].sum,
            sum(queue.depth for queue in look.seen.queues.values()),
            self._settings.price,
        )

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        """Return blobs that nothing names, of those that are old enough."""
        found = await self._look_at_blobs()
        return tuple(found.orphans)

    async def close(self) -> None:
        """End what runs in the background; calling it twice is fine."""
        task, self._measuring = self._measuring, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _begin_measuring(self) -> None:
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.create_task(self._measure(), name=f"measure {self._ref.key}")

    async def _measure(self) -> None:
        now = self._clock()
        names = known_rows.known(self._index, now).names
        rows = sample(known_rows.everything(self._index, now), self._settings.samples, len(names))
        measured = await measure(Reading(self._parts, self._clock), rows)
        await self._look_at_blobs()
        self._measured = (self._clock(), measured)

    async def _look_at_blobs(self) -> BlobsRead:
        settings = self._settings
        blobs = ClassicBlobs(
            self._parts,
            self._hub,
            lambda instance_id: self._index.row(instance_id) is not None,
            self._clock,
            grace=settings.grace,
            most=settings.blobs,
            most_checked=settings.checked,
        )
        found = await blobs.look()
        self._blobs = (self._clock(), found)
        return found

    def _exists(self, instance_id: str) -> bool | None:
        if self._index.row(instance_id) is not None:
            return True
        return False if self._index.sweep().complete is not None else None

    def _is_within(self, at: Ticks, seconds: float) -> bool:
        return seconds_between(at, self._clock()) < seconds
