"""Which messages of a table go to the listener, and when: bookkeeping without I/O.

A message goes straight from the commit that stored it to the listener, if there is room and nothing
older waits. What did not fit stays in the table and is read when there is room again: messages without
a time by their number, from the *cursor* on; those with a time when it has come. Nothing here is
stored: after a crash, or when another takes over, everything that was not settled is in the table.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from durahub.engine.commit import Delivery
from durahub.model.message import Message
from durahub.model.sizes import size_of
from durahub.model.ticks import MINIMUM, Ticks
from durahub.scheduler.message_rows import delivery as delivery_of
from durahub.scheduler.message_rows import seq_of

MOST_READY = 256
"""Messages that wait here for room; the rest waits in the table."""

MOST_READY_BYTES = 8 * 1024 * 1024
"""Bytes that these take, about."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was stored; *due* is ``None`` if it may be delivered now."""

    hub: int
    seq: int
    activity: bool
    message: Message
    due: Ticks | None


@dataclass(frozen=True, slots=True)
class Want:
    """What to read: up to *limit* messages, none of them *known*: timed ones due by *now* first."""

    cursor: int
    now: Ticks
    limit: int
    known: frozenset[int]


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: per message its number, and ``None`` where it could not be read.

    *next_due* is the earliest time after *now* at which one will be due. *more*: there are others that
    would have been too large to be read at once.
    """

    timed: Sequence[tuple[int, Delivery | None]]
    timeless: Sequence[tuple[int, Delivery | None]]
    next_due: Ticks | None
    more: bool = False


class Feed:
    """The messages of one table that were read and not settled. Starts with everything to be read."""

    def __init__(self) -> None:
        self._ready: deque[Delivery] = deque()
        self._ready_bytes = 0
        self._known: set[int] = set()  # ready, in the listener's hands, or not readable
        self._cursor = 0  # messages without a time are known, or gone, up to this number
        self._behind = True  # there may be some beyond it in the table
        self._reading = False
        self._next_due: Ticks | None = MINIMUM

    @property
    def known(self) -> frozenset[int]:
        """The messages that are ready, in the listener's hands, or not readable."""
        return frozenset(self._known)

    @property
    def next_due(self) -> Ticks | None:
        """When the next message with a time is due, as far as is known."""
        return self._next_due

    @property
    def has_ready(self) -> bool:
        """Whether `take` has something."""
        return bool(self._ready)

    def arrive(self, arrival: Arrival) -> None:
        """Note a message that was just stored."""
        if arrival.due is not None:
            self._see(arrival.due)
        elif self._reading or self._behind or self._is_full:
            self._behind = True
        elif arrival.seq > self._cursor:
            self._cursor = arrival.seq
            found = delivery_of(arrival.seq, arrival.message, activity=arrival.activity)
            self._add(arrival.seq, found)

    def offer(self, delivery: Delivery) -> bool:
        """Take over what is not in the table, behind what is ready; tell whether that is possible.

        It is not where something older may wait in the table, or too much waits here.
        """
        if self._reading or self._behind or self._is_full:
            return False
        self._add(seq_of(delivery.key), delivery)
        return True

    def knows(self, key: str) -> bool:
        """Tell whether a message was read, or arrived, and is not settled."""
        return seq_of(key) in self._known

    def take(self, room: int) -> list[Delivery]:
        """Return what to hand over now, *room* at most; it is then the listener's."""
        taken = [self._ready.popleft() for _ in range(min(room, len(self._ready)))]
        self._ready_bytes -= size_of(one.message.event for one in taken)
        return taken

    def wants_read(self, now: Ticks) -> bool:
        """Tell whether the table holds more than what is ready."""
        timed = self._next_due is not None and self._next_due <= now
        return not self._ready and (self._behind or timed)

    def begin_read(self, now: Ticks, room: int) -> Want:
        """Return what to read now; `end_read` follows."""
        self._reading, self._behind, self._next_due = True, False, None
        return Want(self._cursor, now, room, frozenset(self._known))

    def end_read(self, want: Want, found: Found) -> None:
        """Take over what was read. What arrived meanwhile may be among it, or still in the table."""
        self._reading = False
        for seq, delivery in (*found.timed, *found.timeless):
            if delivery is None:
                self._known.add(seq)
            else:
                self._add(seq, delivery)
        if found.timeless:
            self._cursor = max(self._cursor, found.timeless[-1][0])
        if found.more or len(found.timed) + len(found.timeless) >= want.limit:
            self._behind = True  # the next read tells more
        elif found.next_due is not None:
            self._see(found.next_due)

    def settle(self, keys: Iterable[str]) -> None:
        """Forget messages that were deleted."""
        self._known.difference_update(map(seq_of, keys))

    def put_back(self, keys: Iterable[str], due: Ticks) -> None:
        """Note that messages were put back, to come again at *due*."""
        self.settle(keys)
        self._see(due)

    def give_again(self, delivery: Delivery) -> None:
        """Have a message that the listener gave back handed over once more, unless it was settled."""
        if self.knows(delivery.key):
            self._ready.append(delivery)

    def _add(self, seq: int, delivery: Delivery) -> None:
        self._known.add(seq)
        self._ready.append(delivery)
        self._ready_bytes += size_of((delivery.message.event,))

    @property
    def _is_full(self) -> bool:
        return len(self._ready) >= MOST_READY or self._ready_bytes >= MOST_READY_BYTES

    def _see(self, due: Ticks) -> None:
        self._next_due = due if self._next_due is None else min(self._next_due, due)
