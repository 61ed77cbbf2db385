"""Opens a monitor of what people name: hubs, and stores with all their hubs.

::

    async with open_monitor(["azurite:", "sqlite:hub.db/orders"]) as monitor:
        ...
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Hashable, Sequence

from durahub.accounts import Access
from durahub.address import HubAddress, StoreAddress, StoreKind
from durahub.cli.access import access_of_environment
from durahub.cli.opening import resolve as resolve_here
from durahub.errors import BadSource
from durahub.storage import SqliteStorage, Storage
from durahub_migrate.monitor.hub import StoreKind as HubKind
from durahub_migrate.moving.place import BundleAddress, EndpointAddress, Place
from durahub_migrate.watching.actor import OpenActor
from durahub_migrate.watching.addressing import Source, key_of, parse_source
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.connections.bundle import BundleConnection
from durahub_migrate.watching.connections.endpoint import EndpointConnection
from durahub_migrate.watching.index import LocalIndexes
from durahub_migrate.watching.keeping import Indexes
from durahub_migrate.watching.looks.opening import MakesLooks
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.looks_of import LooksOf
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.stores import AccountStore, FileStore, WatchedStore
from durahub_migrate.watching.watched_hub import WatchedHub
from durahub_migrate.watching.watched_hubs import Means, WatchedHubs

Resolve = Callable[[StoreAddress], StoreAddress | str]
"""Returns a store's address, for Azurite the connection string of the one that is meant."""


@contextlib.asynccontextmanager
async def open_monitor(
    sources: Sequence[str],
    options: MonitorOptions | None = None,
    *,
    access: Access | None = None,
    resolve: Resolve = resolve_here,
    open_indexes: Callable[[MonitorOptions], Indexes] | None = None,
    looks_of: LooksOf | None = None,
    open_actor: OpenActor | None = None,
) -> AsyncIterator[WatchedHubs]:
    """Watch *sources* for the body. Nothing is waited for: hubs that cannot be reached say so.

    *access* is the way to accounts, by default the environment's. Without *open_actor* nobody can act.
    Raises `BadSource`, and what is wrong with a connection string or a hub's name.
    """
    async with _watching(options, open_indexes, looks_of, open_actor) as (monitor, means):
        opening = _Opening(monitor, means, access or access_of_environment(), resolve)
        for one in _parsed(sources):
            opening.add(one)
        yield monitor


@contextlib.asynccontextmanager
async def open_watch(
    place: Place,
    options: MonitorOptions | None = None,
    *,
    access: Access | None = None,
    resolve: Resolve = resolve_here,
    looks_of: LooksOf | None = None,
) -> AsyncIterator[WatchedHub]:
    """Open one hub for the body, which looks once: nothing is swept, and its index is empty.

    Raises what finding the hub raises: `HubNotFound`, `Unavailable`, `BadBundle`.
    """
    opened = _watching(options, None, looks_of, None, by_themselves=False)
    async with opened as (monitor, means):
        _Opening(monitor, means, access or access_of_environment(), resolve).place(place)
        (hub,) = monitor.hubs()
        await hub.find()
        yield hub


@contextlib.asynccontextmanager
async def monitor_of_storage(
    storage: Storage,
    store: StoreAddress | str,
    options: MonitorOptions | None = None,
    *,
    access: Access | None = None,
    open_indexes: Callable[[MonitorOptions], Indexes] | None = None,
    looks_of: LooksOf | None = None,
    open_actor: OpenActor | None = None,
) -> AsyncIterator[WatchedHubs]:
    """Watch all hubs of the *storage* that this process serves, for the body.

    A SQLite file is shared with the server. An account is opened a second time at *store*, its address or
    connection string, so that watching it has its own budget.
    """
    async with _watching(options, open_indexes, looks_of, open_actor) as (monitor, means):
        address = store if isinstance(store, StoreAddress) else StoreAddress(StoreKind.AZURITE, "")
        if isinstance(storage, SqliteStorage):
            monitor.discover(FileStore(address, storage))
        else:
            opening = _Opening(monitor, means, access or access_of_environment(), lambda _: store)
            monitor.discover(opening.store(address))
        yield monitor


@contextlib.asynccontextmanager
async def _watching(
    options: MonitorOptions | None,
    open_indexes: Callable[[MonitorOptions], Indexes] | None,
    looks_of: LooksOf | None,
    open_actor: OpenActor | None,
    *,
    by_themselves: bool = True,
) -> AsyncIterator[tuple[WatchedHubs, Means]]:
    options = options or MonitorOptions()
    indexes = open_indexes(options) if open_indexes is not None else _indexes(options)
    means = Means(
        options=options,
        indexes=indexes,
        looks_of=looks_of or MakesLooks(LookSettings(price=options.price)),
        open_actor=open_actor,
        by_themselves=by_themselves,
    )
    monitor = WatchedHubs(means)
    try:
        yield monitor, means
    finally:
        await monitor.close()
        indexes.close()


def _indexes(options: MonitorOptions) -> LocalIndexes:
    return LocalIndexes(options.index) if options.index is not None else LocalIndexes()


def _parsed(sources: Sequence[str]) -> list[Source]:
    if not sources:
        raise BadSource("", "name a hub, or a store whose hubs are all watched")
    return [parse_source(text) for text in sources]


class _Opening:
    """Puts sources into a monitor."""

    def __init__(
        self, monitor: WatchedHubs, means: Means, access: Access, resolve: Resolve
    ) -> None:
        self._monitor = monitor
        self._means = means
        self._access = access
        self._resolve = resolve
        self._seen: set[Hashable] = set()

    def add(self, source: Source) -> None:
        """Watch a source. Raises `BadSource` for one that is watched already, however it was named."""
        what = self._meant(source)
        if what in self._seen:
            raise BadSource(source.text, "it is named twice")
        self._seen.add(what)
        if source.store is not None:
            self._monitor.discover(self.store(source.store))
        elif source.place is not None:
            self.place(source.place)

    def _meant(self, source: Source) -> Hashable:
        if source.store is not None:
            return self._resolve(source.store)
        if isinstance(source.place, HubAddress):
            return self._resolve(source.place.store), source.place.hub
        return source.place

    def store(self, address: StoreAddress) -> WatchedStore:
        """Return the store at an address."""
        found = self._resolve(address)
        if isinstance(found, StoreAddress) and found.kind is StoreKind.SQLITE:
            return FileStore(found)
        options = self._means.options
        budget = RequestBudget(options.requests_per_second, clock=self._means.monotonic)
        return AccountStore(address, found, self._access, budget, options.answers_within)

    def place(self, place: Place) -> None:
        """Watch the hub at a place."""
        name, key = key_of(place)
        where = key.partition("@")[2]
        match place:
            case EndpointAddress():
                access = self._access
                self._monitor.watch(
                    name,
                    where,
                    str(place),
                    HubKind.ENDPOINT,
                    lambda told: EndpointConnection(place, access, told),
                )
            case BundleAddress():
                self._monitor.watch(
                    name,
                    where,
                    str(place),
                    HubKind.BUNDLE,
                    lambda told: BundleConnection(place, told),
                )
            case HubAddress(store=address, hub=hub):
                store = self.store(address)
                self._monitor.watch(
                    hub,
                    store.where,
                    str(place),
                    store.kind,
                    lambda told: store.connection(hub, told),
                )
