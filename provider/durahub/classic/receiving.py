"""Reads what was received from a queue: decodes it, follows wrappers, sets aside what cannot be read."""

import asyncio
import logging
from collections.abc import Sequence

from durahub.classic.due import due_of
from durahub.classic.envelope import Envelope, Wrapper, decode, from_queue_text
from durahub.classic.handover import HandOver
from durahub.classic.parts import Parts
from durahub.classic.queues import Received
from durahub.errors import BadMessage, DurahubError, Malformed
from durahub.model.history import TaskScheduled

log = logging.getLogger(__name__)

LONGEST_PAUSE = 600  # seconds between two tries to read a message; DTFx's


class Receiver:
    """Takes what one poller received to the listener."""

    def __init__(self, queue: str, parts: Parts, handover: HandOver, *, activities: bool) -> None:
        self._queue = queue
        self._queues = parts.queues
        self._payloads = parts.payloads
        self._aside = parts.aside
        self._held = parts.held
        self._handover = handover
        self._activities = activities

    async def take(self, batch: Sequence[Received], places: int) -> None:
        """Hand over a batch for which *places* are reserved; they are given back in any case.

        Nothing is handed over of a queue that was let go meanwhile: it is put back.
        """
        room = self._handover.room(self._queue)
        known = [one for one in batch if self._held.knows(one.receipt.message_id)]
        new = [one for one in batch if one not in known]
        ready = [self._handover.again(one.receipt, one.deliveries) for one in known]
        try:
            read = await asyncio.gather(*map(self._read, new))
        finally:
            room.give_back(places)
            own = [self._handover.came(one.receipt.message_id) for one in batch]
        if not self._handover.is_open(self._queue):
            await self._put_back(new)
            return
        readable = [(one, envelope) for one, envelope in zip(new, read, strict=True) if envelope]
        # insertion times are whole seconds; within one, the sender's own numbers tell the order
        readable.sort(key=lambda pair: (pair[0].inserted, pair[1].sequence_number))
        for one, envelope in readable:
            message = envelope.message
            due = due_of(message)
            sent_id = envelope.sent_id
            ready.append(
                self._handover.received(one.receipt, message, one.deliveries, due, sent_id)
            )
        self._handover.hand(self._queue, [held for held in ready if held is not None])
        if len(batch) < places or any(own):  # queues are first in, first out, or nearly
            self._handover.caught_up(self._queue)

    async def _read(self, one: Received) -> Envelope | None:
        """Return the envelope; ``None`` if it cannot be read (now), and is put back for a while."""
        try:
            return await self._envelope(one.text)
        except Malformed as error:
            place = f"queue {self._queue} message {one.receipt.message_id}"
            await self._aside.note(place, error, one.text)
        except DurahubError as error:
            extra = {"queue": self._queue, "code": error.code}
            log.warning("payload-not-read", extra=extra)
        await self._pause(one)
        return None

    async def _envelope(self, text: str) -> Envelope:
        found = decode(from_queue_text(text))
        if isinstance(found, Wrapper):
            found = decode(await self._payloads.read(found.blob_name))
        if isinstance(found, Wrapper):
            raise BadMessage("a wrapper names a wrapper")
        if isinstance(found.message.event, TaskScheduled) is not self._activities:
            raise BadMessage(f"a {found.message.event.type.name} does not belong into this queue")
        return found

    async def _pause(self, one: Received) -> None:
        try:
            pause = min(2 ** min(one.deliveries, 30), LONGEST_PAUSE)
            await self._queues.update(one.receipt, pause)
        except DurahubError:
            return  # it comes again when its time is over

    async def _put_back(self, batch: Sequence[Received]) -> None:
        async def put_back(one: Received) -> None:
            try:
                await self._queues.update(one.receipt, 0)
            except DurahubError as error:
                extra = {"queue": self._queue, "code": error.code}
                log.warning("put-back-failed", extra=extra)

        await asyncio.gather(*map(put_back, batch))
