"""A server as a process: what it says when it is ready, what it leaves for other commands, when it ends."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator

from durahub.cli.garbage import seldom_collected
from durahub.cli.output import say
from durahub.cli.running import Running
from durahub.configuration.settings import Settings
from durahub.edge.connection import ConnectionString
from durahub.serving import Running as Ports
from durahub.serving import running_server
from durahub.storage import Storage


async def serve_until_stopped(
    storage: Storage,
    settings: Settings,
    stop: asyncio.Event,
    *,
    output: str,
    api_port_if_free: bool = False,
    azurite: str | None = None,
    azurite_place: str | None = None,
) -> None:
    """Serve until *stop* is set. *azurite* is the connection string of our own one."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(storage)
        ports = await stack.enter_async_context(
            running_server(storage, settings, api_port_if_free=api_port_if_free)
        )
        if settings.api_port is not None and ports.api_port is None:
            say(f"port {settings.api_port} is in use; the HTTP API is at {ports.http_port} alone")
        stack.enter_context(seldom_collected())
        stack.enter_context(_told(_running(settings, ports, azurite)))
        announce(settings, ports, azurite_place, output)
        await stop.wait()
        say("stopping …")


def announce(settings: Settings, ports: Ports, azurite: str | None, output: str) -> None:
    """Say that the server takes connections, and how an app is pointed at it."""
    host = "localhost" if settings.host in ("127.0.0.1", "::1") else settings.host
    scheme = "https" if settings.tls else "http"
    endpoint = f"{scheme}://{host}:{ports.grpc_port}"
    strings = [str(ConnectionString(endpoint, name)) for name in settings.hubs]
    if output == "json":
        ready = {
            "event": "ready",
            "grpc_port": ports.grpc_port,
            "http_port": ports.http_port,
            "api_port": ports.api_port,
            "connection_string": strings[0],
            "connection_strings": strings,
            "storage": azurite,
        }
        print(json.dumps(ready), flush=True)
        return
    more = " and any other that is called for" if settings.dynamic_hubs else ""
    print(f"Serving task hub {', '.join(settings.hubs)}{more} on {endpoint} (gRPC)", flush=True)
    print(f"Health and metrics: http://{host}:{ports.http_port}/healthz, /metrics")
    if ports.api_port is not None:
        print(f"HTTP API: http://{host}:{ports.api_port}")
    print("\nPoint an app at it with this connection string:\n")
    for string in strings:
        print(f"    {string}")
    print(f"\nor, in Python: host_address={endpoint}, taskhub={settings.hubs[0]}")
    print("\nSee what runs: durahub instance list      Stop: Ctrl-C", flush=True)


def _running(settings: Settings, ports: Ports, azurite: str | None) -> Running:
    store = settings.store
    return Running(
        pid=os.getpid(),
        hubs=settings.hubs,
        grpc_port=ports.grpc_port,
        http_port=ports.http_port,
        storage=azurite,
        store=store if store is not None and "=" not in store else None,
    )


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
