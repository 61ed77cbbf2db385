"""One instance's place in memory while it has messages: what waits, what sleeps, what runs.

Sessions are keyed by the instance ID without regard to case, as .NET keys them: two IDs that differ
only in case share a session's turn, one after the other, never at once.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from durahub.dispatch.gathering import Gathering
from durahub.engine.commit import Delivery
from durahub.model.sizes import size_of
from durahub.model.ticks import Ticks


@dataclass(eq=False, slots=True)
class Session:
    """An instance with messages. ``inbox`` and ``sleeping`` are keyed by the delivery's key."""

    instance_id: str
    partition: str
    inbox: dict[str, Delivery] = field(default_factory=dict)
    sleeping: dict[str, tuple[asyncio.TimerHandle, Delivery]] = field(default_factory=dict)
    in_turn: int = 0  # deliveries of the turn that runs
    turn_bytes: int = 0  # of these, about
    in_line: bool = False  # waits for a worker with room
    dispatched: bool = False  # the turn is with a worker
    out: str = ""  # the instance whose turn is out, or waits for its next worker
    over_at: Ticks | None = None  # the turn that is out is of an instance that was over then
    closing: bool = False
    gathering: Gathering = field(default_factory=Gathering)
    gathered: "asyncio.Future[None] | None" = None  # the next turn waits for more answers
    task: "asyncio.Task[None] | None" = None

    @property
    def held(self) -> int:
        """How many messages of the store are in this session's hands."""
        return len(self.inbox) + len(self.sleeping) + self.in_turn

    @property
    def size(self) -> int:
        """How many bytes these messages take, about."""
        waiting = [d.message.event for d in self.inbox.values()]
        asleep = [d.message.event for _, d in self.sleeping.values()]
        return size_of(waiting) + size_of(asleep) + self.turn_bytes

    def begin_turn(self, taken: Sequence[Delivery]) -> None:
        """Take messages out of the inbox for a turn."""
        self.remove(taken)
        self.in_turn = len(taken)
        self.turn_bytes = size_of(d.message.event for d in taken)

    def end_turn(self) -> None:
        """Note that no turn runs."""
        self.in_turn = self.turn_bytes = 0
        self.dispatched = False

    def add(self, delivery: Delivery) -> None:
        """Put a message at the end of the inbox; a newer copy takes the place of an older one."""
        self.inbox[delivery.key] = delivery

    def put_first(self, deliveries: Iterable[Delivery]) -> None:
        """Put messages in front of the others."""
        self.inbox = {delivery.key: delivery for delivery in deliveries} | self.inbox

    def remove(self, deliveries: Iterable[Delivery]) -> None:
        """Take messages out of the inbox."""
        for delivery in deliveries:
            self.inbox.pop(delivery.key, None)

    def leave(self, is_left: Callable[[Delivery], bool]) -> list[Delivery]:
        """Take out of the inbox, and of what sleeps, what *is_left* says, and return it."""
        left = [delivery for delivery in self.inbox.values() if is_left(delivery)]
        self.remove(left)
        for key, (handle, delivery) in list(self.sleeping.items()):
            if is_left(delivery):
                handle.cancel()
                del self.sleeping[key]
                left.append(delivery)
        return left

    def rouse(self) -> None:
        """Put what sleeps in front of the others: what came after it may not overtake it now."""
        awake = [delivery for _, delivery in self.sleeping.values()]
        self.wake_all()
        self.put_first(awake)

    def wake_all(self) -> None:
        """Forget what sleeps; the store still has it."""
        for handle, _ in self.sleeping.values():
            handle.cancel()
        self.sleeping.clear()

    def go_on(self) -> None:
        """Go on with a turn that came back without an answer; end the task instead if this is closing.

        No other worker would take it then, and its messages are the store's to release.
        """
        if self.closing:
            raise asyncio.CancelledError
