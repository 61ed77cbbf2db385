"""Sends messages: into their queues always, and from memory where this server serves the queue itself."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from durahub.classic.due import queue_delay
from durahub.classic.handover import HandOver
from durahub.classic.held import Held
from durahub.classic.outbox import Outgoing
from durahub.classic.queues import Queues, Receipt
from durahub.classic.visibility import Visibility
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is in its queue; ``held`` is there if it is to be handed over from memory."""

    outgoing: Outgoing
    receipt: Receipt
    held: Held | None = None


class Posting:
    """Puts messages for one sender; use it in ``with``, whose end hands over what was placed.

    That comes behind whatever makes the messages count, and also when that fails: they are in their
    queues then, and the receivers can tell what has no cause.
    """

    def __init__(
        self,
        queues: Queues,
        handover: HandOver | None,
        clock: Callable[[], Ticks],
        visibility: Visibility,
    ) -> None:
        self._queues = queues
        self._handover = handover
        self._clock = clock
        self._visibility = visibility
        self._placed: list[tuple[int, Held]] = []
        self._puts = 0

    def __enter__(self) -> "Posting":
        return self

    def __exit__(self, *_: object) -> None:
        self.deliver()

    def deliver(self) -> None:
        """Hand over what was placed, in the order in which it was to be put."""
        placed, self._placed = sorted(self._placed, key=lambda one: one[0]), []
        if self._handover is not None and placed:
            self._handover.deliver(held for _, held in placed)

    async def put(self, outgoing: Outgoing) -> Posted:
        """Put a message: hidden until it is due, hidden for its way through memory, or visible."""
        self._puts += 1
        number, queue, due = self._puts, outgoing.queue, outgoing.message.due
        asked_at = asyncio.get_running_loop().time()
        delay = queue_delay(self._clock(), due) if due is not None else 0
        if due is not None and delay > 0:
            receipt = await self._queues.put(queue, outgoing.text, delay)
            if self._handover is not None:
                self._handover.wait(
                    receipt, outgoing.message, due, asked_at, delay, outgoing.sent_id
                )
            return Posted(outgoing, receipt)
        if self._handover is None:
            return Posted(outgoing, await self._queues.put(queue, outgoing.text, 0))
        hidden = await self._put_hidden(number, asked_at, outgoing)
        if hidden is not None:
            return hidden
        receipt = await self._handover.leave(
            queue,
            outgoing.message.target.instance_id,
            lambda: self._queues.put(queue, outgoing.text, 0),
        )
        self._handover.nudge(queue)
        return Posted(outgoing, receipt)

    async def put_hidden(self, outgoing: Outgoing) -> Posted | None:
        """Put a message that nobody but the listener may see now; ``None`` if it cannot go that way."""
        due = outgoing.message.due
        if self._handover is None or (due is not None and due > self._clock()):
            return None
        self._puts += 1
        return await self._put_hidden(self._puts, asyncio.get_running_loop().time(), outgoing)

    async def _put_hidden(self, number: int, asked_at: float, outgoing: Outgoing) -> Posted | None:
        handover, queue = self._handover, outgoing.queue
        if handover is None or not handover.reserve(queue, outgoing.message.target.instance_id):
            return None
        try:
            receipt = await self._queues.put(queue, outgoing.text, self._visibility.of(queue))
        except BaseException:
            handover.unplaced(queue)
            raise
        held = handover.placed(receipt, outgoing.message, asked_at, outgoing.sent_id)
        self._placed.append((number, held))
        return Posted(outgoing, receipt, held)
