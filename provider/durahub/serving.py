"""A whole server: hubs over one storage, a gRPC port and an HTTP port, started and stopped in order.

Stop order: give out no more work, let turns in flight come back, let the partitions go (which makes
what is left visible to others), end the streams with UNAVAILABLE, close the ports, close storage.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.edge.http import HttpServer, application, bind
from durahub.edge.metrics import HubMetrics, HubNumbers
from durahub.edge.server import TlsFiles, start_server
from durahub.errors import HubNotFound
from durahub.storage import Storage

log = logging.getLogger(__name__)

GRPC_OPTION = "--grpc-port"
HTTP_OPTION = "--http-port"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What a server is told. Port 0 takes any free one; the first hub is the default one."""

    hubs: Sequence[str] = ("default",)
    host: str = "127.0.0.1"
    grpc_port: int = 8080
    http_port: int = 8082
    tls: TlsFiles | None = None
    dispatch: DispatchSettings = field(default_factory=DispatchSettings)


class Directory:
    """The hubs of a server, found without regard to case."""

    def __init__(self, hubs: Sequence[TaskHub]) -> None:
        self._hubs = {hub.name.casefold(): hub for hub in hubs}
        self.default = hubs[0].name

    def find(self, name: str) -> TaskHub:
        """Return the hub called *name*. Raises `HubNotFound`."""
        try:
            return self._hubs[name.casefold()]
        except KeyError:
            raise HubNotFound(name) from None

    def numbers(self) -> Mapping[str, HubNumbers]:
        """Return the numbers of each hub, for the metrics."""
        return {hub.name: _numbers(hub) for hub in self._hubs.values()}


def _numbers(hub: TaskHub) -> HubNumbers:
    turns, activities = hub.open_work_items
    return HubNumbers(
        workers=hub.workers,
        messages=hub.messages_in_memory,
        open_orchestrations=turns,
        open_activities=activities,
        set_aside=hub.set_aside_count,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes connections."""

    grpc_port: int
    http_port: int


@contextlib.asynccontextmanager
async def running_server(storage: Storage, settings: ServerSettings) -> AsyncIterator[Running]:
    """Run a server for the body. Raises `PortInUse` before anything is created in storage."""
    http_listener = bind(settings.host, settings.http_port, HTTP_OPTION)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(http_listener.close)
        hubs = []
        for name in settings.hubs:
            store = storage.store(name)
            stack.push_async_callback(store.close)
            hubs.append(TaskHub(store, settings=settings.dispatch))
        directory = Directory(hubs)
        grpc = await start_server(
            directory, host=settings.host, port=settings.grpc_port, tls=settings.tls
        )
        stack.push_async_callback(grpc.stop, 1.0)
        for name in settings.hubs:
            await directory.find(name).open(create=True)
        registry = CollectorRegistry()
        registry.register(HubMetrics(storage.requests, directory.numbers))
        http = HttpServer(application(registry), http_listener)
        await stack.enter_async_context(_background("http", http.run_until_stopped(), http.stop))
        for hub in hubs:
            await stack.enter_async_context(_serving(hub))
        yield Running(grpc.port, http.port)


@contextlib.asynccontextmanager
async def _serving(hub: TaskHub) -> AsyncIterator[None]:
    task = asyncio.create_task(hub.run(), name=f"hub {hub.name}")
    try:
        yield
    finally:
        hub.pause()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        hub.stop_streams()


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
