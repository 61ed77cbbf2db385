"""A listener for tests: keeps what it is handed, and has as much room as it is told."""

import asyncio
from collections.abc import Callable, Sequence

from durahub.engine.commit import Delivery

PATIENCE = 45.0  # seconds until a test gives up waiting; less than what is hidden for a minute
A_WHILE = 1.0  # seconds in which something that must not happen would have happened


class Desk:
    """What a store has handed over, in order."""

    def __init__(self, messages: int = 100, activities: int = 100) -> None:
        self.messages: list[Delivery] = []
        self.activities: list[Delivery] = []
        self.closed: list[str] = []
        self.room = messages
        self.activity_places = activities
        self.on_closing: Callable[[str], object] = self.closed.append
        self.least_room = messages
        self._changed = asyncio.Event()

    def on_messages(self, deliveries: Sequence[Delivery]) -> None:
        self.messages += deliveries
        self.room -= len(deliveries)
        self.least_room = min(self.least_room, self.room)
        self._changed.set()

    def on_activities(self, deliveries: Sequence[Delivery]) -> None:
        self.activities += deliveries
        self.activity_places -= len(deliveries)
        self._changed.set()

    async def on_partition_closing(self, partition: str) -> None:
        self.on_closing(partition)
        self._changed.set()

    def message_room(self) -> int:
        return self.room

    def activity_room(self) -> int:
        return self.activity_places

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""

        async def wait() -> None:
            while not condition():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), PATIENCE)

    async def message(self, number: int = 1) -> Delivery:
        """Return the *number*-th message that was handed over."""
        await self.until(lambda: len(self.messages) >= number)
        return self.messages[number - 1]

    async def activity(self, number: int = 1) -> Delivery:
        """Return the *number*-th activity that was handed over."""
        await self.until(lambda: len(self.activities) >= number)
        return self.activities[number - 1]


async def eventually(condition: Callable[[], object], within: float = PATIENCE) -> None:
    """Wait until *condition*, asked again and again, is true; that must be *within* so many seconds."""

    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.02)
