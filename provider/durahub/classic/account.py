"""A storage account: its three services over one connection pool, with one way of access."""

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from durahub.classic import connection
from durahub.classic.connection import AccountKey, Endpoints, SharedAccess
from durahub.classic.names import FoundHub, find_hubs
from durahub.classic.request_counts import RequestCounter
from durahub.classic.signing import QueueSigner, TableSigner
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.transport import API_VERSION, BACKOFF, RETRIES, Access, CountedTransport, Wire

MakeTransport = Callable[..., CountedTransport]
"""Makes a transport of a `RequestCounter` and the keyword ``use_env_settings``."""


class Account:
    """An account that hubs live in. Several stores may share one; who made it closes it.

    ``requests`` counts what is sent to it. The clients exist from the first use on, which must be
    in the event loop that uses them.
    """

    def __init__(
        self,
        name: str,
        endpoints: Endpoints,
        access: Access,
        *,
        use_env_settings: bool = False,
        make_transport: MakeTransport = CountedTransport,
    ) -> None:
        self.name = name
        self.endpoints = endpoints
        self.requests = RequestCounter(endpoints)
        self._access = access
        self._make_transport = functools.partial(
            make_transport, self.requests, use_env_settings=use_env_settings
        )
        self._own_credential: AsyncTokenCredential | None = None
        self._clients: _Clients | None = None

    @classmethod
    def from_connection_string(
        cls,
        text: str,
        where: str,
        *,
        use_env_settings: bool = False,
        make_transport: MakeTransport = CountedTransport,
    ) -> "Account":
        """Return the account of a connection string that came from *where*.

        *use_env_settings* obeys proxies named in the environment. Raises `BadConnectionString`.
        """
        found = connection.parse(text, where)
        return cls(
            found.account,
            found.endpoints,
            found.access,
            use_env_settings=use_env_settings,
            make_transport=make_transport,
        )

    @classmethod
    def with_identity(
        cls,
        account: str,
        credential: AsyncTokenCredential | None = None,
        *,
        use_env_settings: bool = False,
    ) -> "Account":
        """Return an account in Azure; without *credential*, with the environment's (Entra ID)."""
        owned = None
        if credential is None:
            # a heavy import, and only for those who use it
            from azure.identity.aio import DefaultAzureCredential

            owned = credential = DefaultAzureCredential()
        endpoints = connection.account_endpoints(account)
        made = cls(account, endpoints, credential, use_env_settings=use_env_settings)
        made._own_credential = owned
        return made

    @property
    def queue_wire(self) -> Wire:
        """The way to the queue service."""
        return self._open().queue_wire

    @property
    def table_wire(self) -> Wire:
        """The way to the table service."""
        return self._open().table_wire

    @property
    def queues(self) -> QueueServiceClient:
        """The SDK's client of the queue service."""
        return self._open().queues

    @property
    def tables(self) -> TableServiceClient:
        """The SDK's client of the table service."""
        return self._open().tables

    @property
    def blobs(self) -> BlobServiceClient:
        """The SDK's client of the blob service."""
        return self._open().blobs

    async def find_hubs(self) -> tuple[FoundHub, ...]:
        """Return the hubs of the account, by name."""
        with StorageErrors(self.name, "").translated():
            queues = [str(queue.name) async for queue in self.queues.list_queues()]
            tables = [str(table.name) async for table in self.tables.list_tables()]
        return find_hubs(queues, tables)

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
            await clients.transport.disconnect()
        if self._own_credential is not None:
            await self._own_credential.close()

    def _open(self) -> "_Clients":
        if self._clients is None:
            self._clients = _Clients(self.endpoints, self._access, self._make_transport())
        return self._clients


class _Clients:
    def __init__(self, endpoints: Endpoints, access: Access, transport: CountedTransport) -> None:
        self.transport = transport
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
        self.queues = QueueServiceClient(endpoints.queue, api_version=API_VERSION, **common)
        self.blobs = BlobServiceClient(endpoints.blob, api_version=API_VERSION, **common)


def _credential(access: Access) -> Any:
    match access:
        case AccountKey(account, key):
            return AzureNamedKeyCredential(account, key)
        case SharedAccess(token):
            return AzureSasCredential(token)
        case _:
            return access
