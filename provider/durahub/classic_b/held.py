"""The messages in this server's hands: their receipts, and how long they stay hidden.

A message is *held* from the moment it is received (or put hidden by this server) until it is deleted
or released. While it is held its time is renewed; if it is received again all the same, only its
receipt is replaced. A *parked* message waits for its time in memory; its twin in the queue becomes
visible by itself soon after.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from durahub.classic_b.queues import Receipt
from durahub.engine.commit import Delivery


@dataclass(eq=False, slots=True)
class Held:
    """A held message. ``hidden_until`` is monotonic."""

    delivery: Delivery
    queue: str
    receipt: Receipt
    hidden_until: float
    parked: "asyncio.TimerHandle | None" = None


class HeldMessages:
    """All held messages, by message ID."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def add(self, held: Held) -> None:
        """Begin to hold a message."""
        self._held[held.delivery.key] = held

    def get(self, key: str) -> Held | None:
        """Return a held message."""
        return self._held.get(key)

    def take(self, key: str) -> Held | None:
        """Stop holding a message, and return it."""
        held = self._held.pop(key, None)
        if held is not None and held.parked is not None:
            held.parked.cancel()
            held.parked = None
        return held

    def of_queue(self, queue: str) -> list[Held]:
        """Return what is held of a queue."""
        return [held for held in self._held.values() if held.queue == queue]

    def due_for_renewal(self, before: float) -> Iterable[Held]:
        """Return what would become visible before that time; parked ones may."""
        return [h for h in self._held.values() if h.parked is None and h.hidden_until < before]
