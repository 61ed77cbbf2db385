"""Opens what an address names, for the length of a command."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

if sys.platform != "win32":
    import uvloop

from durahub.accounts import Access
from durahub.address import HubAddress, StoreAddress, StoreKind, parse_hub, parse_store
from durahub.cli.access import access_of_environment
from durahub.cli.held import endpoint_of
from durahub.cli.meant import first_hub, meant
from durahub.cli.running import Running, running_servers
from durahub.dispatch.clients import Clients
from durahub.dispatch.clock import new_id, system_clock
from durahub.errors import BadAddress, StorageUnavailable
from durahub.local.azurite import ACCOUNT, WELL_KNOWN_PORTS, connection_string
from durahub.scheduler.connections import MEMORY
from durahub.storage import Storage, StorageOptions, open_storage
from durahub.store import HubStore
from durahub.stored import HubReader

T = TypeVar("T")

LOOKING = StorageOptions(beside=True)
"""Of commands that only look: a file is read beside the server that has it."""

_IN_MEMORY = (
    "the server that runs here keeps its hubs in memory, where only that server sees them; "
    "'durahub instance' and 'durahub entity' look and act through it"
)

_UNTOLD = (
    "the server that runs here was given a connection string, which is not kept; "
    "name its account: env:VARIABLE, with the connection string in that variable"
)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* on the fastest loop there is."""
    if sys.platform == "win32":
        return asyncio.run(work)
    return uvloop.run(work)


def hub_address(text: str | None) -> HubAddress:
    """Return the hub that *text* names; without it the first one of the server that runs here.

    Raises `BadAddress` and `SeveralServers`.
    """
    if text is not None:
        return parse_hub(text)
    return parse_hub(first_hub(running_servers()))


def store_here() -> StoreAddress:
    """Return the store that is meant where none is named: that of the server that runs here, or Azurite.

    Raises `SeveralServers`, and `BadAddress` where nobody but the server gets to it.
    """
    store = resolve(StoreAddress(StoreKind.HERE, ""))
    return store if isinstance(store, StoreAddress) else StoreAddress(StoreKind.AZURITE, "")


def resolve(address: StoreAddress) -> StoreAddress | str:
    """Return the store, for Azurite the connection string of the local one.

    Raises `SeveralServers` where it cannot be told whose store is meant, `BadAddress` where that would be the
    memory of a server, or an account that it alone knows, and `StorageUnavailable` where an Azurite is meant
    and other stores are all that there is.
    """
    if address.kind not in (StoreKind.HERE, StoreKind.AZURITE):
        return address
    servers = running_servers()
    running = meant(address, servers)
    if running is None:
        if servers and not _is_listened_to():
            raise StorageUnavailable(ACCOUNT, _no_azurite(servers))
        blob, queue, table = (f"http://127.0.0.1:{port}/{ACCOUNT}" for port in WELL_KNOWN_PORTS)
        return connection_string(blob, queue, table)
    if running.storage is not None:
        return running.storage
    if running.store is None:
        raise BadAddress(str(address), _UNTOLD)
    store = parse_store(running.store)
    if store.kind is StoreKind.SQLITE and store.place == MEMORY:
        raise BadAddress(str(address), _IN_MEMORY)
    return store


def _is_listened_to() -> bool:
    """Tell whether anything listens where Azurite usually does."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", WELL_KNOWN_PORTS[1])) == 0


def _no_azurite(servers: Sequence[Running]) -> str:
    kept = ", ".join(
        f"{endpoint_of(one)} with {one.store or 'a connection string'}" for one in servers
    )
    return (
        f"nothing listens at port {WELL_KNOWN_PORTS[1]}, and no server here has an Azurite of its own; "
        f"what runs here: {kept}"
    )


@contextlib.asynccontextmanager
async def storage_of(
    address: StoreAddress, options: StorageOptions | None = None, *, access: Access | None = None
) -> AsyncIterator[Storage]:
    """Open a store for the body, by the environment's way to accounts unless *access* is another."""
    way = access or access_of_environment()
    async with open_storage(resolve(address), options or StorageOptions(), way) as storage:
        yield storage


@contextlib.asynccontextmanager
async def open_hub(
    address: HubAddress, options: StorageOptions | None = None, *, create: bool = False
) -> AsyncIterator[HubStore]:
    """Open a hub for the body. Raises `HubNotFound`."""
    async with storage_of(address.store, options) as storage:
        store = storage.store(address.hub)
        try:
            await store.open(create=create)
            yield store
        finally:
            await store.close()


@contextlib.asynccontextmanager
async def open_reader(
    address: HubAddress,
    *,
    tracking_prefix: str | None = None,
    tracking_store: StoreAddress | None = None,
) -> AsyncIterator[HubReader]:
    """Open a hub for reading it as it is. Raises `HubNotFound`."""
    access = access_of_environment()
    if tracking_store is not None:
        access = replace(access, tracking=tracking_store)
    async with storage_of(address.store, LOOKING, access=access) as storage:
        reader = storage.reader(address.hub, tracking_prefix)
        try:
            await reader.open()
            yield reader
        finally:
            await reader.close()


@contextlib.asynccontextmanager
async def open_clients(
    address: HubAddress, options: StorageOptions | None = None
) -> AsyncIterator[Clients]:
    """Open a hub's client operations for the body."""
    async with open_hub(address, options) as store:
        yield Clients(store, system_clock, new_id)
