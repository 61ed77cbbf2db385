"""What stands in the place of aiohttp's session: requests go down a line to the simulated account.

Everything above is the product's and the SDKs': the transport, its pipelines, retries and clients.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from multidict import CIMultiDict

from durahub.classic.account import Account
from durahub.classic.proxies import ProxyOf
from durahub.classic.request_counts import RequestCounter
from durahub.classic.transport import CountedTransport
from tests.simulation.account.exchange import Reply, Request
from tests.simulation.account.service import CONNECTION_STRING, request_at

_OF_THE_SDK = "x-ms-client-request-id"  # a header that our own requests do not have
_REFUSED = 400


class Way(Protocol):
    """The way of one process to the account."""

    async def exchange(self, request: Request) -> Reply:
        """Return the answer to *request*. Raises aiohttp's errors and ``asyncio.TimeoutError``."""


class Session:
    """The part of ``aiohttp.ClientSession`` that azure-core's transport and ours use."""

    auto_decompress = False

    def __init__(self, way: Way) -> None:
        self._way = way
        self._failed: dict[str, float] = {}  # when, by method and address

    async def __aenter__(self) -> "Session":
        return self

    async def request(
        self, method: str, url: Any, *, headers: Mapping[str, str], data: Any = None, **_: Any
    ) -> "Response":
        """Send a request."""
        what = f"{method} {url}"
        if _OF_THE_SDK in headers and what in self._failed:
            await self._until_its_time(self._failed.pop(what))
        failed = True
        try:
            reply = await self._way.exchange(request_at(method, str(url), headers, _content(data)))
            failed = reply.status >= _REFUSED
        finally:
            if failed and _OF_THE_SDK in headers:
                self._failed[what] = _now()
        return Response(reply)

    async def _until_its_time(self, failed_at: float) -> None:
        """Hold a request that is tried again until a time of the seed.

        The SDK's pauses of 0.5, 2.5, … seconds are longer or shorter by up to 0.2, by a chance of its own.
        """
        paused = _now() - failed_at
        if 0.29 < paused % 1 < 0.71:
            await asyncio.sleep(int(paused) + 0.75 - paused)

    async def close(self) -> None:
        """Do nothing: there are no connections."""


class Response:
    """An answer as aiohttp gives it; all of it is there."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.reason = "simulated"
        self.headers = CIMultiDict(reply.headers)
        self.headers.setdefault("Content-Length", str(len(reply.body)))
        self.content = self
        self._left = reply.body

    async def read(self, size: int = -1) -> bytes:
        """Return the next *size* bytes, or what is left."""
        end = len(self._left) if size < 0 else size
        found, self._left = self._left[:end], self._left[end:]
        return found

    def close(self) -> None:
        """Do nothing: there is no connection."""


def account_by(way: Way) -> Account:
    """Return the product's account whose requests go down *way*."""
    session: Any = Session(way)

    def make_transport(counter: RequestCounter, *, proxy_of: ProxyOf) -> CountedTransport:
        return CountedTransport(counter, proxy_of=proxy_of, session=session)

    return Account.from_connection_string(
        CONNECTION_STRING, "the simulation", make_transport=make_transport
    )


def _content(data: Any) -> bytes:
    if data is None:
        return b""
    if isinstance(data, str):
        return data.encode()
    return bytes(data.read() if hasattr(data, "read") else data)


def _now() -> float:
    return asyncio.get_running_loop().time()
