"""A storage account: its three services over one connection pool, with one way of access."""

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from durahub.classic import connection
from durahub.classic.clouds import SERVICES
from durahub.classic.connection import AccountKey, Connection, Endpoints, SharedAccess
from durahub.classic.credentials import credential_of
from durahub.classic.identity import Identity
from durahub.classic.names import FoundHub, TrackedHub, find_hubs, find_tracked_hubs
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.request_counts import RequestCounter
from durahub.classic.shared_access import Signature
from durahub.classic.signing import QueueSigner, TableSigner
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.transport import API_VERSION, CountedTransport
from durahub.classic.unbroken import Unwritten
from durahub.classic.wire import BACKOFF, RETRIES, Access, Wire
from durahub.errors import StorageDenied
from durahub.model.ticks import Ticks

MakeTransport = Callable[..., CountedTransport]
"""Makes a transport of a `RequestCounter` and the keyword ``proxy_of``."""


class Account:
    """An account that hubs live in. Several stores may share one; who made it closes it.

    ``requests`` counts what is sent to it, ``unwritten`` what is still to be done there. The clients exist
    from the first use on, which must be in the event loop that uses them.

    With *tracking* it has the queues alone: tables and blobs are in that account, which it closes with
    itself. So DurableTask.AzureStorage 2.0 and later divide a hub; classic layout 1.4.
    """

    def __init__(
        self,
        name: str,
        endpoints: Endpoints,
        access: Access | Identity,
        *,
        proxy_of: ProxyOf = no_proxy,
        make_transport: MakeTransport = CountedTransport,
        tracking: "Account | None" = None,
    ) -> None:
        self.name = name
        self.tracking = tracking
        self.endpoints = endpoints
        self.requests = RequestCounter(endpoints)
        self.unwritten = Unwritten()
        if tracking is not None:  # what is heard and measured of both is one
            self.requests.retries = tracking.requests.retries
            self.requests.timings = tracking.requests.timings
            self.requests.answering = tracking.requests.answering
        self._access = access
        self._make_transport = functools.partial(make_transport, self.requests, proxy_of=proxy_of)
        self._clients: _Clients | None = None

    @classmethod
    def from_connection_string(
        cls,
        text: str,
        where: str,
        *,
        proxy_of: ProxyOf = no_proxy,
        make_transport: MakeTransport = CountedTransport,
    ) -> "Account":
        """Return the account of a connection string that came from *where*.

        *proxy_of* tells of the proxy for an address. Raises `BadConnectionString`.
        """
        found = connection.parse(text, where)
        return cls.at(found, proxy_of=proxy_of, make_transport=make_transport)

    @classmethod
    def at(
        cls,
        found: Connection,
        *,
        tracking: "Account | None" = None,
        proxy_of: ProxyOf = no_proxy,
        make_transport: MakeTransport = CountedTransport,
    ) -> "Account":
        """Return the account that a connection leads to."""
        return cls(
            found.account,
            found.endpoints,
            found.access,
            proxy_of=proxy_of,
            make_transport=make_transport,
            tracking=tracking,
        )

    def check_access(
        self, now: Ticks, *, writing: bool, services: Sequence[str] = SERVICES
    ) -> None:
        """Raise `StorageDenied` if a shared access signature says of itself that it will not do."""
        if self.tracking is not None:
            self.tracking.check_access(now, writing=writing, services=("blob", "table"))
            services = [service for service in services if service == "queue"]
        if isinstance(self._access, SharedAccess):
            problem = Signature.of(self._access).problem(now, services, writing=writing)
            if problem is not None:
                raise StorageDenied(self.name, problem)

    @property
    def place(self) -> str:
        """Where it is, for people: ``storage account acme``, with its host where the name does not tell."""
        found = urlsplit(self.endpoints.queue)
        host, port = found.hostname or "", f":{found.port}" if found.port else ""
        at = "" if host.startswith(f"{self.name}.") else f" at {host}{port}"
        tables = f" (its tables in {self.tracking.place})" if self.tracking is not None else ""
        return f"storage account {self.name}{at}{tables}"

    def request_counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests were sent, by service and kind, the tracking store's among them."""
        counts = Counter(self.requests.snapshot())
        if self.tracking is not None:
            counts.update(self.tracking.request_counts())
        return dict(counts)

    def service_of(self, url: str) -> str:
        """Return which service *url* is of: ``"queue"``; ``""`` if of none."""
        for service in SERVICES:
            if service != "queue" and self.tracking is not None:
                if url.startswith(f"{getattr(self.tracking.endpoints, service)}/"):
                    return service
            elif url.startswith(f"{getattr(self.endpoints, service)}/"):
                return service
        return ""

    @property
    def queue_wire(self) -> Wire:
        """The way to the queue service."""
        return self._open().queue_wire

    @property
    def table_wire(self) -> Wire:
        """The way to the table service."""
        return self.tracking.table_wire if self.tracking is not None else self._open().table_wire

    @property
    def queues(self) -> QueueServiceClient:
        """The SDK's client of the queue service."""
        return self._open().queues

    @property
    def tables(self) -> TableServiceClient:
        """The SDK's client of the table service."""
        return self.tracking.tables if self.tracking is not None else self._open().tables

    @property
    def blobs(self) -> BlobServiceClient:
        """The SDK's client of the blob service."""
        return self.tracking.blobs if self.tracking is not None else self._open().blobs

    async def find_hubs(self, tracking_prefix: str | None = None) -> tuple[FoundHub, ...]:
        """Return the hubs of the account, by name: those with tables of their own, or of that prefix."""
        return find_hubs(*await self._queues_and_tables(), tracking_prefix)

    async def find_tracked_hubs(self) -> tuple[TrackedHub, ...]:
        """Return the hubs whose queues are in the account without tables of their name, by name."""
        return find_tracked_hubs(*await self._queues_and_tables())

    async def _queues_and_tables(self) -> tuple[list[str], list[str]]:
        with StorageErrors(self.name, "", self.service_of).translated():
            queues = [str(queue.name) async for queue in self.queues.list_queues()]
            tables = [str(table.name) async for table in self.tables.list_tables()]
        return queues, tables

    async def __aenter__(self) -> "Account":
        """Close the account behind the body."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; calling it twice is fine."""
        clients, self._clients = self._clients, None
        if clients is not None:
            await clients.close()
        if self.tracking is not None:
            await self.tracking.close()

    def _open(self) -> "_Clients":
        if self._clients is None:
            self._clients = _Clients(self.endpoints, self._access, self._make_transport())
        return self._clients


