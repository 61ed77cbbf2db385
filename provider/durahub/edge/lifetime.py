"""How a server ends: first its work-item streams, then, when what is out has come back, all calls.

Completions are calls of their own. They are taken while the server *drains*: no new work goes out,
workers that ask for some are told to come back later. When it is *ended*, waiting calls end too.
"""

import asyncio
from collections.abc import Callable, Coroutine
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
        self._ended = False
        self._out: dict[str, object] = {}  # completion token → the stream it went out on
        self._settled = asyncio.Event()  # set when draining, and nothing is out any more
        self._to_tell: set[Callable[[], None]] = set()  # that no more work goes out
        self._waiting: set[asyncio.Task[Any]] = set()  # calls that end with the server
        self._cut_short: set[asyncio.Task[Any]] = set()  # those of them that it ended

    @property
    def draining(self) -> bool:
        """Whether the server takes no more workers."""
        return self._draining.is_set()

    async def until_draining(self) -> None:
        """Wait until the server takes no more workers."""
        await self._draining.wait()

    def tell_of_draining(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have *tell* called when no more work goes out; return what undoes that."""
        self._to_tell.add(tell)
        return lambda: self._to_tell.discard(tell)

    async def until_ended(self, call: Coroutine[Any, Any, T]) -> T:
        """Return what *call* does; raise `ServerUnavailable` if the server ends before.

        It runs in the task that asks, which is cancelled at the end: a second task would cost each
        answer two turns of the loop.
        """
        if self._ended:
            call.close()
            raise stopping()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (for the types)
        self._waiting.add(task)
        try:
            return await call
        except asyncio.CancelledError:
            if task in self._cut_short:
                raise stopping() from None
            raise
        finally:
            self._waiting.discard(task)
            self._cut_short.discard(task)

    def given(self, token: str, stream: object) -> None:
        """Note that a work item went out on *stream*."""
        self._out[token] = stream
        self._settled.clear()

    def settled(self, token: str) -> None:
        """Note that a work item came back, or that its token is worth nothing."""
        self._out.pop(token, None)
        if self.draining and not self._out:
            self._settled.set()

    def stream_ended(self, stream: object) -> None:
        """Expect nothing more of what went out on *stream*, unless the server ended it itself."""
        if not self.draining:
            for token in [token for token, on in self._out.items() if on is stream]:
                self.settled(token)

    async def drain(self, grace: float) -> None:
        """End the streams; return when all that is out has come back, or after *grace* seconds."""
        self._drain()
        try:
            await asyncio.wait_for(self._settled.wait(), grace)
        except asyncio.TimeoutError:
            return

    def end(self) -> None:
        """End the calls that wait."""
        self._drain()
        self._ended = True
        for task in self._waiting - self._cut_short:
            self._cut_short.add(task)
            task.cancel()

    def _drain(self) -> None:
        self._draining.set()
        if not self._out:
            self._settled.set()
        for tell in tuple(self._to_tell):
            tell()
