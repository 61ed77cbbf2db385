"""A storage account: its three services, one connection pool, one counter of requests."""

import os
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from durahub.classic.names import FoundHub, find_hubs
from durahub.classic_b.counting import CountingTransport, RequestCounter
from durahub.classic_b.failures import storage_errors
from durahub.errors import BadConnectionString

EMULATOR = (
    "AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
)
SERVICES = ("blob", "queue", "table")
CONNECTIONS = 128  # at once; more only adds waiting
RETRIES: dict[str, Any] = {
    "retry_total": 4,
    # queues and blobs: 0.5, 2.5, 4.5, 8.5 s; the SDK's own first pause is 15 s
    "initial_backoff": 0.5,
    "increment_base": 2,
    "random_jitter_range": 0.2,
    # tables: 0.8, 1.6, 3.2, 6.4 s
    "retry_backoff_max": 10,
}
TIMEOUTS: dict[str, Any] = {"connection_timeout": 10, "read_timeout": 30}


class Account:
    """An open storage account. Use it in ``async with``."""

    def __init__(
        self,
        name: str,
        endpoints: dict[str, str],
        credential: AzureNamedKeyCredential | AzureSasCredential | AsyncTokenCredential,
        *,
        use_environment_proxies: bool = False,
    ) -> None:
        self.name = name
        self.requests = RequestCounter()
        self._endpoints = endpoints
        self._credential = credential
        self._use_environment_proxies = use_environment_proxies
        self._session: aiohttp.ClientSession | None = None
        self.tables: TableServiceClient
        self.queues: QueueServiceClient
        self.blobs: BlobServiceClient

    @classmethod
    def from_connection_string(cls, text: str, where: str) -> "Account":
        """Return the account of a connection string; *where* it was found is for the error.

        Raises `BadConnectionString`, which never shows the string.
        """
        parts = _parts(text, where)
        name = parts.get("accountname", "")
        endpoints = {service: _endpoint(parts, service, name, where) for service in SERVICES}
        if not name:
            name = urlsplit(endpoints["blob"]).netloc.partition(".")[0]
        credential: AzureNamedKeyCredential | AzureSasCredential
        if "accountkey" in parts:
            credential = AzureNamedKeyCredential(name, parts["accountkey"])
        elif "sharedaccesssignature" in parts:
            credential = AzureSasCredential(parts["sharedaccesssignature"])
        else:
            raise BadConnectionString(where, "it has neither AccountKey nor SharedAccessSignature")
        return cls(name, endpoints, credential, use_environment_proxies=_proxies_wanted())

    @classmethod
    def with_identity(cls, name: str) -> "Account":
        """Return an account by its name, with the environment's Entra ID credentials."""
        from azure.identity.aio import DefaultAzureCredential

        endpoints = {s: f"https://{name}.{s}.core.windows.net" for s in SERVICES}
        return cls(
            name, endpoints, DefaultAzureCredential(), use_environment_proxies=_proxies_wanted()
        )

    async def __aenter__(self) -> "Account":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            trust_env=self._use_environment_proxies,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        common = {**RETRIES, **TIMEOUTS}
        self.tables = TableServiceClient(
            self._endpoints["table"],
            credential=self._credential,
            transport=self._transport("table"),
            **common,
        )
        self.queues = QueueServiceClient(
            self._endpoints["queue"],
            credential=self._storage_credential(),
            transport=self._transport("queue"),
            **common,
        )
        self.blobs = BlobServiceClient(
            self._endpoints["blob"],
            credential=self._storage_credential(),
            transport=self._transport("blob"),
            **common,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if isinstance(self._credential, AsyncTokenCredential):
            await self._credential.close()

    def _transport(self, service: str) -> CountingTransport:
        return CountingTransport(
            service,
            self.requests,
            session=self._session,
            use_env_settings=self._use_environment_proxies,
        )

    def _storage_credential(self) -> Any:
        """Return the credential in the form that the queue and blob clients take."""
        if isinstance(self._credential, AzureNamedKeyCredential):
            key = self._credential.named_key
            return {"account_name": key.name, "account_key": key.key}
        return self._credential

    def container_url(self, container: str) -> str:
        """Return the address of a container, without a slash at its end."""
        return f"{self._endpoints['blob'].rstrip('/')}/{container}"

    async def queue_names(self, prefix: str = "") -> list[str]:
        """Return the queues whose names begin so."""
        with storage_errors(self.name):
            found = self.queues.list_queues(name_starts_with=prefix or None)
            return [queue.name async for queue in found]

    async def table_names(self) -> list[str]:
        """Return the tables of the account."""
        with storage_errors(self.name):
            return [table.name async for table in self.tables.list_tables()]

    async def find_hubs(self) -> tuple[FoundHub, ...]:
        """Return the task hubs of the account."""
        return find_hubs(await self.queue_names(), await self.table_names())


def status_of(error: HttpResponseError) -> int:
    """Return an error's HTTP status, 0 where there was none."""
    return error.status_code or 0


def _parts(text: str, where: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.strip().strip(";").split(";"):
        key, separator, value = piece.partition("=")
        if not separator:
            raise BadConnectionString(where, "a part of it is not written key=value")
        parts[key.strip().lower()] = value.strip()
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        return _parts(EMULATOR, where)
    return parts


def _endpoint(parts: dict[str, str], service: str, name: str, where: str) -> str:
    given = parts.get(f"{service}endpoint")
    if given:
        if urlsplit(given).scheme not in ("http", "https"):
            raise BadConnectionString(where, f"its {service} endpoint is no http(s) address")
        return given.rstrip("/")
    if not name:
        raise BadConnectionString(where, f"it has neither AccountName nor {service} endpoint")
    scheme = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", "core.windows.net")
    return f"{scheme}://{name}.{service}.{suffix}"


def _proxies_wanted() -> bool:
    """Tell whether proxies of the environment are to be used; looking them up costs each request."""
    return os.environ.get("DURAHUB_USE_PROXIES", "").lower() in ("1", "true", "yes")
