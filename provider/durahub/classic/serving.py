"""The worker side while a listener is there: leases, one poller a partition, one for activities.

With an app lease all of it happens in turns: from when the app has the lease until it loses it.

Closing a partition: its poller stops (what it is just receiving is put back), what waits for its time
stops waiting, the listener finishes or drops what it has, commits that are being written are written to
their ends, and what is left is made visible, results of activities among it. Only then is the lease given
up. The messages of activities whose results are in memory go with the partitions of those.
"""

import asyncio
import logging

from durahub.classic.backoff import Backoff
from durahub.classic.grace import Grace
from durahub.classic.handover import HandOver
from durahub.classic.local_activities import LocalActivities
from durahub.classic.options import Level, Manager
from durahub.classic.partitioning.holding import PartitionManager
from durahub.classic.parts import Parts
from durahub.classic.poller import Poller
from durahub.classic.queues import MOST_AT_ONCE, Received
from durahub.classic.receiving import Receiver
from durahub.classic.results import Results
from durahub.errors import DurahubError
from durahub.store import Listener

log = logging.getLogger(__name__)

COMMITS_END_WITHIN = 10.0  # seconds, when a partition is closed


class Serving:
    """One run of a store's worker side."""

    def __init__(self, listener: Listener, parts: Parts, manager: Manager) -> None:
        self._listener = listener
        self._parts = parts
        self._workitems = parts.names.workitem_queue
        self._pollers: dict[str, tuple[Poller, asyncio.Task[None]]] = {}
        self._manager = manager
        self._leases: PartitionManager | None = None
        self._leaving = False
        options = parts.options
        self.handover = HandOver(
            listener,
            parts.held,
            self._workitems,
            parts.clock,
            parts.visibility,
            self.trusts,
            self.nudge,
            self._expect,
            parts.together,
            options.waits_here,
        )
        self.results = Results(
            self.handover,
            parts.held,
            parts.queues,
            parts.outbox,
            parts.visibility,
            parts.together,
            Grace(options.result_grace, options.result_grace_busy),
        )
        self.local = LocalActivities(
            listener,
            parts,
            self.handover,
            self.results,
            exclusive=options.level is Level.EXCLUSIVE,
        )

    @property
    def partitions(self) -> int:
        """How many partitions are worked on."""
        return sum(queue != self._workitems for queue in self._pollers)

    def trusts(self, queue: str) -> bool:
        """Tell whether what belongs to *queue* may be written now: it is ours, be it draining."""
        return self._leases is not None and self._leases.trusts(queue)

    async def run(self) -> None:
        """Serve until cancelled, then let everything go. Raises `HubNotFound` when the hub is deleted."""
        turns = self._parts.managers.app_turns(self._manager)
        serving = self._take_turn() if turns is None else turns.run(self._take_turn)
        work = [
            asyncio.create_task(serving, name="leases"),
            asyncio.create_task(self._parts.held.keep_hidden(), name="renewals"),
        ]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:  # renewals go on to the end: what is draining must stay hidden
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for task in work:
            if not task.cancelled():
                task.result()

    async def _take_turn(self) -> None:
        """Take activities and share partitions until cancelled, then let all go."""
        self._leases = leases = self._parts.managers.make(self._manager, self)
        self._leaving = False
        self._open(self._workitems)
        try:
            await leases.run()
        finally:
            await self._leave(leases)

    async def _leave(self, leases: PartitionManager) -> None:
        self._leaving = True
        limit = self._parts.options.leave_within
        closing = asyncio.create_task(self.close_partition(self._workitems))
        await asyncio.gather(asyncio.wait({closing}, timeout=limit), leases.leave(limit))
        if not closing.done():
            log.warning("activities-not-closed", extra={"queue": self._workitems})
            closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await self.results.let_go()
        await self.handover.put_back_all(self._workitems)  # what got its message in the meantime
        await self._parts.held.quiet(COMMITS_END_WITHIN)

    def wake(self) -> None:
        """There is room again."""
        for poller, _ in self._pollers.values():
            poller.wake()

    def nudge(self, queue: str) -> None:
        """Something is in *queue* that was not handed over in memory."""
        if queue in self._pollers:
            self._pollers[queue][0].nudge()

    def _expect(self, queue: str) -> None:
        if queue in self._pollers:
            self._pollers[queue][0].expect()

    # -- partitions, and the work-item queue, which is treated as one ---------------------------

    def open_partition(self, partition: str) -> None:
        """Begin to hand over messages of *partition*."""
        self._open(partition)

    async def close_partition(self, partition: str) -> None:
        """Stop taking messages of a partition, have them finished, put back what is left."""
        poller, polling = self._pollers.pop(partition)
        self.handover.stop(partition)
        poller.stop()
        await asyncio.gather(polling, return_exceptions=True)
        try:
            await self._listener.on_partition_closing(self._label(partition))
        finally:
            await self._parts.unbroken.finish(partition, COMMITS_END_WITHIN)
            lost = await self.results.let_go(partition)
            await self.local.settle(partition, lost, trusted=self.trusts(partition))
            await self.handover.put_back_all(partition)
            if self.local.exclusive and not self._leaving:
                self._parts.held.in_background(self._look_for_others())

    async def _look_for_others(self) -> None:
        """Go on as at the default level if a worker that is not durahub has come: it takes partitions."""
        try:
            others = await self._parts.servers.others()
        except DurahubError as error:
            log.warning("others-not-looked-for", extra={"code": error.code})
            return
        if others and self.local.exclusive:
            workers = [one.worker for one in others]
            log.warning("hub-not-exclusive", extra={"workers": workers})
            await self.local.end_exclusive()

    def _label(self, queue: str) -> str:
        return "" if queue == self._workitems else queue

    def _open(self, queue: str) -> None:
        activities = queue == self._workitems
        self.handover.open(queue, behind=not activities)
        if not activities:
            self.local.instances.open(queue)
        parts = self._parts
        receiver = Receiver(queue, parts, self.handover, activities=activities)

        async def receive(places: int) -> list[Received]:
            batch = await parts.queues.receive(queue, places, parts.visibility.of(queue))
            if not batch:
                self.handover.caught_up(queue)
            return batch

        poller = Poller(
            queue,
            receive,
            receiver.take,
            self.handover.room(queue),
            lambda: self.handover.is_open(queue),
            Backoff(parts.options.max_poll, parts.random),
            MOST_AT_ONCE if activities else parts.options.control_batch,
            half=activities and parts.options.level is Level.EXCLUSIVE,
        )
        polling = asyncio.create_task(poller.run(), name=f"poll {queue}")
        self._pollers[queue] = (poller, polling)
