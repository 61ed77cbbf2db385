"""The way to storage: one connection pool for everything, counted."""

import asyncio
import functools
from typing import Any, NoReturn
from weakref import WeakSet

import aiohttp
from azure.core.exceptions import (
    AzureError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.transport import AioHttpTransport
from yarl import URL

from durahub.classic.asked import Answer, Asked
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.request_counts import RequestCounter

API_VERSION = "2023-11-03"  # of queues and blobs: old enough for every Azurite in use
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte
CANCELLED = -1  # in the place of a status
_WITHOUT_TYPE = ("GET", "DELETE")  # methods for which aiohttp adds none


class CountedTransport(AioHttpTransport):  # type: ignore[misc]  # it is loaded lazily, so untyped
    """A connection pool that counts what goes through it.

    A transport is the one extension point that all three SDK packages take, and the only place
    where retries are seen as well. The SDK's requests pass through `send`, our own through `ask`.
    It closes its *session*, which it makes unless it is handed one.
    """

    def __init__(
        self,
        counter: RequestCounter,
        *,
        proxy_of: ProxyOf = no_proxy,
        read_timeout: float = READ_TIMEOUT,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        session = session or _new_session(read_timeout)
        # not the owner: an SDK client that is closed must not close the others' connections
        super().__init__(
            session=session,
            session_owner=False,
            connection_timeout=CONNECT_TIMEOUT,
            read_timeout=read_timeout,
            use_env_settings=False,
        )
        self._counter = counter
        self._proxy_of = functools.cache(lambda origin: proxy_of(str(origin)))
        self._shared_session = session
        self._tried: WeakSet[Any] = WeakSet()  # requests of the SDK: it sends one object again

    async def send(self, request: Any, **config: Any) -> Any:
        """Count *request* and send it."""
        if request in self._tried:
            self.count_retry(request)
        self._tried.add(request)
        counted = self._counter.count(request.method, request.url)
        config.setdefault("proxy", self._proxy_of(URL(request.url).origin()))
        began, status = _now(), None
        try:
            response = await super().send(request, **config)
            status = response.status_code
            return response
        except asyncio.CancelledError:
            status = CANCELLED  # of what storage would have said nothing is known
            raise
        finally:
            self._ended(counted, status, began)

    def count_retry(self, request: Any) -> None:
        """Note that *request*, which has a method and an address, is about to be sent again."""
        self._counter.count_retry(request.method, request.url)

    def _ended(self, counted: tuple[str, str], status: int | None, began: float) -> None:
        if status != CANCELLED:
            now = _now()
            self._counter.ended(counted, status, now - began, now)

    async def ask(self, asked: Asked) -> Answer:
        """Count *asked* and send it, once. Any status is an answer.

        Raises azure-core's ``AzureError``, in each case the one that `send` raises.
        """
        counted = self._counter.count(asked.method, asked.url)
        began, status = _now(), None
        try:
            answer = await self._ask(asked)
            status = answer.status_code
            return answer
        except asyncio.CancelledError:
            status = CANCELLED
            raise
        finally:
            self._ended(counted, status, began)

    async def _ask(self, asked: Asked) -> Answer:
        origin = asked.origin
        # else aiohttp adds a type of its own, which is not signed
        untyped = asked.content is None and asked.method not in _WITHOUT_TYPE
        try:
            response = await self._shared_session.request(
                asked.method,
                URL.build(
                    scheme=origin.scheme,
                    authority=origin.raw_authority,
                    path=asked.path,
                    query_string=asked.query,
                    encoded=True,
                ),
                headers=asked.headers,
                data=asked.content,
                skip_auto_headers=("Content-Type",) if untyped else None,
                allow_redirects=False,
                proxy=self._proxy_of(origin),
            )
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            _raise_as_azure_error(error)
        try:
            content = await response.read()
        except aiohttp.ClientPayloadError as error:
            raise IncompleteReadError(error, error=error) from error
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            _raise_as_azure_error(error)
        return Answer(response.status, response.headers, content, asked, response.reason)

    async def disconnect(self) -> None:
        """Close all connections."""
        await self._shared_session.close()


def _new_session(read_timeout: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # in trust of the environment aiohttp would look into it for every request, in a thread
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_TIMEOUT, sock_read=read_timeout),
    )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _raise_as_azure_error(error: Exception) -> NoReturn:
    """Raise the error that azure-core's own transport makes of *error*: the retry policy goes by it."""
    found: type[AzureError]
    match error:
        case aiohttp.ClientResponseError():
            found = ServiceResponseError
        case aiohttp.ConnectionTimeoutError():
            found = ServiceRequestTimeoutError
        case asyncio.TimeoutError():
            found = ServiceResponseTimeoutError
        case _:
            found = ServiceRequestError
    raise found(error, error=error) from error
