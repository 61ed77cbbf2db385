"""Hands messages to the listener: what was received, what this server sent itself, and what comes due.

A message that this server sends to a queue that it serves is put *hidden* and handed over from memory, so
that it need not be received; its twin in the queue is what survives a crash. That is done only while the
listener has room, which is reserved before the message is put. A message that may be delivered within
minutes waits in memory, never delivered early; in the queue it is visible from the next whole second on.
One that is due later is in its queue alone, and costs here an alarm: it is received when it is visible.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from durahub.classic.alarms import Alarms
from durahub.classic.due import queue_delay
from durahub.classic.held import Held, HeldMessages, Stage
from durahub.classic.left_behind import LeftBehind
from durahub.classic.queues import Receipt
from durahub.classic.together import Together
from durahub.classic.visibility import Visibility
from durahub.classic.waiting import SOON, Waiting
from durahub.engine.commit import Delivery
from durahub.errors import DurahubError
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.store import Listener

log = logging.getLogger(__name__)

IN_TIME = 0.1  # seconds after which a message is visible that should be, counted from its answer
CLOSE = 1.5  # seconds: a message that is visible so soon anyway is left alone


class Room:
    """How much the listener takes: what it says, less what has been promised."""

    def __init__(self, ask: Callable[[], int]) -> None:
        self._ask = ask
        self._reserved = 0

    def reserve(self, most: int, *, half: bool = False) -> int:
        """Reserve up to *most* places and return how many there are; *half* leaves others as many."""
        free = max(0, self._ask() - self._reserved)
        places = min(most, (free + 1) // 2 if half else free)
        self._reserved += places
        return places

    def give_back(self, places: int) -> None:
        """Give reserved places back, because they are taken now or not needed."""
        self._reserved -= places


class HandOver:
    """The way of messages to one listener. ``nudge`` makes a queue's poller look, *expect* only once."""

    def __init__(
        self,
        listener: Listener,
        held: HeldMessages,
        workitem_queue: str,
        clock: Callable[[], Ticks],
        visibility: Visibility,
        trusts: Callable[[str], bool],
        nudge: Callable[[str], None],
        expect: Callable[[str], None],
        together: Together,
        soon: float = SOON,
    ) -> None:
        self._listener = listener
        self._held = held
        self._workitems = workitem_queue
        self._clock = clock
        self._visibility = visibility
        self._trusts = trusts
        self.nudge = nudge
        self._together = together
        self._open: set[str] = set()
        self._behind: set[str] = set()  # open, but older messages may not have been received yet
        self._waiting = Waiting(held, clock, self._come_due, soon)
        self._left_behind = LeftBehind()
        self._alarms = Alarms(expect)
        self._messages = Room(listener.message_room)
        self._activities = Room(listener.activity_room)

    def open(self, queue: str, *, behind: bool = False) -> None:
        """Begin to hand over messages of *queue*.

        *behind*: others may wait in it. Until `caught_up` what this server sends goes behind them.
        """
        self._open.add(queue)
        if behind:
            self._behind.add(queue)

    def caught_up(self, queue: str) -> None:
        """Take note that what waited in *queue* is handed over."""
        self._behind.discard(queue)

    def stop(self, queue: str) -> None:
        """Hand over nothing more of *queue*, neither what is received nor what comes due."""
        self._open.discard(queue)
        self._behind.discard(queue)
        self._left_behind.let_go(queue)
        self._alarms.clear(queue)
        for held in self._held.of_queue(queue):
            self._waiting.remove(held)

    def is_open(self, queue: str) -> bool:
        """Tell whether messages of *queue* may be handed over: it is ours, and trusted to be."""
        return queue in self._open and (queue == self._workitems or self._trusts(queue))

    def room(self, queue: str) -> Room:
        """Return the room for messages of *queue*."""
        return self._activities if queue == self._workitems else self._messages

    # -- what this server sends ----------------------------------------------------------------

    def reserve(self, queue: str, instance_id: str) -> bool:
        """Promise a message of *queue* a place; what is promised is kept by `placed` or `unplaced`.

        None is promised while something that was sent before to the instance is still in the queue.
        """
        behind = queue != self._workitems and self._left_behind.is_behind(instance_id)
        if behind or queue in self._behind or not self.is_open(queue):
            return False
        return self.room(queue).reserve(1) == 1

    async def leave(
        self, queue: str, instance_id: str, put: Callable[[], Awaitable[Receipt]]
    ) -> Receipt:
        """Have a message *put* visible, to be received when there is room."""
        if queue == self._workitems or not self.is_open(queue):
            return await put()
        leaving = self._left_behind.leave(queue, instance_id)
        try:
            receipt = await put()
        except BaseException:
            self._left_behind.kept(leaving)
            raise
        self._left_behind.left(leaving, receipt.message_id)
        return receipt

    def came(self, message_id: str) -> bool:
        """Take note that a message is no longer in its queue: it was received, or taken back.

        Tells whether this server had left it there.
        """
        return self._left_behind.came(message_id)

    def unplaced(self, queue: str) -> None:
        """Take a promise back: the message could not be put."""
        self.room(queue).give_back(1)

    def pass_on(self, delivery: Delivery) -> None:
        """Hand over what has no message of its own, and was promised a place."""
        self.room(delivery.partition).give_back(1)
        self._listener.on_messages([delivery])

    def placed(
        self, receipt: Receipt, message: Message, asked_at: float, sent_id: str | None = None
    ) -> Held:
        """Take note of a message that was put hidden; `deliver` hands it over."""
        held = Held(
            delivery=self._delivery(receipt, message, 1),
            receipt=receipt,
            hidden_until=asked_at + self._visibility.of(receipt.queue),
            stage=Stage.PLACED,
            sent_id=sent_id,
            alone=not receipt.repeated,
        )
        self._held.add(held)  # not if it came from the queue first, so late was the answer
        return held

    def deliver(self, placed: Iterable[Held]) -> None:
        """Hand over messages that were placed. One whose queue was let go meanwhile is put back."""
        ready: dict[str, list[Held]] = {}
        for held in placed:
            queue = held.receipt.queue
            self.room(queue).give_back(1)
            if self._held.find(held.message_id) is not held or held.stage is not Stage.PLACED:
                continue
            if self.is_open(queue):
                ready.setdefault(queue, []).append(held)
            else:
                self._held.in_background(self.put_back(held, 0))
        for queue, messages in ready.items():
            self.hand(queue, messages)

    # -- what is due later ---------------------------------------------------------------------

    def wait(
        self,
        receipt: Receipt,
        message: Message,
        due: Ticks,
        asked_at: float,
        delay: int,
        sent_id: str | None = None,
    ) -> None:
        """Let a message that was put hidden for *delay* seconds wait: in memory, or in its queue alone."""
        if not self.is_open(receipt.queue):
            return  # it is received by who has the queue
        if not self._waiting.takes(due):
            self.expect_in(receipt.queue, delay)
            return
        held = Held(
            delivery=self._delivery(receipt, message, 1),
            receipt=receipt,
            hidden_until=asked_at + delay,
            stage=Stage.WAITING,
            sent_id=sent_id,
            alone=not receipt.repeated,
        )
        if self._held.add(held):
            self._waiting.add(held, due)

    def expect_in(self, queue: str, seconds: float) -> None:
        """Have *queue* looked into when a message is visible that was just now hidden for *seconds*."""
        if seconds <= 0:
            self.nudge(queue)
        elif self.is_open(queue):
            self._alarms.set(queue, asyncio.get_running_loop().time() + seconds + IN_TIME)

    @property
    def alarms(self) -> int:
        """How many times are kept at which a queue is looked into."""
        return len(self._alarms)

    def _come_due(self, held: Held) -> None:
        queue = held.receipt.queue
        if self.is_open(queue) and self.room(queue).reserve(1):
            self.room(queue).give_back(1)
            self.hand(queue, [held])
            return
        self._leave_to_queue(held)

    def _leave_to_queue(self, held: Held) -> None:
        """Let a message that is due be received, for there is no room for it in memory."""
        seconds = held.hidden_until - asyncio.get_running_loop().time()
        if seconds > CLOSE:
            self._held.in_background(self.put_back(held, 0))
            return
        self._held.forget(held)
        loop = asyncio.get_running_loop()
        loop.call_later(max(seconds, 0.0), self.nudge, held.receipt.queue)

    # -- what was received ---------------------------------------------------------------------

    def again(self, receipt: Receipt, deliveries: int) -> Held | None:
        """Take the receipt of a message that is known; return it if it is to be handed over now."""
        held = self._held.received_again(receipt)
        if held is None or held.stage is not Stage.WAITING:
            return None
        held.delivery = replace(held.delivery, deliveries=deliveries)
        assert held.due is not None  # noqa: S101 (for the types)
        if self._clock() >= held.due:
            self._waiting.remove(held)
            return held
        self._hide_until_due(held, held.due)
        return None

    def received(
        self,
        receipt: Receipt,
        message: Message,
        deliveries: int,
        due: Ticks | None,
        sent_id: str | None = None,
    ) -> Held | None:
        """Take a message that was received; return it if it is to be handed over now."""
        if self._held.knows(receipt.message_id):  # since its payload was asked for
            return self.again(receipt, deliveries)
        if self._held.drop_copy(receipt, sent_id):
            return None
        held = Held(
            delivery=self._delivery(receipt, message, deliveries),
            receipt=receipt,
            hidden_until=asyncio.get_running_loop().time() + self._visibility.of(receipt.queue),
            stage=Stage.HELD,
            sent_id=sent_id,
        )
        early = due is not None and self._clock() < due
        if due is not None and early and not self._waiting.takes(due):
            self._held.in_background(self._hide(held, queue_delay(self._clock(), due)))
            return None
        self._held.add(held)
        if due is None or not early:
            return held
        self._waiting.add(held, due)
        self._hide_until_due(held, due)
        return None

    def _hide_until_due(self, held: Held, due: Ticks) -> None:
        """Hide a message that came early until its time, unless it is hidden long enough already."""
        seconds = queue_delay(self._clock(), due)
        if seconds > self._visibility.of(held.receipt.queue) - CLOSE:
            self._held.in_background(self._hide(held, seconds))

    def hand(self, queue: str, messages: Sequence[Held]) -> None:
        """Give messages to the listener, which has room for them."""
        for held in messages:
            held.stage, held.due = Stage.HELD, None
        deliveries = [held.delivery for held in messages]
        if not deliveries:
            return
        if queue == self._workitems:
            self._listener.on_activities(deliveries)
        else:
            self._listener.on_messages(deliveries)

    # -- letting go ----------------------------------------------------------------------------

    async def put_back_all(self, queue: str) -> None:
        """Make every message of *queue* visible that is still known, what is due later at its time.

        But not what stands for a result.
        """
        now = asyncio.get_running_loop().time()
        left = []
        for held in self._held.of_queue(queue):
            if held.stage in (Stage.SETTLED, Stage.TWIN):
                continue
            delay = queue_delay(self._clock(), held.due) if held.due is not None else 0
            if held.stage is Stage.WAITING and abs(held.hidden_until - now - delay) < CLOSE:
                self._held.forget(held)  # its twin comes at the right time by itself
            else:
                left.append((held, delay))
        await self._together.all(self.put_back(held, delay) for held, delay in left)

    async def put_back(self, held: Held, delay: float) -> None:
        """Make a message visible in *delay* seconds; if that fails, it becomes so when its time is over."""
        try:
            await self._held.put_back(held, delay)
        except DurahubError as error:
            log.warning("put-back-failed", extra={"queue": held.receipt.queue, "code": error.code})
            return
        self.nudge(held.receipt.queue)

    async def _hide(self, held: Held, seconds: int) -> None:
        try:
            await self._held.hide(held, seconds)
        except DurahubError as error:
            log.warning("hide-failed", extra={"queue": held.receipt.queue, "code": error.code})
        self.expect_in(held.receipt.queue, seconds)

    def _delivery(self, receipt: Receipt, message: Message, deliveries: int) -> Delivery:
        partition = "" if receipt.queue == self._workitems else receipt.queue
        return Delivery(receipt.message_id, partition, message, deliveries)
