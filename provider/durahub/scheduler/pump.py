"""Hands a hub's messages to the listener while it is served: woken by what is stored, and by the clock.

There is no polling. A message that is due later is waited for with one timer for the earliest; the wait is
cut only to notice within a minute that the machine's clock was set, or that it slept.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence

from durahub.engine.commit import Delivery
from durahub.model.ticks import Ticks, seconds_between
from durahub.scheduler.feed import Arrival, Feed, Found, Want
from durahub.scheduler.message_rows import PARTITION
from durahub.scheduler.writes import Table
from durahub.store import Listener

LONGEST_WAIT = 60.0  # seconds
LOOPS_TO_COUNT = (
    3  # turns of the event loop until a listener has counted the activities it was handed
)

Read = Callable[[Table, Want], Awaitable[Found]]


class Pump:
    """One hub's hand-over to one listener. *read* looks into a table of the hub."""

    def __init__(self, listener: Listener, read: Read, clock: Callable[[], Ticks]) -> None:
        self._listener = listener
        self._read = read
        self._clock = clock
        self._feeds: dict[Table, Feed] = {"inbox": Feed(), "tasks": Feed()}
        self._changed = asyncio.Event()
        self._counting = False

    def known(self, table: Table) -> frozenset[int]:
        """Return the numbers of the messages that were read and not settled."""
        return self._feeds[table].known

    def arrive(self, arrival: Arrival) -> None:
        """Note a message that was just stored."""
        self._feeds["tasks" if arrival.activity else "inbox"].arrive(arrival)
        self._changed.set()

    def wake(self) -> None:
        """Look for messages: there is room again."""
        self._changed.set()

    def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Forget messages that were deleted."""
        for delivery in deliveries:
            self._feed_of(delivery).settle((delivery.key,))

    def put_back(self, deliveries: Iterable[Delivery], due: Ticks) -> None:
        """Note that messages come again at *due*."""
        for delivery in deliveries:
            self._feed_of(delivery).put_back((delivery.key,), due)
        self._changed.set()

    def _feed_of(self, delivery: Delivery) -> Feed:
        return self._feeds["inbox" if delivery.partition else "tasks"]

    async def look(self) -> None:
        """Hand over what may be handed over now. Raises `FileUnavailable`."""
        self._changed.clear()
        await self._feed("inbox", self._listener.message_room, self._listener.on_messages)
        await self._feed("tasks", self._activity_room, self._hand_over_activities)

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
        """Have the listener finish or drop what it holds: activities first, then the messages."""
        await self._listener.on_partition_closing("")
        await self._listener.on_partition_closing(PARTITION)

    async def _feed(
        self,
        table: Table,
        room_now: Callable[[], int],
        hand_over: Callable[[Sequence[Delivery]], None],
    ) -> None:
        feed = self._feeds[table]
        while feed.has_ready or feed.wants_read(self._clock()):
            room = room_now()
            if room <= 0:
                return  # the listener was asked: it calls `wake` when there is room again
            if feed.has_ready:
                hand_over(feed.take(room))
            else:
                want = feed.begin_read(self._clock(), room)
                feed.end_read(want, await self._read(table, want))

    def _activity_room(self) -> int:
        return 0 if self._counting else self._listener.activity_room()

    def _hand_over_activities(self, deliveries: Sequence[Delivery]) -> None:
        """Hand over, and ask for no more room until the listener's tasks have begun with these."""
        self._listener.on_activities(deliveries)
        self._counting = True
        loop = asyncio.get_running_loop()

        def turn(left: int) -> None:
            if left:
                loop.call_soon(turn, left - 1)
            else:
                self._counting = False
                self._changed.set()

        turn(LOOPS_TO_COUNT)

    def _set_alarm(self, looked_at: Ticks) -> asyncio.TimerHandle | None:
        """Have `run` woken when the next message is due; what was due at *looked_at* waits for room.

        What came due since then may have been missed by the look: for that it rings at once.
        """
        coming = [
            due for f in self._feeds.values() if (due := f.next_due) is not None and due > looked_at
        ]
        if not coming:
            return None
        # rounded up: a loop that counts milliseconds would ring before the time, and again and again
        wait = math.ceil(seconds_between(self._clock(), min(coming)) * 1000) / 1000
        loop = asyncio.get_running_loop()
        return loop.call_later(min(max(wait, 0.0), LONGEST_WAIT), self._changed.set)
