"""What changed in the index, told to everybody who listens: pages that are open in browsers.

Nobody is waited for. A listener that does not come back in time is told that anything may have changed,
instead of everything that did.
"""

import asyncio
from collections.abc import AsyncIterator

ANYTHING: frozenset[str] = frozenset()
"""Told instead of IDs: anything may have changed."""
MOST = 1000  # IDs that are kept for a listener


class Feed:
    """Tells IDs to listeners; it belongs to one event loop."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._listeners: set[_Listener] = set()

    @property
    def has_listeners(self) -> bool:
        """Whether somebody listens."""
        return bool(self._listeners)

    def tell(self, instance_ids: frozenset[str]) -> None:
        """Tell everybody; the empty set is `ANYTHING`."""
        for listener in self._listeners:
            listener.add(instance_ids)

    async def listen(self) -> AsyncIterator[frozenset[str]]:
        """Yield what is told from now on: what came while the listener was busy together."""
        listener = _Listener(self._most)
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.take()
        finally:
            self._listeners.discard(listener)


class _Listener:
    def __init__(self, most: int) -> None:
        self._most = most
        self._ids: set[str] = set()
        self._anything = False
        self._there = asyncio.Event()

    def add(self, instance_ids: frozenset[str]) -> None:
        if not instance_ids or len(self._ids) + len(instance_ids) > self._most:
            self._anything = True
            self._ids.clear()
        elif not self._anything:
            self._ids |= instance_ids
        self._there.set()

    async def take(self) -> frozenset[str]:
        await self._there.wait()
        self._there.clear()
        told = ANYTHING if self._anything else frozenset(self._ids)
        self._anything = False
        self._ids.clear()
        return told
