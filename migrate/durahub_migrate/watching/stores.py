"""Stores in which every hub is watched: which hubs there are, and the way to each."""

import asyncio
import contextlib
from pathlib import Path
from typing import Protocol

from durahub.accounts import Access, account_at
from durahub.address import HubAddress, StoreAddress
from durahub.classic.account import Account
from durahub.classic.proxies import ProxyOf
from durahub.classic.request_counts import RequestCounter
from durahub.classic.transport import CountedTransport
from durahub.errors import FileUnavailable
from durahub.scheduler import reads
from durahub.scheduler.connections import MEMORY, looking
from durahub.storage import SqliteStorage
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.connecting import Connection, Told
from durahub_migrate.watching.connections.classic import ClassicConnection
from durahub_migrate.watching.connections.scheduler import SchedulerConnection
from durahub_migrate.watching.transport import WatchingTransport

_DEVELOPMENT = "devstoreaccount1"
LOCAL = "local"


class WatchedStore(Protocol):
    """A store. *address* is how it is typed, *where* what stands behind the ``@`` of its hubs' keys."""

    address: StoreAddress
    where: str
    kind: StoreKind

    async def find_hubs(self) -> tuple[str, ...]:
        """Return the names of the hubs there. Raises `Unavailable`."""

    def connection(self, hub: str, told: Told) -> Connection:
        """Return the way to a hub. Raises `BadHubName`."""

    async def close(self) -> None:
        """Release what was opened; calling it twice is fine."""


class AccountStore:
    """A storage account, at *store*: an address or a connection string.

    Looking for its hubs has a budget of its own, and takes two requests.
    """

    kind = StoreKind.CLASSIC

    def __init__(
        self,
        address: StoreAddress,
        store: StoreAddress | str,
        access: Access,
        budget: RequestBudget,
        answers_within: float,
    ) -> None:
        self.address = address
        self._store = store
        self._access = access

        def make(counter: RequestCounter, *, proxy_of: ProxyOf) -> CountedTransport:
            return WatchingTransport(
                counter,
                budget=budget,
                account=self._account.name,
                answers_within=answers_within,
                proxy_of=proxy_of,
            )

        self._account: Account = account_at(store, access, make_transport=make)
        name = self._account.name
        self.where = LOCAL if name == _DEVELOPMENT else name

    async def find_hubs(self) -> tuple[str, ...]:
        """Return the names of the account's hubs."""
        found = await self._account.find_hubs(self._access.prefix)
        return tuple(one.name for one in found)

    def connection(self, hub: str, told: Told) -> Connection:
        """Return the way to a hub."""
        place = HubAddress(self.address, hub)
        return ClassicConnection(place, hub, self._store, self._access, told)

    async def close(self) -> None:
        """Close the account."""
        await self._account.close()


class FileStore:
    """A SQLite file, or the storage that this process has open."""

    kind = StoreKind.SCHEDULER

    def __init__(self, address: StoreAddress, storage: SqliteStorage | None = None) -> None:
        self.address = address
        self._storage = storage
        self._own = contextlib.AsyncExitStack()
        is_memory = address.place == MEMORY
        self.where = "memory" if is_memory else Path(address.place).stem

    async def find_hubs(self) -> tuple[str, ...]:
        """Return the names of the hubs in the file. Raises `FileUnavailable` where there is none yet."""
        if self._storage is not None:
            return tuple(one.name for one in await self._storage.find_hubs())
        return await asyncio.to_thread(self._look)

    def connection(self, hub: str, told: Told) -> Connection:
        """Return the way to a hub."""
        place = HubAddress(self.address, hub)
        return SchedulerConnection(place, hub, self.address.place, told, self._storage)

    async def close(self) -> None:
        """Do nothing: what is open is its owner's."""

    def _look(self) -> tuple[str, ...]:
        if not Path(self.address.place).is_file():
            raise FileUnavailable(self.address.place, "there is no such file")
        with looking(self.address.place) as connection:
            return reads.hub_names(connection)
