"""The stores under test: one class a kind, which opens, serves, stops and crashes stores of one hub."""

import asyncio
import contextlib
from typing import Any, Protocol, TypeVar

from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from listening_desk import Desk

from durahub.classic.account import Account
from durahub.classic.asked import Answer, Asked
from durahub.classic.columns import DateTime
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions, Level
from durahub.classic.queues import Queues
from durahub.classic.request_counts import RequestCounter
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.store import ClassicStore
from durahub.classic.tables import Tables
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clock import system_clock
from durahub.model.ticks import later
from durahub.store import HubStore

T = TypeVar("T")


class HubUnderTest(Protocol):
    """A hub, and the stores (servers, clients) that use it."""

    name: str
    visibility: float  # seconds for which what a dead server held stays hidden

    async def open(
        self, *, create: bool = True, partitions: int | None = None, **options: Any
    ) -> Any:
        """Return a store of its own, opened; *options* are those of its kind."""

    def serve(self, store: HubStore, desk: Desk) -> "asyncio.Task[None]":
        """Serve *store* in the background."""

    async def stop(self, store: HubStore) -> None:
        """Stop serving *store*, in order."""

    async def crash(self, store: HubStore) -> None:
        """End *store* as a killed process ends: nothing is let go."""

    async def put_raw(self, text: str) -> None:
        """Put a message of that text where the first partition's messages are."""

    async def spoil_history(self, instance_id: str) -> None:
        """Make the second event of an instance unreadable."""

    async def spoil_instance(self, instance_id: str) -> None:
        """Make what is stored of an instance's state unreadable."""

    async def close(self) -> None:
        """Close all stores."""


def _nothing(url: str) -> bool:
    return not url


class Crashed(Exception):
    """The process does not exist any more."""


class MortalTransport(CountedTransport):
    """A transport that ends when it is told to, at once or after some more writes."""

    refuses = staticmethod(_nothing)  # tells of an address that nothing may be sent there
    loses = staticmethod(_nothing)  # … that what is sent there is done, but not answered
    WRITES = frozenset({"put", "delete", "transaction", "merge", "insert", "replace"})

    READS = frozenset({("table", "get"), ("table", "query"), ("blob", "get")})

    def __init__(self, counter: RequestCounter, **settings: Any) -> None:
        super().__init__(counter, **settings)
        self.writes_left: float = float("inf")
        self.log: list[tuple[str, str]] = []
        self.reads: list[tuple[str, str]] = []  # of rows and blobs, not looks into queues

    async def send(self, request: Any, **config: Any) -> Any:
        self._before(request)
        return self._behind(request, await super().send(request, **config))

    async def ask(self, asked: Asked) -> Answer:
        self._before(asked)
        return self._behind(asked, await super().ask(asked))

    def _before(self, request: Any) -> None:
        if self.writes_left < 0:
            raise Crashed
        if self.refuses(request.url):
            raise ServiceRequestError("refused by the test")
        before = self._counter.snapshot()
        self._counter.count(request.method, request.url)
        (what,) = (k for k, n in self._counter.snapshot().items() if n != before.get(k, 0))
        of_hub = "partitions" not in request.url.lower()
        if what[1] in self.WRITES and of_hub:
            self.writes_left -= 1
            if self.writes_left < 0:
                raise Crashed
            self.log.append(what)
        elif what in self.READS and of_hub:
            self.reads.append(what)

    def _behind(self, request: Any, answer: T) -> T:
        if self.loses(request.url):
            raise ServiceResponseError("lost by the test")
        return answer


class ClassicHub:
    """A hub in Azure Storage. Leases and time-outs are short, so that nothing waits for long."""

    visibility = 2.0

    def __init__(self, name: str, connection_string: str, level: Level = Level.DEFAULT) -> None:
        self.name = name
        self._level = level
        self.connection_string = connection_string
        self._accounts: dict[int, Account] = {}
        self._transports: dict[int, MortalTransport] = {}
        self._stores: list[ClassicStore] = []
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def open(
        self, *, create: bool = True, partitions: int | None = None, **options: Any
    ) -> ClassicStore:
        account = self.account()
        settings: dict[str, Any] = {
            "partitions": partitions,
            "level": self._level,
            "visibility": self.visibility,
            "max_poll": 0.2,
            "lease": 60.0,  # a busy machine is slow to renew it
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
        def make_transport(*arguments: Any, **settings: Any) -> MortalTransport:
            transport = MortalTransport(*arguments, **settings)
            self._transports[id(account)] = transport
            return transport

        account = Account.from_connection_string(
            self.connection_string, "the test", make_transport=make_transport
        )
        self._accounts[id(account)] = account
        return account

    def serve(self, store: HubStore, desk: Desk) -> "asyncio.Task[None]":
        task = asyncio.create_task(store.serve(desk))
        self._tasks[id(store)] = task
        return task

    async def stop(self, store: HubStore) -> None:
        task = self._tasks.pop(id(store))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def transport(self, store: HubStore) -> MortalTransport:
        """Return the transport of *store*'s account."""
        return self.transport_of(self._accounts[id(store)])

    def transport_of(self, account: Account) -> MortalTransport:
        """Return the transport of an account that `account` has made."""
        return self._transports[id(account)]

    async def crash(self, store: HubStore) -> None:
        self.transport(store).writes_left = -1  # from here on nothing reaches storage
        task = self._tasks.pop(id(store))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def expire_leases(self) -> None:
        """Let the time of all leases be over, as it would be long after their server has died.

        So a server that is to die may have a long lease: on a busy machine it does not lose it before.
        """
        names = HubNames(self.name)
        tables = Tables(self.account().table_wire, StorageErrors("", self.name))
        over = DateTime(later(system_clock(), -1))
        rows, _ = await tables.query(names.partitions_table, "")
        for row in rows:
            key = {name: row.columns[name] for name in ("PartitionKey", "RowKey")}
            expired = {**key, "ExpiresAt": over}
            assert await tables.merge(names.partitions_table, expired, "*") is not None

    # -- damage ------------------------------------------------------------------------------------

    async def put_raw(self, text: str, partition: int = 0) -> None:
        account = self.account()
        queue = HubNames(self.name).control_queue(partition)
        await Queues(account.queue_wire, StorageErrors("", self.name)).put(queue, text, 0)

    async def spoil_history(self, instance_id: str) -> None:
        row = {"PartitionKey": instance_id, "RowKey": f"{1:016X}", "EventType": "NoSuchEvent"}
        await self._merge(HubNames(self.name).history_table, row)

    async def spoil_instance(self, instance_id: str) -> None:
        row = {"PartitionKey": instance_id, "RowKey": "", "CreatedTime": "yesterday"}
        await self._merge(HubNames(self.name).instances_table, row)

    async def _merge(self, table: str, row: dict[str, str]) -> None:
        tables = Tables(self.account().table_wire, StorageErrors("", self.name))
        assert await tables.merge(table, row, "*") is not None

    async def close(self) -> None:
        for store in self._stores:
            if id(store) in self._tasks:
                await self.stop(store)
            await store.close()
        for account in self._accounts.values():
            await account.close()
