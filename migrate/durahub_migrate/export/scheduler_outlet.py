"""A hub in a SQLite file, to be exported: a server may have it. Nothing in it is changed."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from durahub.errors import HubNotFound
from durahub.scheduler import reads
from durahub.scheduler.connections import MEMORY, is_open, looking
from durahub.scheduler.freezing import freeze_of
from durahub.scheduler.whole_hub import whole_instances, whole_messages
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.manifest import SourceHub
from durahub_migrate.export.stillness import IN_USE, Frozen, Stillness


@dataclass(frozen=True, slots=True)
class SchedulerOutlet:
    """A `durahub_migrate.export.outlet.Outlet`."""

    hub: SourceHub
    connection: Connection
    number: int
    place: str
    was_open: bool
    was_killed: bool
    frozen: Frozen

    async def is_quiet(self) -> bool:
        """Tell whether it was still."""
        return (await self.stillness()).is_still

    async def stillness(self) -> Stillness:
        """Return whether no server has had the file, at the beginning and at the end."""
        freeze = self.frozen.freeze
        if freeze is None:
            is_quiet = not self.was_open and not is_open(self.place)
            why = "" if is_quiet else IN_USE
            return Stillness(is_still=is_quiet, why=why, was_killed=self.was_killed)
        is_held = freeze_of(self.place) == freeze
        why = "" if is_held else "it was thawed meanwhile"
        return Stillness(is_still=is_held, why=why, freeze=freeze, was_killed=self.was_killed)

    async def messages(self) -> AsyncIterator[StoredMessage | NotRead]:
        """Yield all messages, those that are not due yet too."""
        for one in whole_messages(self.connection, self.number):
            yield one

    async def instances(self) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield the instances, by ID."""
        for one in whole_instances(self.connection, self.number):
            yield one


@contextlib.contextmanager
def scheduler_outlet(place: str, hub: str) -> Iterator[SchedulerOutlet]:
    """Open a hub for the body; what is read is of one moment. Raises `HubNotFound`, `FileUnavailable`."""
    if place == MEMORY or not Path(place).is_file():
        raise HubNotFound(hub, f"there is no file {place}")
    freeze = freeze_of(place)
    frozen = Frozen() if freeze is None else Frozen(freeze, "")
    was_open = is_open(place)
    # Who closes the file folds its log in; who only looks leaves an empty one.
    log = Path(f"{place}-wal")
    is_left = log.exists() and log.stat().st_size > 0
    was_killed = (freeze is not None or not was_open) and is_left
    with looking(place) as connection:
        connection.execute("BEGIN")  # a reader of SQLite sees what there was at its beginning
        number = reads.find_hub(connection, hub)
        if number is None:
            raise HubNotFound(hub, store=f"the file {place}")
        told = f"{Path(place).resolve()}/{hub}".lower()
        source = SourceHub(
            kind="scheduler",
            hub=hub,
            address_sha256=hashlib.sha256(told.encode()).hexdigest(),
            queues=reads.counts(connection, number),
        )
        yield SchedulerOutlet(source, connection, number, place, was_open, was_killed, frozen)
