"""Hands a hub's messages to the listener while it is served: woken by what is stored, and by the clock.

There is no polling. What was just stored is handed over in the same turn of the event loop. A message that
is due later is waited for with one timer for the earliest; the wait is cut only to notice within a minute
that the machine's clock was set, or that it slept.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from durahub.engine.commit import Delivery
from durahub.model.message import Message
from durahub.model.ticks import Ticks, seconds_between
from durahub.scheduler.feed import Arrival, Feed, Found, Want
from durahub.scheduler.message_rows import PARTITION, delivery_of_result, is_result
from durahub.scheduler.results import Results
from durahub.scheduler.writes import Table
from durahub.store import Listener

LONGEST_WAIT = 60.0  # seconds
SHORTEST_KEEP = 1.0  # seconds; what could not be written once cannot be at once

Read = Callable[[Table, Want], Awaitable[Found]]
Move = Callable[[Sequence[Delivery]], Awaitable[None]]


class Pump:
    """One hub's hand-over to one listener.

    *read* looks into a table of the hub; *move* moves results that are in memory alone to the inbox:
    after *result_grace* seconds.
    """

    def __init__(
        self,
        listener: Listener,
        read: Read,
        move: Move,
        clock: Callable[[], Ticks],
        result_grace: float,
    ) -> None:
        self._listener = listener
        self._read = read
        self._move = move
        self._clock = clock
        self._inbox, self._tasks = Feed(), Feed()
        self._results = Results(result_grace)
        self._changed = asyncio.Event()
        self._fault: Exception | None = None  # of the listener, for `run` to tell
        self._closing = False
        self._mover: asyncio.TimerHandle | None = None  # rings when a result is overdue

    def known(self, table: Table) -> frozenset[int]:
        """Return the numbers of the messages that were read, or arrived, and are not settled."""
        return (self._tasks if table == "tasks" else self._inbox).known

    @property
    def results(self) -> int:
        """How many results are in memory alone: their activities are still in the table."""
        return len(self._results)

    def arrive(self, arrivals: Iterable[Arrival]) -> None:
        """Take over messages that were just stored."""
        for arrival in arrivals:
            (self._tasks if arrival.activity else self._inbox).arrive(arrival)
            if arrival.due is not None:
                self._changed.set()
        self._hand_over()

    def take_result(self, activity: Delivery, result: Message) -> bool:
        """Hand over the *result* of an *activity* of the listener's; tell whether that is possible.

        If so, the activity's row is the result's, until it is settled.
        """
        if self._results.holds(activity.key):
            return True
        if self._closing or not self._tasks.knows(activity.key):
            return False
        delivery = delivery_of_result(activity, result)
        if not self._inbox.offer(delivery):
            return False
        self._results.hold(delivery, asyncio.get_running_loop().time())
        self._set_mover()
        self._hand_over()
        return True

    def wake(self) -> None:
        """Look for messages: there is room again."""
        self._changed.set()

    def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Forget messages that were deleted."""
        for delivery in deliveries:
            (self._inbox if delivery.partition else self._tasks).settle((delivery.key,))
            self._settle_result(delivery)

    def moved(self, results: Iterable[Delivery]) -> None:
        """Note that results are in the inbox now; the listener still has them."""
        for result in results:
            self._settle_result(result)

    def put_back(self, deliveries: Iterable[Delivery], due: Ticks) -> None:
        """Note that messages come again at *due*."""
        for delivery in deliveries:
            (self._inbox if delivery.partition else self._tasks).put_back((delivery.key,), due)
            self._settle_result(delivery)
        self._changed.set()

    def keep(self, deliveries: Iterable[Delivery], delay: float) -> None:
        """Give the listener again what it gave back and could not be put back: the disk may be full.

        The tables are as they were, and are not read again up to where they were read. It comes from
        here in *delay* seconds, or when serving begins anew.
        """
        loop = asyncio.get_running_loop()
        for delivery in deliveries:
            loop.call_later(max(delay, SHORTEST_KEEP), self._give_again, delivery)

    def _give_again(self, delivery: Delivery) -> None:
        feed = self._inbox if delivery.partition else self._tasks
        if not self._closing:
            feed.give_again(replace(delivery, deliveries=delivery.deliveries + 1))
            self._hand_over()

    def _settle_result(self, delivery: Delivery) -> None:
        if is_result(delivery.key):
            self._results.settle((delivery.key,))
            self._tasks.settle((delivery.key,))

    def _hand_over(self) -> None:
        """Hand over what is ready, and have the tables read if they hold more."""
        if self._closing:
            return
        try:
            self._give(self._inbox, self._listener.message_room, self._listener.on_messages)
            self._give(self._tasks, self._listener.activity_room, self._listener.on_activities)
        except Exception as error:
            self._fault = error
        now = self._clock()
        if self._fault or self._inbox.wants_read(now) or self._tasks.wants_read(now):
            self._changed.set()

    def _give(
        self,
        feed: Feed,
        room_now: Callable[[], int],
        hand_over: Callable[[Sequence[Delivery]], None],
    ) -> None:
        # asked until nothing is left or there is no room: only who said so calls `wake` when there is
        while feed.has_ready and (room := room_now()) > 0:
            hand_over(feed.take(room))

    async def look(self) -> None:
        """Hand over what may be handed over now. Raises `FileUnavailable`."""
        self._changed.clear()
        if self._fault is not None:
            raise self._fault
        listener = self._listener
        await self._feed("inbox", self._inbox, listener.message_room, listener.on_messages)
        await self._feed("tasks", self._tasks, listener.activity_room, listener.on_activities)
        await self._move_overdue()

    async def run(self) -> None:
        """Hand over until cancelled. Raises `FileUnavailable`."""
        while True:
            looked_at = self._clock()
            await self.look()
            alarm = self._set_alarm(looked_at)
            try:
                await self._changed.wait()
            finally:
                if alarm is not None:
                    alarm.cancel()

    async def drain(self) -> None:
        """Have the listener finish or drop what it holds: activities first, then the messages.

        Results of which it has made nothing are in the inbox then.
        """
        self._closing = True
        if self._mover is not None:
            self._mover.cancel()
        await self._listener.on_partition_closing("")
        await self._listener.on_partition_closing(PARTITION)
        if self._results:
            await self._move(self._results.all)

    async def _feed(
        self,
        table: Table,
        feed: Feed,
        room_now: Callable[[], int],
        hand_over: Callable[[Sequence[Delivery]], None],
    ) -> None:
        while feed.has_ready or feed.wants_read(self._clock()):
            room = room_now()
            if room <= 0:
                return  # the listener was asked: it calls `wake` when there is room again
            if feed.has_ready:
                hand_over(feed.take(room))
            else:
                want = feed.begin_read(self._clock(), room)
                feed.end_read(want, await self._read(table, want))

    async def _move_overdue(self) -> None:
        overdue = self._results.overdue(asyncio.get_running_loop().time())
        if overdue:
            await self._move(overdue)
        self._set_mover()

    def _set_mover(self) -> None:
        """Have `run` woken when the oldest result has been in memory for long enough."""
        when = self._results.next_move
        if when is not None and self._mover is None:
            self._mover = asyncio.get_running_loop().call_at(when, self._ring)

    def _ring(self) -> None:
        self._mover = None
        self._changed.set()

    def _set_alarm(self, looked_at: Ticks) -> asyncio.TimerHandle | None:
        """Have `run` woken when the next message is due; what was due at *looked_at* waits for room.

        What came due since then may have been missed by the look: for that it rings at once.
        """
        feeds = self._inbox, self._tasks
        coming = [due for f in feeds if (due := f.next_due) is not None and due > looked_at]
        if not coming:
            return None
        # rounded up: a loop that counts milliseconds would ring before the time, and again and again
        wait = math.ceil(seconds_between(self._clock(), min(coming)) * 1000) / 1000
        loop = asyncio.get_running_loop()
        return loop.call_later(min(max(wait, 0.0), LONGEST_WAIT), self._changed.set)
