"""Endpoints in this process: our own server on a store in memory, and the backend of the SDK's package."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from durabletask.testing import create_test_backend

from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.edge.server import start_server
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.endpoint.wire import Patience
from durahub_migrate.moving.place import EndpointAddress
from tests.checklist.served_hubs import QUICK, OneHub, scheduler_store

KINDS = ("own", "foreign")
IMPATIENT = Patience(deadline=20.0, attempts=4, first_pause=0.01, longest_pause=0.05)


@dataclass(frozen=True)
class ManagedHub(OneHub):
    """The directory of a server whose clients may create hubs: this one is there."""

    allows_management = True

    async def create(self, name: str, *, wipe: bool) -> None:
        await self.find(name)


@contextlib.asynccontextmanager
async def own_endpoint(
    place: str = ":memory:", name: str | None = None, settings: DispatchSettings = QUICK
) -> AsyncIterator[EndpointAddress]:
    """Serve a hub on a store in memory, or in a file, a new one unless it has a *name*; no worker at it."""
    name = name or f"Hub{secrets.token_hex(4)}"
    async with scheduler_store(name, place) as store:
        hub = TaskHub(store, settings=settings)
        running = asyncio.create_task(hub.run())
        server = await start_server(ManagedHub(hub), host="127.0.0.1", port=0)
        try:
            yield EndpointAddress(f"http://127.0.0.1:{server.port}", name)
        finally:
            await server.stop(0)
            hub.stop_streams()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@contextlib.asynccontextmanager
async def foreign_endpoint() -> AsyncIterator[EndpointAddress]:
    """Serve the in-memory backend of the ``durabletask`` package, no worker at it."""
    port = free_port()
    backend = await asyncio.to_thread(create_test_backend, port=port)
    try:
        yield EndpointAddress(f"http://127.0.0.1:{port}", "default")
    finally:
        await asyncio.to_thread(backend.stop, 0)


@contextlib.asynccontextmanager
async def endpoint(kind: str) -> AsyncIterator[EndpointAddress]:
    """Serve an endpoint of one of `KINDS`."""
    async with own_endpoint() if kind == "own" else foreign_endpoint() as address:
        yield address


@contextlib.asynccontextmanager
async def client_of(address: EndpointAddress, **how: Any) -> AsyncIterator[EndpointClient]:
    """Open a client that does not wait long."""
    async with open_endpoint(address, **({"patience": IMPATIENT} | how)) as client:
        yield client


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
