"""The actors of hubs that are watched: opened when they are needed first, by the ways that the watch has."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Protocol, cast

from durahub.accounts import Access
from durahub.address import HubAddress
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clock import new_id, system_clock
from durahub.dispatch.operations import Operations
from durahub.engine.entities.ids import is_entity
from durahub.errors import FileUnavailable
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.endpoint_actor import EndpointActor
from durahub_migrate.acting.opening import open_actor
from durahub_migrate.acting.store_actor import StoreActor
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.monitor.possible import OF_ENTITIES, OF_ORCHESTRATIONS, OFFERS, Offers
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.seam import Actor
from durahub_migrate.watching.opened import OpenedHub

DeleteHub = Callable[[str], Awaitable[None]]
"""Stops serving a hub, by its name, and deletes it."""


@contextlib.asynccontextmanager
async def open_watched_actor(
    hub: OpenedHub, delete_hub: DeleteHub | None = None
) -> AsyncIterator[JobActor]:
    """Open the actor of a hub that is watched, for the body: a `durahub_migrate.watching.actor.OpenActor`.

    Requests to storage keep to the hub's budget. A file that this process serves is written through the
    server's own connection; one that another process has is refused, `FileUnavailable`, when it is acted on.
    In a server of its hubs *delete_hub* deletes them.
    """
    key = hub.ref.key
    delete = partial(delete_hub, hub.ref.name) if delete_hub is not None else None
    if hub.client is not None:
        yield EndpointActor(key, hub.client, new_id)
        return
    if hub.storage is not None:
        store = hub.storage.store(hub.ref.name)
        try:
            await store.open(create=False)
            operations = Operations(store, system_clock, new_id)
            yield StoreActor(key, operations, system_clock, delete=delete)
        finally:
            await store.close()
        return
    if hub.ref.kind is StoreKind.SCHEDULER and isinstance(hub.place, HubAddress):
        yield FileActor(key, hub)
        return
    store_at = hub.store
    async with open_actor(
        key,
        hub.place,
        hub.access or Access(),
        lambda address: store_at if store_at is not None else address,
        make_transport=hub.writing or CountedTransport,
        delete=delete,
    ) as actor:
        yield actor


class FileActor:
    """Acts on a hub in a file, and has the file only while it does: others may want it, too."""

    kind = StoreKind.SCHEDULER
    offers: Offers = OFFERS[StoreKind.SCHEDULER]

    def __init__(self, hub: str, opened: OpenedHub) -> None:
        self.hub = hub
        self.name = opened.ref.name
        self._opened = opened
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def _actor(self) -> AsyncIterator[JobActor]:
        place, access = self._opened.place, self._opened.access or Access()
        async with (
            self._turn,
            open_actor(self.hub, place, access, lambda address: address) as actor,
        ):
            yield actor

    async def look(self, instance_id: str) -> Row | None:
        """Return an instance as it is now, ``None`` if there is none."""
        async with self._actor() as actor:
            return await actor.look(instance_id)

    async def scan(self) -> AsyncIterator[Row]:
        """Yield all instances."""
        async with self._actor() as actor:
            async for row in actor.scan():
                yield row

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance with history and payloads."""
        async with self._actor() as actor:
            return await actor.whole(instance_id)

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance; none while another process has the file."""
        try:
            async with self._actor() as actor:
                return await actor.possible(instance_id)
        except FileUnavailable as error:
            verbs = OF_ENTITIES if is_entity(instance_id) else OF_ORCHESTRATIONS
            return tuple(Possible(verb=one, allowed=False, why_not=error.problem) for one in verbs)

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do."""
        async with self._actor() as actor:
            return await actor.cost(command)

    async def do(self, command: Command) -> Done:
        """Do it."""
        async with self._actor() as actor:
            return await actor.do(command)


class Acting(Protocol):
    """A hub that is watched, and lends its actor."""

    @property
    def ref(self) -> HubRef:
        """How it is called."""

    async def actor(self) -> Actor:
        """Return its actor, opened now if it was not. Raises `HubNotFound`, `NotOffered`."""

    def acted(self, command: Command, done: Done) -> None:
        """Take note of what a job has done."""


class ActorOfWatch:
    """The actor of a hub that is watched, for jobs: what they ask is in the background, not in front."""

    def __init__(self, watch: Acting) -> None:
        self._watch = watch

    @property
    def hub(self) -> str:
        """The hub's key."""
        return self._watch.ref.key

    @property
    def name(self) -> str:
        """The hub's own name."""
        return self._watch.ref.name

    @property
    def kind(self) -> StoreKind:
        """What the hub is kept in."""
        return self._watch.ref.kind

    @property
    def offers(self) -> Offers:
        """What its kind of store lets be done."""
        return OFFERS[self.kind]

    async def _actor(self) -> JobActor:
        return cast("JobActor", await self._watch.actor())

    async def look(self, instance_id: str) -> Row | None:
        """Return an instance as it is now, ``None`` if there is none."""
        return await (await self._actor()).look(instance_id)

    async def scan(self) -> AsyncIterator[Row]:
        """Yield all instances."""
        async for row in (await self._actor()).scan():
            yield row

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance with history and payloads."""
        return await (await self._actor()).whole(instance_id)

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance."""
        return await (await self._actor()).possible(instance_id)

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do."""
        return await (await self._actor()).cost(command)

    async def do(self, command: Command) -> Done:
        """Do it; the watch takes note of it."""
        done = await (await self._actor()).do(command)
        self._watch.acted(command, done)
        return done
