"""What an export is made from: a hub that gives all it has, whatever it is kept in."""

from collections.abc import AsyncIterator
from typing import Protocol

from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.manifest import SourceHub


class Outlet(Protocol):
    """A hub that is open."""

    @property
    def hub(self) -> SourceHub:
        """What a bundle says of it."""

    async def is_quiet(self) -> bool:
        """Tell, when everything was read, whether nobody has been at work on the hub meanwhile."""

    def messages(self) -> AsyncIterator[StoredMessage | NotRead]:
        """Yield the messages that can be seen."""

    def instances(self) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield orchestrations and entities, with their histories."""
