"""A whole server: hubs over one storage, a gRPC port and an HTTP port, started and stopped in order.

Stop order: be ready no more, and go on as before until load balancers have seen it; end what streams to
pages, give out no more work, let turns in flight come back, let the partitions go (which makes what is left
visible to others), end the streams with UNAVAILABLE, close the ports, close storage.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from starlette.applications import Starlette

from durahub.authorization.gate import Gate
from durahub.authorization.opening import open_gate
from durahub.authorization.settings import check_listening
from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.dispatch.clock import system_clock
from durahub.edge.certificates import Certificates, TlsFiles
from durahub.edge.http import HttpServer, application
from durahub.edge.listening import bind
from durahub.edge.metrics import HubMetrics
from durahub.edge.observed import Calls
from durahub.edge.overload import Bounds, Overload
from durahub.edge.port_limits import MIB, PortLimits
from durahub.edge.readiness import Readiness
from durahub.edge.server import start_server
from durahub.edge.server_metrics import ServerMetrics
from durahub.errors import BadSetting, MissingPackage, PortInUse
from durahub.mounting import Host, Mount
from durahub.observing.tracing import NOT_TRACED, Tracing
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
    told: tuple[str, ...] = ()  # of what is mounted, with {url} for the address of the HTTP port


@contextlib.asynccontextmanager
async def running_server(
    storage: Storage,
    settings: Settings,
    *,
    api_port_if_free: bool = False,
    host: Host | None = None,
    mounts: Iterable[Mount] = (),
    gate: Gate | None = None,
    tracing: Tracing | None = None,
) -> AsyncIterator[Running]:
    """Run a server for the body. Raises `OpenToAll`, `PortInUse` before anything is created in storage.

    The HTTP port and the API port serve the same, as with DTS's emulator, whose tools look for its API
    at 8081. With *api_port_if_free* the server goes on without one that is taken. *mounts* are mounted
    there, told of *host*. Without *gate*, or *tracing*, it is as the settings say.
    """
    check_listening(settings.host, settings.auth, anonymous=settings.allow_anonymous)
    keys = _keys(settings)
    async with contextlib.AsyncExitStack() as stack:
        if gate is None:
            gate = await stack.enter_async_context(
                open_gate(settings.auth, os.environ, system_clock, time.monotonic)
            )
        listeners = _listeners(settings, stack, api_port_if_free)
        if tracing is None:
            tracing = await stack.enter_async_context(_tracing(settings))
        calls = Calls(tracing)
        if tracing.is_on:
            storage.observe(partial(_note_request, tracing))
        directory = Directory(storage, settings, tracing)
        stack.push_async_callback(directory.close)
        tls = _certificates(settings)
        limits = PortLimits(
            settings.max_message * MIB, settings.max_calls_per_connection, settings.max_connections
        )
        overload = Overload(_bounds(settings), storage.waiting_writes, storage.waiting_bytes)
        readiness = Readiness(directory.amiss, storage.heard, directory.look)
        grpc = await start_server(
            directory,
            host=settings.host,
            port=settings.grpc_port,
            tls=tls,
            gate=gate,
            overload=overload,
            limits=limits,
            readiness=readiness,
            calls=calls,
        )
        stack.push_async_callback(grpc.stop, 1.0)
        await directory.start()
        registry = CollectorRegistry()
        refused = gate.refused
        registry.register(
            HubMetrics(storage.requests, directory.numbers, overload, lambda: refused)
        )
        registry.register(ServerMetrics(calls, storage.timings, storage.retries, directory.details))
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        mounted = []
        if host is not None:
            told_of = replace(host, delete_hub=directory.delete, workers=directory.workers)
            mounted = [await stack.enter_async_context(mount(told_of)) for mount in mounts]
        for one in mounted:
            if one.metrics is not None:
                registry.register(one.metrics)
        apps = [one.app for one in mounted if one.app is not None]
        app = application(
            registry,
            directory=directory,
            keys=keys,
            mounted=apps,
            overload=overload,
            gate=gate,
            ready=readiness.now,
            open_metrics=settings.auth.open_metrics,
        )
        ports = [await stack.enter_async_context(_http(app, one, limits, tls)) for one in listeners]
        stack.push_async_callback(directory.stop_serving)
        stack.push_async_callback(readiness.close)
        for one in mounted:
            stack.callback(one.end)
        stack.push_async_callback(_be_left_alone, readiness, settings.drain.delay)
        told = tuple(one.told for one in mounted if one.told)
        yield Running(grpc.port, ports[0], ports[1] if len(ports) > 1 else None, told)


def _bounds(settings: Settings) -> Bounds:
    """Return what the server takes on at once."""
    return Bounds(
        calls=settings.bounds.calls,
        waits=settings.bounds.waits,
        streams=settings.bounds.streams,
        bytes=settings.bounds.request_memory * MIB,
        shared=settings.dynamic_hubs or len(settings.hubs) > 1,
    )


@contextlib.asynccontextmanager
async def _tracing(settings: Settings) -> AsyncIterator[Tracing]:
    """Return what makes spans for the body. Raises `MissingPackage`, `BadSetting`."""
    if not settings.traces:
        yield NOT_TRACED
        return
    try:
        from durahub.observing import otel  # costs time and memory, and may not be installed
    except ImportError as error:
        raise MissingPackage("--traces", str(error.name), "otel") from None
    tracing = otel.open_tracing(os.environ)
    try:
        yield tracing
    finally:
        await asyncio.to_thread(tracing.close)  # a collector that hangs must not hold up the loop


def _note_request(
    tracing: Tracing, service: str, operation: str, outcome: str, seconds: float
) -> None:
    name, told = f"storage {service} {operation}", {"durahub.storage.outcome": outcome}
    failed = outcome not in ("ok", "conflict")
    tracing.ended(name, seconds, told, failed=failed)


async def _be_left_alone(readiness: Readiness, delay: float) -> None:
    """Be ready no more, and do all else as before until load balancers have seen it."""
    readiness.drain()
    log.info("drain-begins", extra={"delay": delay})
    if delay > 0:
        await asyncio.sleep(delay)


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


def _certificates(settings: Settings) -> Certificates | None:
    """Return the server's certificate. Raises `BadSetting`.

    Where callers are asked who they are, the HTTP port takes some without a certificate: probes, and
    those who have a token.
    """
    if settings.tls is None:
        return None
    files = TlsFiles(*settings.tls, settings.client_ca)
    return Certificates(files, client_needed=not settings.auth.are_configured)


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
async def _http(
    app: Starlette, listener: socket.socket, limits: PortLimits, tls: Certificates | None
) -> AsyncIterator[int]:
    """Serve *app* for the body, which gets the port."""
    context = tls.http_context if tls is not None else None
    server = HttpServer(app, listener, limits.connections, context)
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
