"""The way to storage: one connection pool for everything, counted, and a pipeline for hot requests.

Rare requests (queues, tables and containers as such, blobs) go through the SDK's clients. The ten that
every orchestration is made of are built here by hand and sent through azure-core's own pipeline, with
the same credentials, retries and connections, for two reasons. The SDK turns table times into
``datetime``, which has no seventh decimal, and a lost tick changes an orchestrator's clock. And it
spends 4 ms of CPU on a ten-row transaction, where this takes 0.15 ms.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
from azure.core.credentials import AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import (
    AsyncRetryPolicy,
    AzureSasCredentialPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from yarl import URL

from durahub import __version__
from durahub.classic.bearer import BearerToken
from durahub.classic.connection import AccountKey, SharedAccess
from durahub.classic.request_counts import RequestCounter

API_VERSION = "2023-11-03"  # of queues and blobs: old enough for every Azurite in use
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte
RETRIES = 4
BACKOFF = (0.3, 5.0)  # seconds: the factor that doubles, and the longest pause

Access = AccountKey | SharedAccess | AsyncTokenCredential


class CountedTransport(AioHttpTransport):  # type: ignore[misc]  # it is loaded lazily, so untyped
    """A connection pool that counts what goes through it.

    A transport is the one extension point that all three SDK packages take, and the only place
    where retries are seen as well.
    """

    def __init__(self, counter: RequestCounter, *, use_env_settings: bool = False) -> None:
        # looking proxies up in the environment costs as much as the rest of a request
        session = aiohttp.ClientSession(
            trust_env=use_env_settings,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=0),
        )
        # not the owner: an SDK client that is closed must not close the others' connections
        super().__init__(
            session=session,
            session_owner=False,
            connection_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            use_env_settings=use_env_settings,
        )
        self._counter = counter
        self._shared_session = session

    async def send(self, request: Any, **config: Any) -> Any:
        """Count *request* and send it."""
        self._counter.count(request.method, request.url)
        return await super().send(request, **config)

    async def disconnect(self) -> None:
        """Close all connections."""
        await self._shared_session.close()


class Wire:
    """Sends requests to one service, signed and retried."""

    def __init__(
        self,
        transport: CountedTransport,
        endpoint: str,
        access: Access,
        signer: type[SansIOHTTPPolicy[Any, Any]],
    ) -> None:
        self.endpoint = endpoint
        policies: list[Any] = [
            UserAgentPolicy(base_user_agent=f"durahub/{__version__}", user_agent_use_env=False),
            retry_policy(),
            _access_policy(access, signer),
        ]
        self._pipeline: AsyncPipeline[HttpRequest, AsyncHttpResponse] = AsyncPipeline(
            transport, policies=policies
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> AsyncHttpResponse:
        """Send a request; *path* is encoded and may have a query. Any status is an answer.

        Raises azure-core's ``AzureError`` when there is none.
        """
        # aiohttp spells an address its own way (it needs fewer escapes), and what is signed must
        # be what is sent
        url = str(URL(f"{self.endpoint}/{path}"))
        request = HttpRequest(method, url, headers=dict(headers), content=content)
        answer = await self._pipeline.run(request)
        return answer.http_response


def retry_policy() -> AsyncRetryPolicy[Any, Any]:
    """Return how often a request is tried again when storage is busy or cannot be reached."""
    return AsyncRetryPolicy(
        retry_total=RETRIES, retry_backoff_factor=BACKOFF[0], retry_backoff_max=BACKOFF[1]
    )


def _access_policy(access: Access, signer: type[SansIOHTTPPolicy[Any, Any]]) -> Any:
    match access:
        case AccountKey():
            return signer(access)  # type: ignore[call-arg]
        case SharedAccess(token):
            return AzureSasCredentialPolicy(AzureSasCredential(token))
        case _:
            return BearerToken(access)
