"""Opens a hub, wherever it is, to be read to its end."""

import contextlib
import functools
from collections.abc import AsyncIterator
from dataclasses import replace

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress, StoreKind, parse_hub, parse_store
from durahub.classic.account import Account, MakeTransport
from durahub.cli.access import access_of_environment
from durahub.cli.opening import resolve
from durahub.dispatch.clock import system_clock
from durahub.errors import BadAddress
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.export.classic_outlet import classic_outlet
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.export.outlet import Outlet
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from durahub_migrate.moving.place import EndpointAddress, parse_place


@contextlib.asynccontextmanager
async def opened_outlet(
    source: str,
    tracking_prefix: str | None = None,
    tracking_store: str | None = None,
    *,
    takes: bool = False,
) -> AsyncIterator[Outlet]:
    """Open the hub *source*, an address, for the body. Raises `BadAddress`, `NotThere`, `Unavailable`.

    With *takes* the messages of a frozen hub in Azure Storage are taken and put back, so that all are read.
    """
    place = parse_place(source)
    if isinstance(place, EndpointAddress):
        async with open_endpoint(place, identity=access_of_environment().identity) as client:
            await client.hello()
            yield await open_outlet(client)
        return
    named = parse_hub(source)
    store = resolve(named.store)
    if isinstance(store, StoreAddress) and store.kind is StoreKind.SQLITE:
        with scheduler_outlet(store.place, named.hub) as in_file:
            yield in_file
        return
    access = access_of_environment()
    if tracking_store is not None:
        access = replace(access, tracking=parse_store(tracking_store))
    prefix = tracking_prefix or access.tracking_prefix
    opening = functools.partial(_account, store, access)
    async with classic_outlet(named.hub, opening, system_clock, prefix, takes=takes) as in_account:
        yield in_account


def refuse_path(text: str) -> None:
    """Refuse what is neither a bundle nor can be a hub: a path where nothing is. Raises `BadAddress`."""
    if ":" not in text and not text.isalnum():
        raise BadAddress(text, "it can be no hub's name, and there is no bundle of that name")


def _account(store: StoreAddress | str, access: Access, make_transport: MakeTransport) -> Account:
    return account_at(store, access, make_transport=make_transport)
