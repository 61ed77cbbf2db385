"""The network between a worker or a client and a server: late, lossy, and not in order."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from durahub.dispatch.streams import StreamClosed, WorkStream
from durahub.dispatch.work import StreamOptions, Work
from tests.simulation.whole.plan import Line
from tests.simulation.whole.server import NotThere, Server

T = TypeVar("T")

TIMEOUT = 2.0  # seconds until who asks takes an answer for lost


class Lost(Exception):
    """No answer came; nobody knows whether the call was made."""


class Network:
    """All lines of a run. ``line`` may be made better or worse at any time."""

    def __init__(self, line: Line, random: Random) -> None:
        self.line = line
        self._random = random

    def latency(self) -> float:
        """Return how long something is on its way, in seconds."""
        return self._random.expovariate(1 / self.line.latency)

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    async def ask(self, server: Server, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Have a server do something. Raises `Lost`, and what the server raises."""
        await asyncio.sleep(self.latency())
        if self._happens(self.line.lost):
            await asyncio.sleep(TIMEOUT)
            raise Lost
        try:
            result = await server.call(make())
        except NotThere:
            raise Lost from None
        if self._happens(self.line.unanswered):
            await asyncio.sleep(TIMEOUT)
            raise Lost
        await asyncio.sleep(self.latency())
        return result

    async def send_twice(self, server: Server, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """Let what was asked come a second time, now and then; nobody sees the answer."""
        if self._happens(self.line.doubled):
            await asyncio.sleep(self.latency())
            await asyncio.gather(server.call(make()), return_exceptions=True)


class Link:
    """A worker's open stream. ``lost`` is set when it is no more; what is under way then never arrives."""

    def __init__(
        self,
        server: Server,
        network: Network,
        options: StreamOptions,
        receive: Callable[["Link", Work], None],
    ) -> None:
        self.server = server
        self.lost = asyncio.Event()
        self._network = network
        self._receive = receive
        self._stream: WorkStream = server.within(lambda: server.hub.connect(options))
        self._reading = server.spawn(self._read())
        self._reading.add_done_callback(lambda _: self._break())

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                work = await self._stream.next()
            except StreamClosed:
                return
            loop.call_later(self._network.latency(), self._arrive, work)

    def _arrive(self, work: Work) -> None:
        if not self.lost.is_set():
            self._receive(self, work)

    def _break(self) -> None:
        asyncio.get_running_loop().call_later(self._network.latency(), self.lost.set)

    def cut(self, seen_after: float = 0.0) -> None:
        """Break it; the server notices it *seen_after* seconds later."""
        self.lost.set()
        asyncio.get_running_loop().call_later(seen_after, self._close)

    def _close(self) -> None:
        self._reading.cancel()
        if not self.server.dead:
            self.server.within(self._stream.close)
