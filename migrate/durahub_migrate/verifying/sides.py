"""Any place as a stream of messages and instances, with what it shows of the messages on their way."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from durahub.model.ticks import Ticks
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.export.outlet import Outlet
from durahub_migrate.verifying.judging import Sees
from durahub_migrate.verifying.verdicts import Unread

_SEES = {"scheduler": Sees.ALL, "classic": Sees.SOME}


class Side(Protocol):
    """A place that is open, to be read once: messages, then instances."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def kind(self) -> str:
        """What its hub is, or was, kept in: ``classic``, ``scheduler``, ``endpoint``."""

    @property
    def is_bundle(self) -> bool:
        """Whether it is a bundle of such a hub."""

    @property
    def taken(self) -> Ticks | None:
        """When it was read, if that was before now."""

    @property
    def total(self) -> int | None:
        """How many instances it has, if that is known before."""

    def messages(self) -> AsyncIterator[StoredMessage | Unread]:
        """Yield the messages that it shows."""

    def instances(self) -> AsyncIterator[StoredInstance | Unread]:
        """Yield the instances with their histories, and what cannot be read."""


OpenSide = Callable[[], AbstractAsyncContextManager[Side]]
"""Opens a place once more."""


def sees(side: Side) -> Sees:
    """Return what *side* shows of messages on their way."""
    return _SEES.get(side.kind, Sees.NOTHING)


@dataclass(frozen=True, slots=True)
class HubSide:
    """A hub, through its outlet."""

    name: str
    outlet: Outlet
    is_bundle: bool = False
    taken: Ticks | None = None
    total: int | None = None

    @property
    def kind(self) -> str:
        """What the hub is kept in."""
        return self.outlet.hub.kind

    async def messages(self) -> AsyncIterator[StoredMessage | Unread]:
        """Yield the messages that it shows."""
        async for one in self.outlet.messages():
            yield _unread(one) if isinstance(one, NotRead) else one

    async def instances(self) -> AsyncIterator[StoredInstance | Unread]:
        """Yield the instances."""
        async for one in self.outlet.instances():
            yield _unread(one) if isinstance(one, NotRead) else one


@dataclass(frozen=True, slots=True)
class BundleSide:
    """A bundle. What the export could not read is not read here, either."""

    name: str
    reader: BundleReader
    is_bundle: bool = True

    @property
    def kind(self) -> str:
        """What the hub was kept in."""
        return self.reader.manifest.source.kind

    @property
    def taken(self) -> Ticks | None:
        """When the export ended."""
        return self.reader.manifest.ended

    @property
    def total(self) -> int | None:
        """How many instances the bundle has."""
        counts = self.reader.manifest.counts
        return sum(counts.instances.values()) + sum(counts.entities.values())

    async def messages(self) -> AsyncIterator[StoredMessage | Unread]:
        """Yield the messages that were seen in queues."""
        for rejected in self._rejects("message"):
            yield rejected
        for one in self.reader.seen_messages():
            yield one

    async def instances(self) -> AsyncIterator[StoredInstance | Unread]:
        """Yield the instances, in the bundle's order."""
        for rejected in self._rejects("instance"):
            yield rejected
        for bundled in self.reader.instances():
            yield bundled.whole()

    def _rejects(self, kind: str) -> Iterator[Unread]:
        for one in self.reader.rejects():
            if one.kind == kind:
                yield Unread(
                    instance_id=one.instance_id or "",
                    place=one.place,
                    code=one.code,
                    sentence=one.reason,
                )


def _unread(found: NotRead) -> Unread:
    return Unread(
        instance_id=found.instance_id or "",
        place=found.place,
        code=found.error.code,
        sentence=found.error.sentence,
    )
