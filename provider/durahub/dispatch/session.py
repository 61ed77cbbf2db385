"""One instance's place in memory while it has messages: what waits, what sleeps, what runs.

Sessions are keyed by the instance ID without regard to case, as .NET keys them: two IDs that differ
only in case share a session's turn, one after the other, never at once.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from durahub.dispatch.gathering import Gathering
from durahub.engine.commit import Delivery


@dataclass(eq=False, slots=True)
class Session:
    """An instance with messages. ``inbox`` and ``sleeping`` are keyed by the delivery's key."""

    instance_id: str
    partition: str
    inbox: dict[str, Delivery] = field(default_factory=dict)
    sleeping: dict[str, tuple[asyncio.TimerHandle, Delivery]] = field(default_factory=dict)
    in_turn: int = 0  # deliveries of the turn that runs
    in_line: bool = False  # waits for a worker with room
    dispatched: bool = False  # the turn is with a worker
    closing: bool = False
    gathering: Gathering = field(default_factory=Gathering)
    gathered: "asyncio.Future[None] | None" = None  # the next turn waits for more answers
    task: "asyncio.Task[None] | None" = None

    @property
    def held(self) -> int:
        """How many messages of the store are in this session's hands."""
        return len(self.inbox) + len(self.sleeping) + self.in_turn

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
