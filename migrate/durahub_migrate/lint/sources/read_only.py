"""A way to storage that lets nothing through but reading."""

from typing import Any

from durahub.classic.asked import Answer, Asked
from durahub.classic.freezing.naming import RECORD
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.request_counts import RequestCounter
from durahub.classic.transport import CountedTransport
from durahub_migrate.lint.sources.budget import Budget

_READING = frozenset({"GET", "HEAD"})


class WouldWrite(AssertionError):
    """A mistake of ours: a request that could change the hub. It was not sent."""


class ReadOnlyTransport(CountedTransport):
    """A transport that refuses whatever could change a hub, and keeps to a *budget*."""

    def __init__(
        self, counter: RequestCounter, *, budget: Budget, proxy_of: ProxyOf = no_proxy
    ) -> None:
        super().__init__(counter, proxy_of=proxy_of)
        self._budget = budget

    async def send(self, request: Any, **config: Any) -> Any:
        """Send a request of the SDK's. Raises `WouldWrite` and `BudgetSpent`."""
        check(request.method, request.url)
        await self._budget.take()
        return await super().send(request, **config)

    async def ask(self, asked: Asked) -> Answer:
        """Send a request of our own. Raises `WouldWrite` and `BudgetSpent`."""
        check(asked.method, asked.url)
        await self._budget.take()
        return await super().ask(asked)


class TakingTransport(ReadOnlyTransport):
    """One that also lets through what `durahub.classic.freezing.taking` does: it changes no content.

    Messages may be received and made visible again, and the freeze's own record be written; nothing may be
    put, changed or deleted.
    """

    async def send(self, request: Any, **config: Any) -> Any:
        """Send a request of the SDK's. Raises `WouldWrite` and `BudgetSpent`."""
        path = request.url.partition("?")[0]
        if request.method == "PUT" and path.endswith(f"/{RECORD}"):
            await self._budget.take()
            return await CountedTransport.send(self, request, **config)
        return await ReadOnlyTransport.send(self, request, **config)

    async def ask(self, asked: Asked) -> Answer:
        """Send a request of our own. Raises `WouldWrite` and `BudgetSpent`."""
        if not takes(asked.method, asked.url, bool(asked.content)):
            check(asked.method, asked.url)
        await self._budget.take()
        return await CountedTransport.ask(self, asked)


def takes(method: str, url: str, has_content: bool) -> bool:
    """Tell whether a request receives messages, or gives one back with the text that it has."""
    path = url.partition("?")[0].rstrip("/")
    if method == "GET":
        return path.endswith("/messages")
    return method == "PUT" and "/messages/" in path and not has_content


def check(method: str, url: str) -> None:
    """Raise `WouldWrite` unless a request only reads: receiving messages is a GET that hides them."""
    path, _, query = url.partition("?")
    receives = path.rstrip("/").endswith("/messages") and "peekonly=true" not in query.split("&")
    if method not in _READING or receives:
        raise WouldWrite(f"{method} {path}")
