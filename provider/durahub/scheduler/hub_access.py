"""The way to one hub in its file: found by its name, read and written; what cannot be read is set aside."""

import logging
import re
import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeVar

from durahub.errors import BadHubName, HubBeingMoved, HubNotFound
from durahub.scheduler import importing, writes
from durahub.scheduler.file import OpenHub, SchedulerFile
from durahub.scheduler.reads import Unreadable
from durahub.scheduler.transactions import Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}", re.ASCII)


def is_hub_name(name: str) -> bool:
    """Tell whether a storage account would take *name* for a hub."""
    return _HUB_NAME.fullmatch(name) is not None


class HubAccess:
    """The hub called *name* in *file*.

    Raises `BadHubName` unless a storage account would take the name, too: hubs move there and back.
    """

    def __init__(self, file: SchedulerFile, name: str) -> None:
        if not is_hub_name(name):
            raise BadHubName(name)
        self.file = file
        self.name = name
        self.unreadable: set[str] = set()  # what this process has set aside
        self._found: OpenHub | None = None

    @property
    def hub(self) -> OpenHub:
        """The hub in its file. Raises `HubNotFound` while it is not open."""
        if self._found is None:
            raise HubNotFound(self.name)
        return self._found

    async def open(self, *, create: bool) -> None:
        """Find the hub; see `durahub.scheduler.hub_store.SchedulerStore.open`."""
        if not await self.file.connect(create=create):
            raise HubNotFound(self.name, f"there is no file {self.file.place}")
        found = await self.file.hub(self.name, create=create)
        if create:
            await self._refuse_movers_of(found.number)
        self._found = found

    async def refuse_movers(self) -> None:
        """Raise `HubBeingMoved` while a job moves instances into the hub."""
        await self._refuse_movers_of(self.hub.number)

    async def _refuse_movers_of(self, hub: int) -> None:
        job = await self.file.read(lambda connection: importing.mover_of(connection, hub))
        if job is not None:
            raise HubBeingMoved(self.name, job)

    def close(self) -> None:
        """Let go of the hub; calling it twice is fine."""
        self._found = None

    async def write(
        self,
        work: Callable[[Transaction], T],
        then: Callable[[T], None] | None = None,
        size: int = 0,
    ) -> T:
        """Return what *work* does in a transaction; *then* is told when that is committed.

        Raises `HubNotFound` if the hub was deleted meanwhile.
        """
        try:
            return await self.file.write(work, then, size)
        except sqlite3.IntegrityError as error:
            if "FOREIGN KEY" not in str(error):
                raise
            raise HubNotFound(self.name) from None  # every row refers to its hub

    async def readable(
        self, look: Callable[[sqlite3.Connection], T | Unreadable], *, slow: bool = False
    ) -> T:
        """Return what *look* finds; what it cannot read is set aside, and its error raised."""
        found = await self.file.read(look, slow=slow)
        if isinstance(found, Unreadable):
            await self.note((found,))
            raise found.error
        return found

    async def note(self, unreadable: Iterable[Unreadable]) -> None:
        """Set aside what could not be read, each once."""
        for one in unreadable:
            await self._note_one(one)

    async def _note_one(self, one: Unreadable) -> None:
        hub, now = self.hub.number, self.file.clock()
        location, code = one.location, one.error.code
        if location in self.unreadable:
            return
        self.unreadable.add(location)
        if self.file.holder is not None:
            return  # who has the file sets it aside

        def tell(is_new: bool) -> None:
            if is_new:
                log.error("set-aside", extra={"location": location, "code": code})

        await self.write(
            lambda tx: writes.note_aside(tx, hub, location, one.error, one.head, now), tell
        )
