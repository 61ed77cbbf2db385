"""Stores that do one thing wrong, now and then."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import Commit, HistoryVersion
from durahub.model.history import EventRaised
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.storage import SqliteStorage, StorageOptions
from durahub.store import HubStore

OFTEN = 0.3  # of the occasions


class PlantedStore(SchedulerStore):
    """A store of a hub that has chances to err."""

    chance: Random
    lates: set["asyncio.Task[None]"]  # what is not done yet

    def errs(self) -> bool:
        return self.chance.random() < OFTEN


class AnswersEarly(PlantedStore):
    """Acknowledges a start that it has not written yet."""

    async def start(
        self, message: Message, replaces: Instance | None, *, unread: bool = False
    ) -> None:
        if self.errs():
            late = asyncio.get_running_loop().create_task(self._late(message, replaces))
            self.lates.add(late)
        else:
            await super().start(message, replaces, unread=unread)

    async def _late(self, message: Message, replaces: Instance | None) -> None:
        await asyncio.sleep(1.0)  # the time in which it can be killed
        await super().start(message, replaces)


class DoublesEvents(PlantedStore):
    """Stores an event twice."""

    async def send(self, message: Message) -> None:
        await super().send(message)
        if isinstance(message.event, EventRaised) and self.errs():
            await super().send(message)


class ForgetsDeletes(PlantedStore):
    """Leaves a message in its table that was used."""

    async def commit(self, commit: Commit) -> HistoryVersion:
        if commit.consumed and self.errs():
            commit = replace(commit, consumed=commit.consumed[1:])
        return await super().commit(commit)


BUGS: Mapping[str, type[PlantedStore] | FileOptions] = {
    "answers-early": AnswersEarly,
    "doubles-events": DoublesEvents,
    "forgets-deletes": ForgetsDeletes,
    "synchronous-off": FileOptions(synchronous="OFF"),  # type: ignore[arg-type]
}


class PlantedStorage(SqliteStorage):
    """A file whose stores have the bug of this name."""

    def __init__(self, place: str, bug: str, chance: Random) -> None:
        super().__init__(place)
        self._bug: Any = BUGS[bug]
        self._chance = chance
        if isinstance(self._bug, FileOptions):
            self._file = SchedulerFile(place, clock=system_clock, options=self._bug)

    def store(self, hub: str, options: StorageOptions | None = None) -> HubStore:
        if isinstance(self._bug, FileOptions):
            return super().store(hub, options)
        made: PlantedStore = self._bug(self._file, hub)
        made.chance, made.lates = self._chance, set()
        return made