class _Clients:
    def __init__(
        self, endpoints: Endpoints, wanted: Access | Identity, transport: CountedTransport
    ) -> None:
        self.transport = transport
        # one for all services: it caches tokens, and is told by the settings
        self._own_credential: AsyncTokenCredential | None = None
        access: Access
        if isinstance(wanted, Identity):
            access = self._own_credential = credential_of(wanted)
        else:
            access = wanted
        self.queue_wire = Wire(self.transport, endpoints.queue, access, QueueSigner)
        self.table_wire = Wire(self.transport, endpoints.table, access, TableSigner)
        credential = _credential(access)
        common: dict[str, Any] = {
            "credential": credential,
            "transport": self.transport,
            "retry_total": RETRIES,
            # for queues and blobs: 0.5, 2.5, 4.5 s and so on, where the SDK begins with 15 s
            "initial_backoff": 0.5,
            "increment_base": 2,
            "random_jitter_range": 0.2,
            # for tables
            "retry_backoff_max": BACKOFF[1],
        }
        self.tables = TableServiceClient(endpoints.table, **common)
        self.blobs = BlobServiceClient(endpoints.blob, api_version=API_VERSION, **common)
        self._queues = (
            QueueServiceClient(endpoints.queue, api_version=API_VERSION, **common)
            if endpoints.queue
            else None
        )

    @property
    def queues(self) -> QueueServiceClient:
        """The client of queues, which a tracking store may be without."""
        assert self._queues is not None  # noqa: S101 (for the types)
        return self._queues

    async def close(self) -> None:
        await self.transport.disconnect()
        if self._own_credential is not None:
            await self._own_credential.close()


def _credential(access: Access) -> Any:
    match access:
        case AccountKey(account, key):
            return AzureNamedKeyCredential(account, key)
        case SharedAccess(token):
            return AzureSasCredential(token)
        case _:
            return access
