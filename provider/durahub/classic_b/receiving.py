"""Receives messages: one loop a queue, which decodes, recognises, sets aside and hands over."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from durahub.classic.envelope import Envelope, Wrapper, decode, from_queue_text
from durahub.classic.payloads import unpack
from durahub.classic_b.aside import Aside
from durahub.classic_b.blobs import Container
from durahub.classic_b.held import Held, HeldMessages
from durahub.classic_b.postman import Postman
from durahub.classic_b.queues import BATCH, Queue, Received
from durahub.engine.commit import Delivery
from durahub.engine.inbox import backoff
from durahub.errors import BadMessage, Malformed, Unavailable
from durahub.model.history import TaskScheduled
from durahub.store import Listener

log = logging.getLogger(__name__)

FIRST_POLL = 0.05  # seconds
NO_ROOM_POLL = 1.0  # seconds between two looks at how much room there is


class Receiver:
    """Receives from one queue while it runs. *partition* is ``""`` for the work-item queue."""

    def __init__(
        self,
        queue: Queue,
        partition: str,
        listener: Listener,
        held: HeldMessages,
        undeleted: set[str],
        postman: Postman,
        container: Container,
        aside: Aside,
        *,
        visibility: float,
        max_poll: float,
        chance: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._partition = partition
        self._listener = listener
        self._held = held
        self._undeleted = undeleted
        self._postman = postman
        self._container = container
        self._aside = aside
        self._visibility = visibility
        self._max_poll = max_poll
        self._chance = chance
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    async def run(self) -> None:
        """Receive until cancelled; what storage refuses is tried again."""
        pause = 0.0
        while True:
            if pause:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
            woken = self._wake.is_set()
            self._wake.clear()
            try:
                found = await self._receive()
            except Unavailable as error:
                log.warning("receive-failed", extra={"queue": self._queue.name, "code": error.code})
                pause = self._max_poll
                continue
            if found is None:
                pause = NO_ROOM_POLL
            elif found:
                pause = 0.0
            elif woken or not pause:
                pause = FIRST_POLL
            else:
                pause = min(pause * 2, self._max_poll) * (0.8 + 0.4 * self._chance())

    async def _receive(self) -> int | None:
        """Receive once; return how many came, ``None`` if there was no room for any."""
        room = self._listener.message_room() if self._partition else self._listener.activity_room()
        if room <= 0:
            return None
        asked = asyncio.get_running_loop().time()
        received = await self._queue.receive(min(room, BATCH), self._visibility)
        read = await asyncio.gather(*(self._read(one) for one in received))
        fresh = [pair for pair in zip(received, read, strict=True) if pair[1] is not None]
        fresh.sort(key=lambda pair: (pair[0].inserted, pair[1].sequence_number if pair[1] else 0))
        deliveries = []
        for message, envelope in fresh:
            assert envelope is not None
            delivery = Delivery(
                message.receipt.message_id, self._partition, envelope.message, message.deliveries
            )
            until = asked + self._visibility
            self._held.add(Held(delivery, self._queue.name, message.receipt, until))
            deliveries.append(delivery)
        self._hand_over(deliveries)
        return len(received)

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        if self._partition:
            self._listener.on_messages(deliveries)
        else:
            self._listener.on_activities(deliveries)

    async def _read(self, received: Received) -> Envelope | None:
        """Return a message that is new to this server, ``None`` if it is not to be handed over."""
        key = received.receipt.message_id
        held = self._held.get(key)
        if held is not None:
            await self._meet_again(held, received)
            return None
        if key in self._undeleted:  # used already; only its deletion had failed
            if await self._queue.delete(received.receipt):
                self._undeleted.discard(key)
            return None
        try:
            return await self._decoded(received)
        except Malformed as error:
            location = f"queue {self._queue.name} message {key}"
            await self._aside.note(location, error, received.text)
            await self._queue.hide(received.receipt, backoff(received.deliveries))
            return None

    async def _meet_again(self, held: Held, received: Received) -> None:
        """Take the receipt of a message that is held already; a parked one is due by now."""
        held.receipt = received.receipt
        held.hidden_until = asyncio.get_running_loop().time() + self._visibility
        if held.parked is not None:
            self._postman.forget_parked(held)
            self._postman.hand_over(held)

    async def _decoded(self, received: Received) -> Envelope:
        found = decode(from_queue_text(received.text))
        if isinstance(found, Wrapper):
            blob = found.blob_name
            found = decode(unpack(await self._container.read(blob), blob))
        if isinstance(found, Wrapper):
            raise BadMessage("a wrapper that names another wrapper")
        if isinstance(found.message.event, TaskScheduled) == bool(self._partition):
            raise BadMessage(f"a {found.message.event.type.name} in the wrong queue")
        return found
