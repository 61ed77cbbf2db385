"""A server with real hubs in memory, in this process, which answers one call at a time."""

import asyncio
import atexit
from collections.abc import Awaitable, Callable
from typing import Any

from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.dispatch.clients import StartRequest
from durahub.storage import SqliteStorage

HUB = "Shop"
MOST_CALLS = 400  # then it begins anew, so that what was called before matters little
WAIT = 0.05  # seconds; some calls wait for what never comes


class Served:
    """The server; it is started with its first call, in the process that calls."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._storage: Any = None
        self._directory: Directory | None = None
        self._calls = 0
        atexit.register(self.close)

    @property
    def directory(self) -> Directory:
        """Its hubs: Shop, which has an instance that runs and an entity."""
        if self._directory is None or self._calls >= MOST_CALLS:
            self._restart()
        assert self._directory is not None
        return self._directory

    def run(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Return what *call* gives, ``None`` if it waits."""
        self._calls += 1
        assert self._loop is not None
        return self._loop.run_until_complete(_shortly(call))

    def _restart(self) -> None:
        self.close()
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start())
        self._calls = 0

    def close(self) -> None:
        """Stop it; doing it twice is fine."""
        if self._loop is not None:
            self._loop.run_until_complete(self._stop())
            self._loop.close()
            self._loop = self._directory = None

    async def _start(self) -> None:
        self._storage = SqliteStorage(":memory:")
        await self._storage.__aenter__()
        self._directory = Directory(self._storage, Settings(hubs=(HUB, "Depot")))
        await self._directory.start()
        hub = await self._directory.find(HUB)
        await hub.start(StartRequest(name="Order", instance_id="order-7", input='{"a":1}'))
        await hub.signal_entity("@Counter@a", "add", "1")

    async def _stop(self) -> None:
        assert self._directory is not None
        await self._directory.stop_serving()
        await self._directory.close()
        await self._storage.__aexit__(None, None, None)


async def _shortly(call: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await asyncio.wait_for(call(), WAIT)
    except asyncio.TimeoutError:
        return None
