"""The messages in this server's hands: their receipts, how long they stay hidden, and how they are let go.

A message is known here from when it is received (or put hidden by this server) until it is deleted or
put back. In between it is in one of these stages:

- ``PLACED``: put by this server and not yet handed over, because the checkpoint behind it is being written;
- ``HELD``: with the listener;
- ``TWIN``: an activity that is done, whose message stands for its result until that is recorded;
- ``WAITING``: for its time, in memory; its twin in the queue becomes visible by itself soon after;
- ``SETTLED``: about to be deleted.

What is placed, held or a twin is renewed. When a message is received although it is known, its new receipt
replaces the old one, and it is not handed over again. Every request about one message is made under its
lock, for the receipt changes with each.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Coroutine, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from durahub.classic.copies import Copies
from durahub.classic.queues import LONGEST_DELAY, Queues, Receipt
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.engine.commit import Delivery
from durahub.errors import DurahubError, Unavailable
from durahub.model.ticks import Ticks

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOKS = 4  # at what is held, in the time for which a message is hidden
REMEMBERED = 3.0  # times that time: how long a message may still come that was settled
LONGEST_RETRY = 30.0  # seconds between two tries to delete


class Stage(Enum):
    """What a known message is doing."""

    PLACED = "placed"
    HELD = "held"
    TWIN = "twin"
    WAITING = "waiting"
    SETTLED = "settled"


RENEWED = (Stage.PLACED, Stage.HELD, Stage.TWIN)


@dataclass(slots=True, eq=False)
class Held:
    """A known message. ``hidden_until`` is on the loop's clock, ``due`` is there while it waits.

    ``sent_id`` names what was sent in all copies of it; it is ``alone`` if there are certainly no others. The
    delivery's key is the message's ID, but where the listener was given it before there was this message.
    """

    delivery: Delivery
    receipt: Receipt
    hidden_until: float
    stage: Stage
    due: Ticks | None = None
    sent_id: str | None = None
    alone: bool = False
    timer: asyncio.TimerHandle | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def message_id(self) -> str:
        """The message's ID, whatever the receipt."""
        return self.receipt.message_id

    def stop_timer(self) -> None:
        """Wait no longer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class HeldMessages:
    """All messages that this server knows, by their IDs."""

    def __init__(self, queues: Queues, together: Together, visibility: Visibility) -> None:
        self._queues = queues
        self._together = together
        self._visibility = visibility
        self._held: dict[str, Held] = {}
        self._by_key: dict[str, Held] = {}  # those whose deliveries have other keys
        self._settled: dict[str, float] = {}  # by ID, until when it may still be received
        self._copies = Copies()
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, key: str) -> Held | None:
        """Return the message that is known for a delivery's key."""
        return self._by_key.get(key) or self._held.get(key)

    def as_stored(self, deliveries: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        """Return *deliveries* with the keys under which their messages would come again."""
        if not self._by_key:
            return deliveries
        return tuple(
            replace(one, key=held.message_id) if (held := self._by_key.get(one.key)) else one
            for one in deliveries
        )

    def add(self, held: Held) -> bool:
        """Begin to hold a message; ``False`` if it is known already (or has been settled)."""
        key = held.message_id
        if key in self._held or key in self._settled:
            return False
        self._held[key] = held
        if held.delivery.key != key:
            self._by_key[held.delivery.key] = held
        if held.sent_id is not None:
            self._copies.note(held.sent_id, key)
        return True

    def forget(self, held: Held) -> None:
        """Leave a message to its queue, where it becomes visible by itself."""
        held.stop_timer()
        self._remove(held)
        self._copies.forget(held.message_id)

    def _remove(self, held: Held) -> None:
        self._held.pop(held.message_id, None)
        if self._by_key.get(held.delivery.key) is held:
            del self._by_key[held.delivery.key]

    def drop_copy(self, receipt: Receipt, sent_id: str | None) -> bool:
        """Delete a received message if another is, or was, here that bears the same; tell whether."""
        if sent_id is None or not self._copies.is_copy(sent_id, receipt.message_id):
            return False
        log.info("copy-dropped", extra={"queue": receipt.queue})
        self.in_background(self._delete_stray(receipt))
        return True

    def copied(self, key: str) -> str | None:
        """Return what names a message in all copies of it, if there may be others."""
        held = self.find(key)
        return held.sent_id if held is not None and not held.alone else None

    def taken_before(self, sent_ids: Set[str]) -> frozenset[str]:
        """Return the keys of messages that bear what was taken already; those that come are dropped."""
        for sent_id in sent_ids:
            self._copies.note(sent_id, sent_id)  # unless one of these bears it: that is told
        known = self._held.values() if sent_ids else ()
        return frozenset(one.delivery.key for one in known if one.sent_id in sent_ids)

    def of_queue(self, queue: str) -> list[Held]:
        """Return the known messages of a queue, the oldest first."""
        return [held for held in self._held.values() if held.receipt.queue == queue]

    def received_again(self, receipt: Receipt) -> Held | None:
        """Take the new receipt of a known message. A settled one is deleted at last.

        The caller asks `knows` first.
        """
        held = self._held.get(receipt.message_id)
        if held is not None:
            held.receipt = receipt
            held.hidden_until = _now() + self._visibility.of(receipt.queue)
        else:
            self.in_background(self._delete_stray(receipt))
        return held

    def knows(self, key: str) -> bool:
        """Tell whether a message is known or was settled a while ago."""
        return key in self._held or key in self._settled

    # -- settling ------------------------------------------------------------------------------

    async def delete(self, keys: Iterable[str]) -> set[str]:
        """Delete what is known for deliveries; return the IDs of messages of which it is certain.

        What storage refuses now is tried on.
        """
        known = [held for key in keys if (held := self.find(key)) is not None]
        return await self.delete_messages(known)

    async def delete_messages(self, known: Sequence[Held]) -> set[str]:
        """Delete messages that are known; return the same."""
        for held in known:
            held.stop_timer()
            held.stage = Stage.SETTLED
        try:
            deleted = await self._together.all(self._delete(held) for held in known)
        except BaseException:
            # as when its queue is let go: what comes here once more is deleted then
            for held in known:
                self._settle(held)
            raise
        return {held.message_id for held, done in zip(known, deleted, strict=True) if done}

    async def _delete(self, held: Held) -> bool:
        try:
            return await self._delete_now(held)
        except Unavailable as error:
            log.warning("delete-retried", extra={"queue": held.receipt.queue, "code": error.code})
            self.in_background(self._delete_in_the_end(held))
            return False

    async def _delete_now(self, held: Held) -> bool:
        async with held.lock:
            while True:
                receipt = held.receipt
                deleted = await self._queues.delete(receipt)
                if deleted or held.receipt is receipt:
                    break  # else it was received again meanwhile: once more, with the new receipt
        if deleted:
            self._remove(held)
        else:  # it is gone, or on its way to us once more
            self._settle(held)
        return deleted

    def _settle(self, held: Held) -> None:
        """Know a message no longer, but to delete it should it come."""
        hidden = self._visibility.of(held.receipt.queue)
        self._settled[held.message_id] = _now() + REMEMBERED * hidden
        self._remove(held)

    async def withdraw(self, receipt: Receipt) -> bool:
        """Delete a message that was put and is void; tell whether it was still in its queue.

        One that is on its way to us just now is deleted when it comes.
        """
        message_id = receipt.message_id
        if message_id not in self._held and await self._queues.delete(receipt):
            return True
        if message_id in self._held:
            return message_id in await self.delete([self._held[message_id].delivery.key])
        self._settled[message_id] = _now() + REMEMBERED * self._visibility.of(receipt.queue)
        return False

    async def _delete_in_the_end(self, held: Held) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Unavailable), wait=wait_exponential(max=LONGEST_RETRY)
        ):
            with attempt:
                await self._delete_now(held)

    async def _delete_stray(self, receipt: Receipt) -> None:
        with contextlib.suppress(DurahubError):  # it comes again
            await self._queues.delete(receipt)

    async def put_back(self, held: Held, delay: float) -> None:
        """Make a message visible in *delay* seconds, rounded up, and know it no longer.

        Raises `Unavailable`; then it becomes visible when its time is over.
        """
        self.forget(held)
        async with held.lock:
            seconds = min(max(math.ceil(delay), 0), LONGEST_DELAY)
            if await self._queues.update(held.receipt, seconds) is None:
                log.info("message-not-ours", extra={"queue": held.receipt.queue})

    async def hide(self, held: Held, seconds: int) -> None:
        """Hide a message for so long from now; nothing happens if it is not ours any more."""
        async with held.lock:
            if held.stage is Stage.SETTLED:
                return
            receipt, asked_at = held.receipt, _now()
            renewed = await self._queues.update(receipt, seconds)
            if held.receipt is not receipt:
                return  # received again meanwhile
            held.hidden_until = asked_at + seconds
            if renewed is not None:
                held.receipt = renewed
            else:
                log.info("message-not-ours", extra={"queue": receipt.queue})

    # -- renewing ------------------------------------------------------------------------------

    async def keep_hidden(self) -> None:
        """Renew what is held, until cancelled."""
        while True:
            await asyncio.sleep(self._visibility.shortest / LOOKS)
            now = _now()
            for key in [key for key, until in self._settled.items() if until < now]:
                del self._settled[key]
            due = [
                held
                for held in self._held.values()
                if held.stage in RENEWED
                and held.hidden_until < now + self._visibility.of(held.receipt.queue) / 2
            ]
            await self._together.all(self._renew(held) for held in due)

    async def _renew(self, held: Held) -> None:
        try:
            await self.hide(held, self._visibility.of(held.receipt.queue))
        except DurahubError as error:
            log.warning("renewal-failed", extra={"queue": held.receipt.queue, "code": error.code})

    # -- what goes on behind -------------------------------------------------------------------

    def in_background(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do *work*, though nobody but `close` may wait for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background-work-failed", exc_info=task.exception())

    async def quiet(self, limit: float) -> None:
        """Wait until nothing goes on behind, *limit* seconds at most."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=limit)

    async def close(self) -> None:
        """End what goes on behind: a message that could not be deleted comes again and is dropped then."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for held in list(self._held.values()):
            self.forget(held)


def _now() -> float:
    return asyncio.get_running_loop().time()
