"""A whole server: hubs over one storage, a gRPC port and an HTTP port, started and stopped in order.

Stop order: give out no more work, let turns in flight come back, let the partitions go (which makes
what is left visible to others), end the streams with UNAVAILABLE, close the ports, close storage.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.edge.http import HttpServer, application, bind
from durahub.edge.metrics import HubMetrics
from durahub.edge.server import TlsFiles, start_server
from durahub.errors import BadSetting, PortInUse
from durahub.storage import Storage

log = logging.getLogger(__name__)

HTTP_OPTION = "--http-port"
API_OPTION = "--api-port, or do without it: --api-port none"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes connections. Without an API port it is ``None``."""

    grpc_port: int
    http_port: int
    api_port: int | None = None


@contextlib.asynccontextmanager
async def running_server(
    storage: Storage, settings: Settings, *, api_port_if_free: bool = False
) -> AsyncIterator[Running]:
    """Run a server for the body. Raises `PortInUse` before anything is created in storage.

    The HTTP port and the API port serve the same, as with DTS's emulator, whose tools look for its API
    at 8081. With *api_port_if_free* the server goes on without one that is taken.
    """
    keys = _keys(settings)
    async with contextlib.AsyncExitStack() as stack:
        listeners = _listeners(settings, stack, api_port_if_free)
        directory = Directory(storage, settings)
        stack.push_async_callback(directory.close)
        tls = TlsFiles(*settings.tls) if settings.tls is not None else None
        grpc = await start_server(directory, host=settings.host, port=settings.grpc_port, tls=tls)
        stack.push_async_callback(grpc.stop, 1.0)
        await directory.start()
        registry = CollectorRegistry()
        registry.register(HubMetrics(storage.requests, directory.numbers))
        app = application(registry, directory=directory, keys=keys)
        ports = [await stack.enter_async_context(_http(app, one)) for one in listeners]
        stack.push_async_callback(directory.stop_serving)
        yield Running(grpc.port, ports[0], ports[1] if len(ports) > 1 else None)


def _keys(settings: Settings) -> frozenset[str]:
    """Return the keys of the Functions API. Raises `BadSetting` where a variable is not set."""
    keys = set()
    for named in settings.functions_keys:
        variable = named.removeprefix("env:")
        key = os.environ.get(variable, "")
        if not key:
            raise BadSetting("functions-keys", named, f"the environment variable {variable} set")
        keys.add(key)
    return frozenset(keys)


def _listeners(
    settings: Settings, stack: contextlib.AsyncExitStack, api_port_if_free: bool
) -> tuple[socket.socket, ...]:
    """Return the sockets of the HTTP port and, if there is one, of the API port."""
    listeners = [bind(settings.host, settings.http_port, HTTP_OPTION)]
    stack.callback(listeners[0].close)
    if settings.api_port is not None:
        try:
            listeners.append(bind(settings.host, settings.api_port, API_OPTION))
            stack.callback(listeners[1].close)
        except PortInUse:
            if not api_port_if_free:
                raise
            log.info("api-port-taken", extra={"port": settings.api_port})
    return tuple(listeners)


@contextlib.asynccontextmanager
async def _http(app: Starlette, listener: socket.socket) -> AsyncIterator[int]:
    """Serve *app* for the body, which gets the port."""
    server = HttpServer(app, listener)
    async with _background(f"http {server.port}", server.run_until_stopped(), server.stop):
        yield server.port


@contextlib.asynccontextmanager
async def _background(
    name: str, work: Coroutine[Any, Any, None], stop: Callable[[], None]
) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        stop()
        await asyncio.gather(task, return_exceptions=True)
