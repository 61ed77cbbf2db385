"""The worker side of a hub while it is served: leases, receivers, renewals, and the orderly end."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

from durahub.classic_b.aside import Aside
from durahub.classic_b.held import Held, HeldMessages
from durahub.classic_b.leases import PartitionLeases
from durahub.classic_b.options import ClassicOptions
from durahub.classic_b.postman import Postman
from durahub.classic_b.queues import Queue
from durahub.classic_b.receiving import Receiver
from durahub.classic_b.resources import Resources
from durahub.errors import Unavailable
from durahub.model.ticks import Ticks, seconds_between
from durahub.store import Listener

log = logging.getLogger(__name__)


class Serving:
    """Runs one hub for one listener, once."""

    def __init__(
        self,
        parts: Resources,
        options: ClassicOptions,
        listener: Listener,
        queue_of: Callable[[str], Queue],
        held: HeldMessages,
        undeleted: set[str],
        postman: Postman,
        aside: Aside,
        clock: Callable[[], Ticks],
        chance: random.Random,
    ) -> None:
        self._parts = parts
        self._options = options
        self._listener = listener
        self._queue_of = queue_of
        self._held = held
        self._undeleted = undeleted
        self._postman = postman
        self._aside = aside
        self._clock = clock
        self._chance = chance
        self._receivers: dict[str, Receiver] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leases = PartitionLeases(
            parts.partitions, options.worker_id, clock, self._open, self._close
        )

    def wake(self) -> None:
        """Look into every queue now."""
        for receiver in self._receivers.values():
            receiver.wake()

    def listens(self, queue: str) -> bool:
        """Tell whether messages of *queue* may be handed over."""
        return self._leases.listens(queue)

    def trusts(self, partition: str) -> bool:
        """Tell whether this server may act on *partition* now."""
        return not partition or self._leases.trusts(partition)

    async def run(self) -> None:
        """Serve until cancelled."""
        self._postman.listener = self._listener
        self._postman.listens = self.listens
        workitems = self._parts.names.workitem_queue
        self._receive(workitems, "")
        renewing = asyncio.create_task(self._renew(), name="renew")
        self._tasks["renew"] = renewing
        await self._leases.run()

    async def stop(self) -> None:
        """Stop receiving, let sessions drain, let the partitions go, make the rest visible."""
        self._postman.listens = lambda _: False
        workitems = self._parts.names.workitem_queue
        await self._stop_receiving(workitems)
        closing = asyncio.create_task(self._listener.on_partition_closing(""))
        await self._leases.stop()
        await asyncio.gather(closing, return_exceptions=True)
        self._postman.listener = None
        for name in list(self._tasks):
            await self._stop_receiving(name)
        for held in self._held.of_queue(workitems):
            await self._let_go(held)

    def _open(self, queue: str) -> None:
        self._receive(queue, queue)

    async def _close(self, queue: str) -> None:
        await self._stop_receiving(queue)
        await self._listener.on_partition_closing(queue)
        await asyncio.gather(*(self._let_go(held) for held in self._held.of_queue(queue)))

    async def _let_go(self, held: Held) -> None:
        """Make a message visible to others: now, or at its time if that is still to come."""
        self._postman.forget_parked(held)
        if self._held.take(held.delivery.key) is None:
            return
        due = held.delivery.message.due
        delay = max(0.0, seconds_between(self._clock(), due)) if due is not None else 0.0
        with contextlib.suppress(Unavailable):  # its time runs out by itself
            await self._queue_of(held.queue).hide(held.receipt, delay)

    def _receive(self, queue: str, partition: str) -> None:
        receiver = Receiver(
            self._queue_of(queue),
            partition,
            self._listener,
            self._held,
            self._undeleted,
            self._postman,
            self._parts.large_messages,
            self._aside,
            visibility=self._options.visibility,
            max_poll=self._options.max_poll,
            chance=self._chance.random,
        )
        self._receivers[queue] = receiver
        self._tasks[queue] = asyncio.create_task(receiver.run(), name=f"receive {queue}")

    async def _stop_receiving(self, name: str) -> None:
        self._receivers.pop(name, None)
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _renew(self) -> None:
        """Keep held messages hidden: each is renewed when half of its time is over."""
        visibility = self._options.visibility
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(visibility / 6)
            due = list(self._held.due_for_renewal(loop.time() + visibility / 2))
            for start in range(0, len(due), 16):
                await asyncio.gather(*(self._renew_one(held) for held in due[start : start + 16]))

    async def _renew_one(self, held: Held) -> None:
        asked = asyncio.get_running_loop().time()
        before = held.receipt
        try:
            renewed = await self._queue_of(held.queue).hide(before, self._options.visibility)
        except Unavailable as error:
            log.warning("renew-failed", extra={"queue": held.queue, "code": error.code})
            return
        if renewed is not None and held.receipt is before:
            held.receipt = renewed
            held.hidden_until = asked + self._options.visibility
