"""Opens a hub for a command that looks at it once, or acts on it: every request keeps to a budget."""

import contextlib
import getpass
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import click

from durahub.accounts import Access, account_at
from durahub.address import HubAddress
from durahub.classic.account import MakeTransport
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.request_counts import RequestCounter
from durahub.classic.transport import CountedTransport
from durahub.cli.access import access_of_environment
from durahub.cli.opening import hub_address, resolve
from durahub.cli.running import running_servers
from durahub.dispatch.clock import system_clock
from durahub.dispatch.operations import Operations
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.audit import AuditedActor, Who
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.data_folder import VARIABLE, data_folder
from durahub_migrate.acting.opening import open_actor, open_operations
from durahub_migrate.cli.running_hub import acted_on, looked_at
from durahub_migrate.monitor.health.measures import Price
from durahub_migrate.moving.place import Place, PlaceKind, kind_of, parse_place
from durahub_migrate.watching.addressing import key_of
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.opening import open_watch
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.transport import BudgetedTransport
from durahub_migrate.watching.watched_hub import WatchedHub

PER_SECOND = 100.0
"""Requests to storage a second, at most, of a command that somebody waits for."""

_DEVELOPMENT = "devstoreaccount1"

hub_option = click.option(
    "--hub",
    "address",
    envvar="DURAHUB_HUB",
    help="Address of the task hub, as in 'durahub hub --help'; also dts:ENDPOINT/NAME and bundle:PATH. "
    "[default: that of 'durahub up']",
)
folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=VARIABLE,
    help="Folder of the book of jobs and of the audit log. [default: the user's own]",
)


def place_of(address: str | None) -> Place:
    """Return where the hub is; without an address the first one of the server that runs here."""
    named = hub_address(None) if address is None else parse_place(address)
    return looked_at(named, running_servers())


@contextlib.asynccontextmanager
async def watched(
    place: Place,
    limits: Limits | None = None,
    *,
    inputs: bool = False,
    price: Price | None = None,
) -> AsyncIterator[WatchedHub]:
    """Open a hub to look at it, for the body. Raises `HubNotFound`, `Unavailable`."""
    options = MonitorOptions(
        requests_per_second=PER_SECOND, limits=limits or Limits(), inputs=inputs, price=price
    )
    async with open_watch(place, options) as hub:
        yield hub


@contextlib.asynccontextmanager
async def operations_of(place: HubAddress) -> AsyncIterator[Operations]:
    """Open the client operations of a hub in a store of its own, for the body. Raises `HubNotFound`."""
    access = access_of_environment()
    transport = budgeted(place, access, PER_SECOND)
    async with open_operations(place, access, resolve, make_transport=transport) as operations:
        yield operations


@contextlib.asynccontextmanager
async def actor_of(
    place: Place, requests_per_second: float = PER_SECOND
) -> AsyncIterator[tuple[str, JobActor]]:
    """Open what acts on a hub, for the body, which also gets the hub's key. Raises as `open_actor`.

    The file of a server that runs here is its own: then that server acts.
    """
    access = access_of_environment()
    place = acted_on(place, running_servers())
    key = keyed(place, access)
    transport = budgeted(place, access, requests_per_second)
    async with open_actor(key, place, access, resolve, make_transport=transport) as actor:
        yield key, actor


@dataclass(frozen=True, slots=True)
class Acting:
    """What acts on a hub called *key*, on behalf of whoever types: everything it does is noted."""

    key: str
    actor: AuditedActor


@contextlib.asynccontextmanager
async def acting(place: Place, folder: Path | None) -> AsyncIterator[Acting]:
    """Open what acts on a hub, for the body; the audit log is in *folder*, or the user's own."""
    audit = AuditLog(data_folder(folder))
    try:
        async with actor_of(place) as (key, actor):
            yield Acting(key, AuditedActor(actor, audit, me(), system_clock))
    finally:
        audit.close()


def keyed(place: Place, access: Access) -> str:
    """Return the hub's key, as the monitor has it."""
    return key_of(place, _account(place, access))[1]


def budgeted(place: Place, access: Access, requests_per_second: float) -> MakeTransport:
    """Return what makes the transports of a command: together they keep to one budget."""
    budget = RequestBudget(requests_per_second)
    account = _account(place, access) or ""

    def make(counter: RequestCounter, *, proxy_of: ProxyOf = no_proxy) -> CountedTransport:
        return BudgetedTransport(counter, budget=budget, account=account, proxy_of=proxy_of)

    return make


def _account(place: Place, access: Access) -> str | None:
    """Return what the monitor calls the account of a hub in Azure Storage."""
    if not isinstance(place, HubAddress) or kind_of(place) is not PlaceKind.CLASSIC:
        return None
    name = account_at(resolve(place.store), access).name
    return "local" if name == _DEVELOPMENT else name


def me() -> Who:
    """Return on whose behalf a command is run."""
    try:
        return Who(getpass.getuser(), "cli")
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return Who("local", "cli")
