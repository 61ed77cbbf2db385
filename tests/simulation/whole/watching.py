"""A store that tells a judge of each step: what a server writes, drops and deletes."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, cast

from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.engine.inbox import is_told
from durahub.errors import CheckpointLost
from durahub.model.history import EventRaised
from durahub.model.instance import Instance
from durahub.store import HubStore, Purged


class Witness(Protocol):
    """Who is told of steps; times are the loop's."""

    def written(self, instance_id: str) -> None:
        """Take note that an instance has a new history."""

    def lost(self, instance_id: str) -> None:
        """Take note that a checkpoint was not written, for somebody else had written (or deleted)."""

    def dropped(self, instance_id: str, event: EventRaised) -> None:
        """Take note that an event is about to be dropped."""

    def purging(self, instance_id: str) -> None:
        """Take note that an instance is about to be purged."""


class WatchedStore:
    """A store that passes everything on to another."""

    def __init__(self, store: HubStore, witness: Witness) -> None:
        self._store = store
        self._witness = witness

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Write, and tell of it."""
        try:
            version = await self._store.commit(commit)
        except CheckpointLost:
            self._witness.lost(commit.instance_id)
            raise
        self._witness.written(commit.instance_id)
        return version

    async def intervene(self, commit: Commit) -> HistoryVersion:
        """Write, and tell of it."""
        version = await self._store.intervene(commit)
        self._witness.written(commit.instance_id)
        return version

    async def discard(self, deliveries: Sequence[Delivery]) -> None:
        """Tell of what is dropped, and drop it."""
        for delivery in deliveries:
            message = delivery.message
            if isinstance(message.event, EventRaised) and is_told(message):
                self._witness.dropped(message.target.instance_id, message.event)
        await self._store.discard(deliveries)

    async def purge(self, instance_id: str, expected: Instance | None = None) -> Purged:
        """Tell of it, and delete."""
        self._witness.purging(instance_id)
        return await self._store.purge(instance_id, expected)


def watched(store: HubStore, witness: Witness) -> HubStore:
    """Return *store* under the eyes of *witness*."""
    return cast("HubStore", WatchedStore(store, witness))


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()
