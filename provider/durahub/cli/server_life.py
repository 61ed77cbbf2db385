"""A server as a process: what it says when it is ready, what it leaves for other commands, when it ends.

A stop is bounded. Work that is with workers has ``server.drain.timeout`` to come back, which
`durahub.serving` sees to; should all else hang, storage for one, the process ends `LAST_WORDS` later, with
exit status 1. What it then leaves behind is taken over as after a crash.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from durahub import __version__
from durahub.address import StoreAddress, StoreKind, parse_store
from durahub.cli.garbage import seldom_collected
from durahub.cli.log import configure
from durahub.cli.output import say
from durahub.cli.pointing import pointers, url
from durahub.cli.running import Running
from durahub.configuration.settings import Settings
from durahub.mounting import Host, found_mounts
from durahub.observing.tracing import current_trace_id
from durahub.serving import Running as Ports
from durahub.serving import running_server
from durahub.storage import Storage

log = logging.getLogger(__name__)

LAST_WORDS = 25.0  # seconds behind the drain, for what is written and closed then
CUT_SHORT = 1  # the exit status of a stop that took too long


def log_as_told(settings: Settings, *, verbose: bool, usual: str) -> None:
    """Log as *settings* say, from the level *usual* on where they say nothing of that."""
    configure(
        verbose=verbose,
        form=settings.log.form,
        level=settings.log.level or usual,
        trace_id=current_trace_id,
    )


async def serve_until_stopped(
    storage: Storage,
    settings: Settings,
    stop: asyncio.Event,
    *,
    output: str,
    api_port_if_free: bool = False,
    azurite: str | None = None,
    azurite_place: str | None = None,
    host: Host | None = None,
) -> None:
    """Serve until *stop* is set. *azurite* is the connection string of our own one.

    With *host* what is installed beside the server is mounted at its HTTP port.
    """
    mounts = found_mounts() if host is not None and settings.monitor is not False else ()
    async with contextlib.AsyncExitStack() as stack:
        outer = stack.enter_context(contextlib.ExitStack())  # ends when all has stopped
        await stack.enter_async_context(storage)
        ports = await stack.enter_async_context(
            running_server(
                storage, settings, api_port_if_free=api_port_if_free, host=host, mounts=mounts
            )
        )
        if settings.api_port is not None and ports.api_port is None:
            say(f"port {settings.api_port} is in use; the HTTP API is at {ports.http_port} alone")
        stack.enter_context(seldom_collected())
        # until all has stopped: a probe asks who drains, too
        outer.enter_context(_told(_running(settings, ports, azurite)))
        announce(settings, ports, azurite_place, output)
        log.info("server-ready", extra=_where(settings, ports))
        await stop.wait()
        if settings.log.form == "text":
            say("stopping …")
        outer.enter_context(_bounded(settings))


def _where(settings: Settings, ports: Ports) -> dict[str, object]:
    return {
        "version": __version__,
        "hubs": list(settings.hubs),
        "grpc_port": ports.grpc_port,
        "http_port": ports.http_port,
        "tls": settings.tls is not None,
    }


@contextlib.contextmanager
def _bounded(settings: Settings) -> Iterator[None]:
    """Bound what happens until this ends: the stop, which has begun."""
    loop = asyncio.get_running_loop()
    began, drain = loop.time(), settings.drain
    bound = loop.call_later(drain.delay + drain.timeout + LAST_WORDS, _cut_short, settings)
    try:
        yield
    finally:
        bound.cancel()
        log.info("server-stopped", extra={"seconds": round(loop.time() - began, 3)})


def _cut_short(settings: Settings) -> None:
    """End the process: what should have ended by itself hangs."""
    log.error("drain-cut-short", extra={"timeout": settings.drain.timeout})
    os._exit(CUT_SHORT)


def announce(settings: Settings, ports: Ports, azurite: str | None, output: str) -> None:
    """Say that the server takes connections, and how an app is pointed at it."""
    app = pointers(settings, ports.grpc_port)
    http = url(settings, ports.http_port)
    if output == "json":
        ready = {
            "event": "ready",
            "grpc_port": ports.grpc_port,
            "http_port": ports.http_port,
            "api_port": ports.api_port,
            "endpoint": app.endpoint,
            "connection_string": app.strings[0] if app.strings else None,
            "connection_strings": app.strings,
            "hints": app.hints,
            "storage": azurite,
            "mounted": [one.format(url=f"{http}/") for one in ports.told],
        }
        print(json.dumps(ready), flush=True)
        return
    more = " and any other that is called for" if settings.dynamic_hubs else ""
    hubs = ", ".join(settings.hubs)
    print(f"Serving task hub {hubs}{more} on {app.endpoint} (gRPC)", flush=True)
    print(f"Health and metrics: {http}/healthz, /readyz, /metrics")
    if ports.api_port is not None:
        print(f"HTTP API: {url(settings, ports.api_port)}")
    for told in ports.told:
        print(told.format(url=f"{http}/"))
    in_python = f"in Python: host_address={app.endpoint}, taskhub={settings.hubs[0]}"
    if app.strings:
        print("\nPoint an app at it with this connection string:\n")
        for string in app.strings:
            print(f"    {string}")
        print(f"\nor, {in_python}")
    else:
        print(f"\nPoint an app at it; {in_python}")
    for hint in app.hints:
        print(hint)
    print("\nSee what runs: durahub instance list      Stop: Ctrl-C", flush=True)


def _running(settings: Settings, ports: Ports, azurite: str | None) -> Running:
    return Running(
        pid=os.getpid(),
        hubs=settings.hubs,
        grpc_port=ports.grpc_port,
        http_port=ports.http_port,
        storage=azurite,
        store=_told_store(settings.store),
        endpoint=url(settings, ports.grpc_port),
        host=settings.host,
        tls=settings.tls is not None,
        certificate_needed=settings.client_ca is not None and not settings.auth.are_configured,
        dynamic=settings.dynamic_hubs,
        since=time.time_ns(),
    )


def _told_store(store: str | None) -> str | None:
    """Return a store's address as it counts in other folders, too; ``None`` for a connection string."""
    if store is None or "=" in store:
        return None
    address = parse_store(store)
    if address.kind is not StoreKind.SQLITE or address.place == ":memory:":
        return store
    return str(StoreAddress(address.kind, str(Path(address.place).resolve())))


@contextlib.contextmanager
def _told(running: Running) -> Iterator[None]:
    running.save()
    try:
        yield
    finally:
        running.remove()


@contextlib.contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """Give the body an event that SIGINT and SIGTERM set; a second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    with contextlib.ExitStack() as handlers:
        for signum in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":
                signal.signal(signum, lambda *_: loop.call_soon_threadsafe(on_signal))
            else:
                loop.add_signal_handler(signum, on_signal)
                handlers.callback(loop.remove_signal_handler, signum)
        yield stop
