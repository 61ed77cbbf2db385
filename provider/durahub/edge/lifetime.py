"""How a server ends: first its work-item streams, then, when what is out has come back, all calls.

Completions are calls of their own. They are taken while the server *drains*: no new work goes out,
workers that ask for some are told to come back later. When it is *ended*, waiting calls end too.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from durahub.errors import ServerUnavailable

T = TypeVar("T")


def stopping() -> ServerUnavailable:
    """Return what callers are told from now on; every SDK tries again after it."""
    return ServerUnavailable("this server", "it is stopping")


class Lifetime:
    """The end of a server, and the work items that are out until then."""

    def __init__(self) -> None:
        self._draining = asyncio.Event()
        self._ended = asyncio.Event()
        self._out: dict[str, object] = {}  # completion token → the stream it went out on
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def draining(self) -> bool:
        """Whether the server takes no more workers."""
        return self._draining.is_set()

    async def until_draining(self) -> None:
        """Wait until the server takes no more workers."""
        await self._draining.wait()

    async def until_ended(self, call: Coroutine[Any, Any, T]) -> T:
        """Return what *call* does; raise `ServerUnavailable` if the server ends before."""
        running = asyncio.ensure_future(call)
        end = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({running, end}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise stopping()
            return running.result()
        finally:
            running.cancel()
            end.cancel()
            await asyncio.gather(running, end, return_exceptions=True)

    def given(self, token: str, stream: object) -> None:
        """Note that a work item went out on *stream*."""
        self._out[token] = stream
        self._settled.clear()

    def settled(self, token: str) -> None:
        """Note that a work item came back, or that its token is worth nothing."""
        self._out.pop(token, None)
        if not self._out:
            self._settled.set()

    def stream_ended(self, stream: object) -> None:
        """Expect nothing more of what went out on *stream*, unless the server ended it itself."""
        if not self.draining:
            for token in [token for token, on in self._out.items() if on is stream]:
                self.settled(token)

    async def drain(self, grace: float) -> None:
        """End the streams; return when all that is out has come back, or after *grace* seconds."""
        self._draining.set()
        try:
            await asyncio.wait_for(self._settled.wait(), grace)
        except asyncio.TimeoutError:
            return

    def end(self) -> None:
        """End the calls that wait."""
        self._draining.set()
        self._ended.set()
