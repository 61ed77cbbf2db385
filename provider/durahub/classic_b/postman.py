"""Sends messages: into their queues, and — where this server owns the partition — into memory as well.

What goes to an owned partition is put hidden and handed over at once; the copy in the queue is the
durable twin, deleted when the episode is written, visible again if this server dies. What is due
later is parked and handed over at its time.
"""

import asyncio
from collections.abc import Callable

from durahub.classic.names import HubNames
from durahub.classic.routing import control_index
from durahub.classic_b.held import Held, HeldMessages
from durahub.classic_b.outgoing import Outbox, Outgoing
from durahub.classic_b.queues import LONGEST_DELAY, Queue
from durahub.engine.commit import Delivery
from durahub.model.history import TaskScheduled
from durahub.model.message import Message
from durahub.model.ticks import Ticks, seconds_between
from durahub.store import Listener

TWIN_GRACE = 5.0  # seconds that the twin of a parked message stays hidden beyond its time
MOST_PARKED = 20_000  # messages; more wait in their queues


class Postman:
    """Puts messages into queues. Without a *listener* nothing is handed over."""

    def __init__(
        self,
        names: HubNames,
        partitions: int,
        outbox: Outbox,
        queue_of: Callable[[str], Queue],
        held: HeldMessages,
        visibility: float,
        clock: Callable[[], Ticks],
    ) -> None:
        self._names = names
        self._partitions = partitions
        self._outbox = outbox
        self._queue_of = queue_of
        self._held = held
        self._visibility = visibility
        self._clock = clock
        self._parked = 0
        self.listener: Listener | None = None
        self.listens: Callable[[str], bool] = lambda _: False

    def queue_for(self, message: Message) -> str:
        """Return the queue of a message: of an activity the work-item queue."""
        if isinstance(message.event, TaskScheduled):
            return self._names.workitem_queue
        index = control_index(message.target.instance_id, self._partitions)
        return self._names.control_queue(index)

    async def send(self, message: Message, *, queue: str | None = None) -> None:
        """Send a message, by default to the queue of its target."""
        held = await self.put(message, await self._outbox.prepare(message), queue)
        if held is not None:
            self.hand_over(held)

    async def prepare(self, message: Message) -> Outgoing:
        """Return the message's text; a large one is in its blob then."""
        return await self._outbox.prepare(message)

    async def put(
        self, message: Message, outgoing: Outgoing, queue: str | None = None
    ) -> Held | None:
        """Put a message; return it held if it is to be handed over, ``None`` if others may take it."""
        name = queue or self.queue_for(message)
        delay = self._delay(message)
        if not self._may_keep(message, name, delay):
            await self._queue_of(name).put(outgoing.text, delay)
            return None
        hidden = delay + TWIN_GRACE if delay > 0 else self._visibility
        loop = asyncio.get_running_loop()
        hidden_until = loop.time() + hidden
        receipt = await self._queue_of(name).put(outgoing.text, hidden)
        partition = "" if name == self._names.workitem_queue else name
        delivery = Delivery(receipt.message_id, partition, message)
        held = Held(delivery, name, receipt, hidden_until)
        self._held.add(held)
        return held

    def hand_over(self, held: Held) -> None:
        """Give a held message to the listener, now or at its time."""
        delay = self._delay(held.delivery.message)
        if delay > 0:
            self._parked += 1
            loop = asyncio.get_running_loop()
            # the loop's clock and the time of day may differ by a hair: never early
            held.parked = loop.call_later(delay + 0.001, self._unpark, held)
        else:
            self._deliver(held)

    def _unpark(self, held: Held) -> None:
        self._parked -= 1
        held.parked = None
        if held.delivery.key in self._held:
            self.hand_over(held)

    def forget_parked(self, held: Held) -> None:
        """Count a parked message out that will not be handed over."""
        if held.parked is not None:
            held.parked.cancel()
            held.parked = None
            self._parked -= 1

    def _deliver(self, held: Held) -> None:
        if self.listener is None:
            return  # stopping: what is held is released
        if held.delivery.partition:
            self.listener.on_messages([held.delivery])
        else:
            self.listener.on_activities([held.delivery])

    def _may_keep(self, message: Message, queue: str, delay: float) -> bool:
        if self.listener is None:
            return False
        if isinstance(message.event, TaskScheduled):
            return self.listener.activity_room() > 0
        if not self.listens(queue):
            return False
        if delay > 0:
            return delay < LONGEST_DELAY - TWIN_GRACE and self._parked < MOST_PARKED
        return self.listener.message_room() > 0

    def _delay(self, message: Message) -> float:
        if message.due is None:
            return 0.0
        return max(0.0, seconds_between(self._clock(), message.due))
