"""What a job asks of an actor beside what `durahub_migrate.monitor.seam.Actor` has."""

from collections.abc import AsyncIterator
from typing import Protocol

from durahub.stored import NotRead, StoredInstance
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.possible import Offers
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.seam import Actor


class JobActor(Actor, Protocol):
    """An actor that a job can look and archive through, too."""

    @property
    def hub(self) -> str:
        """The hub's key."""

    @property
    def name(self) -> str:
        """The hub's own name."""

    @property
    def kind(self) -> StoreKind:
        """What the hub is kept in."""

    @property
    def offers(self) -> Offers:
        """What its kind of store lets be done."""

    async def look(self, instance_id: str) -> Row | None:
        """Return an instance as it is now, ``None`` if there is none."""

    def scan(self) -> AsyncIterator[Row]:
        """Yield all orchestrations and entities as they are now: a whole pass over the hub."""

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance with history and payloads; ``None`` if there is none."""
