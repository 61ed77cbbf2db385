"""The stores under test: one class a kind, which opens, serves, stops and crashes stores of one hub."""

import asyncio
import contextlib
from typing import Any, Protocol

from listening_desk import Desk

from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import system_clock
from durahub.store import HubStore


class HubUnderTest(Protocol):
    """A hub, and the stores (servers, clients) that use it."""

    async def open(self, *, create: bool = True, partitions: int | None = 2) -> HubStore:
        """Return a store of its own, opened."""

    def serve(self, store: HubStore, desk: Desk) -> "asyncio.Task[None]":
        """Serve *store* in the background."""

    async def crash(self, store: HubStore) -> None:
        """End *store* as a killed process ends: nothing is let go."""


class ClassicHub:
    """A hub in Azure Storage. Leases and time-outs are short, so that nothing waits for long."""

    visibility = 2.0

    def __init__(self, name: str, connection_string: str) -> None:
        self.name = name
        self._connection_string = connection_string
        self._accounts: dict[int, Account] = {}
        self._stores: list[ClassicStore] = []
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def open(
        self, *, create: bool = True, partitions: int | None = 2, **options: Any
    ) -> ClassicStore:
        account = self.account()
        settings: dict[str, Any] = {
            "partitions": partitions,
            "visibility": self.visibility,
            "max_poll": 0.2,
            "lease": 3.0,
            "lease_pass": 0.5,
            "lease_haste": 0.1,
            "row_refresh": 0.0,
        }
        store = ClassicStore(
            self.name, account, ClassicOptions(**(settings | options)), system_clock
        )
        self._accounts[id(store)] = account
        self._stores.append(store)
        await store.open(create=create)
        return store

    def account(self) -> Account:
        account = Account.from_connection_string(self._connection_string, "the test")
        self._accounts[id(account)] = account
        return account

    def requests_of(self, store: HubStore) -> Any:
        """Return the counter of what *store* sends."""
        return self._accounts[id(store)].requests

    def serve(self, store: HubStore, desk: Desk) -> "asyncio.Task[None]":
        task = asyncio.create_task(store.serve(desk))
        self._tasks[id(store)] = task
        return task

    async def stop(self, store: HubStore) -> None:
        """Stop serving *store*, in order."""
        task = self._tasks.pop(id(store))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def crash(self, store: HubStore) -> None:
        await self._accounts[id(store)].close()  # from here on nothing reaches storage
        task = self._tasks.pop(id(store))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        for store in self._stores:
            if id(store) in self._tasks:
                await self.stop(store)
            await store.close()
        for account in self._accounts.values():
            await account.close()
