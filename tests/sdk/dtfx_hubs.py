"""A server in this process with one hub, on either store, for workers of ``BackendService``."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc.aio

from durahub.address import parse_store
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.edge.server import start_server
from durahub.errors import HubNotFound
from durahub.storage import StorageOptions, open_storage
from tests.sdk.dtfx_worker import DtfxClient

GRACE = 0.3  # seconds until the work of a lost worker is given to another


@dataclass
class OneHub:
    """The directory of a server with one hub."""

    hub: TaskHub

    @property
    def default(self) -> str:
        return self.hub.name

    async def find(self, name: str) -> TaskHub:
        if name.casefold() != self.hub.name.casefold():
            raise HubNotFound(name)
        return self.hub


@dataclass
class Served:
    """A served hub and a channel to it."""

    hub: TaskHub
    port: int
    channel: grpc.aio.Channel
    client: DtfxClient

    @property
    def name(self) -> str:
        return self.hub.name


@contextlib.asynccontextmanager
async def served(name: str, connection_string: str | None) -> AsyncIterator[Served]:
    """Serve the hub *name*, in memory or in the storage account."""
    place = connection_string or parse_store("sqlite::memory:")
    options = StorageOptions(partitions=1 if connection_string else None, max_poll_seconds=0.2)
    async with open_storage(place, options) as storage:
        settings = DispatchSettings(disconnect_grace=GRACE, linger=1.0, drain=0.5)
        hub = TaskHub(storage.store(name), settings=settings)
        await hub.open(create=True)
        running = asyncio.create_task(hub.run())
        server = await start_server(OneHub(hub), host="127.0.0.1", port=0)
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.port}")
        try:
            yield Served(hub, server.port, channel, DtfxClient(channel, name))
        finally:
            await channel.close()
            await server.stop(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            hub.stop_streams()
            await hub.close()
