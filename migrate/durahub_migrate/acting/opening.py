"""Opens what acts on the hub at a place: with the account's, the file's or the endpoint's own connections."""

import contextlib
from collections.abc import AsyncIterator, Callable

from durahub.accounts import Access, account_at
from durahub.address import HubAddress, StoreAddress, StoreKind
from durahub.classic.account import Account, MakeTransport
from durahub.classic.dialect import DTFX_2_9_BASE64
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.classic.tracking import find_tables
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clock import Clock, new_id, system_clock
from durahub.dispatch.operations import Operations
from durahub.errors import NotOffered
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import HubStore
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.endpoint_actor import EndpointActor
from durahub_migrate.acting.store_actor import Delete, StoreActor
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.monitor.actions import Verb
from durahub_migrate.monitor.hub import StoreKind as HubKind
from durahub_migrate.monitor.possible import OFFERS
from durahub_migrate.moving.place import BundleAddress, EndpointAddress, Place

Resolve = Callable[[StoreAddress], StoreAddress | str]
"""Returns a store's address, for Azurite its connection string."""


@contextlib.asynccontextmanager
async def open_actor(
    key: str,
    place: Place,
    access: Access,
    resolve: Resolve,
    *,
    make_transport: MakeTransport = CountedTransport,
    clock: Clock = system_clock,
    delete: Delete | None = None,
) -> AsyncIterator[JobActor]:
    """Open the actor of the hub at *place*, called *key*, for the body.

    *make_transport* makes what keeps to the hub's budget; it has to let through what writes. *delete* deletes
    the hub where a server is to do that. A file is had by this process alone: beside a server, `StoreActor`
    of that server's own hub has to do. Raises `HubNotFound`, `FileUnavailable`, `NotOffered` for a bundle.
    """
    match place:
        case BundleAddress():
            why = OFFERS[HubKind.BUNDLE].lacks[Verb.START]
            raise NotOffered(key, "acting", why)
        case EndpointAddress():
            async with open_endpoint(place, identity=access.identity) as client:
                yield EndpointActor(key, client, new_id)
        case HubAddress():
            way = open_operations(
                place, access, resolve, make_transport=make_transport, clock=clock
            )
            async with way as operations:
                yield StoreActor(key, operations, clock, delete=delete)


@contextlib.asynccontextmanager
async def open_operations(
    place: HubAddress,
    access: Access,
    resolve: Resolve,
    *,
    make_transport: MakeTransport = CountedTransport,
    clock: Clock = system_clock,
) -> AsyncIterator[Operations]:
    """Open the client operations of a hub in a store of its own, for the body. Raises as `open_actor`."""
    if place.store.kind is StoreKind.SQLITE:
        file = SchedulerFile(place.store.place, clock=clock)
        try:
            async with _opened(SchedulerStore(file, place.hub), clock) as operations:
                yield operations
        finally:
            await file.close()
        return
    found = account_at(resolve(place.store), access, make_transport=make_transport)
    async with found as account:
        names = HubNames(place.hub, access.prefix)
        looking = _classic(names, account, clock)
        names = await find_tables(account, looking.parts.tables, names)
        async with _opened(_classic(names, account, clock), clock) as operations:
            yield operations


def _classic(names: HubNames, account: Account, clock: Clock) -> ClassicStore:
    # which workers the hub has is not known, and all of them read Base64
    options = ClassicOptions(tracking_prefix=names.tracking_prefix, dialect=DTFX_2_9_BASE64)
    return ClassicStore(names.hub, account, options, clock)


@contextlib.asynccontextmanager
async def _opened(store: HubStore, clock: Clock) -> AsyncIterator[Operations]:
    try:
        await store.open(create=False)
        yield Operations(store, clock, new_id)
    finally:
        await store.close()
