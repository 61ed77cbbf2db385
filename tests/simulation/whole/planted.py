"""Bugs to be found: stores that do one thing wrong, now and then. None is in the product."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import is_request_name
from durahub.model.history import EventRaised, OrchestratorStarted, TaskCompleted
from durahub.store import HubStore


class _Wrong:
    """Passes everything on; each *often*-th time a subclass does it wrong."""

    often = 3

    def __init__(self, store: HubStore) -> None:
        self.store = store
        self._times = itertools.count(1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def now(self) -> bool:
        """Tell whether it is time to do it wrong."""
        return next(self._times) % self.often == 0


class LosesDeletes(_Wrong):
    """What a turn has consumed is not deleted."""

    async def commit(self, commit: Commit) -> HistoryVersion:
        if self.now():
            commit = replace(commit, consumed=())
        return await self.store.commit(commit)


class DoublesEvents(_Wrong):
    """A commit writes an event twice."""

    often = 1

    async def commit(self, commit: Commit) -> HistoryVersion:
        events = []
        for event in commit.events:
            events.append(event)
            if isinstance(event, EventRaised | TaskCompleted):
                events.append(event)
        return await self.store.commit(replace(commit, events=tuple(events)))


class WritesStale(_Wrong):
    """A commit goes on from a history that was read before the last episode was written."""

    async def commit(self, commit: Commit) -> HistoryVersion:
        if commit.base.token is not None and not commit.replaces and self.now():
            stored = (await self.store.load(commit.instance_id)).events
            episodes = [n for n, e in enumerate(stored) if isinstance(e, OrchestratorStarted)]
            read = stored[: episodes[-1]] if episodes else ()
            commit = replace(commit, replaces=True, events=(*read, *commit.events))
        return await self.store.commit(commit)


class DropsWhatIsPutBack(_Wrong):
    """What is put back is deleted."""

    often = 1

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        del delay
        await self.store.discard(deliveries)


class AppliesTwice(_Wrong):
    """An operation of an entity comes again after it was applied."""

    async def commit(self, commit: Commit) -> HistoryVersion:
        if is_entity(commit.instance_id) and self.now():
            again = [
                delivery.message
                for delivery in commit.consumed
                if isinstance(delivery.message.event, EventRaised)
                and is_request_name(delivery.message.event.name)
            ]
            commit = replace(commit, outbound=(*commit.outbound, *again))
        return await self.store.commit(commit)


PLANTED = (LosesDeletes, DoublesEvents, WritesStale, DropsWhatIsPutBack, AppliesTwice)


def plant(kind: type[_Wrong], store: HubStore) -> HubStore:
    """Return *store* with a bug."""
    return cast("HubStore", kind(store))
