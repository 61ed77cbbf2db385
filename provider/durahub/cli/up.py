"""``durahub up``: a local server, ready for an app, with one command."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from durahub.address import StoreAddress, parse_store
from durahub.classic.names import check_hub_name
from durahub.cli.log import configure
from durahub.cli.opening import run
from durahub.cli.output import format_option, say
from durahub.cli.running import Running
from durahub.edge.connection import ConnectionString
from durahub.edge.server import TlsFiles
from durahub.errors import BadSetting, PortInUse
from durahub.local.azurite import FREE_PORTS, WELL_KNOWN_PORTS, Azurite
from durahub.serving import ServerSettings, running_server
from durahub.storage import StorageOptions, open_storage

LOCAL_POLL = 1.0  # seconds; our own Azurite costs nothing to ask
REMOTE_POLL = 10.0  # seconds; a storage account bills each look
LOCAL_WORKER = "durahub-up"  # the worker ID on our own Azurite: a restart resumes its own leases


@click.command()
@click.option(
    "--store",
    envvar="DURAHUB_STORE",
    help="Where hubs are kept: env:VARIABLE (connection string in that variable), storage:ACCOUNT "
    "(Entra ID), sqlite:FILE, or a connection string. Without it Azurite is started.",
)
@click.option(
    "--hub",
    "hubs",
    multiple=True,
    envvar=["DURAHUB_HUBS", "DTS_TASK_HUB_NAMES"],
    help="Task hub to serve, created if missing; may be given more than once. [default: default]",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DURAHUB_DATA",
    help="Folder for Azurite's data, which outlives the server. Without it data is in memory.",
)
@click.option(
    "--partitions",
    type=click.IntRange(1, 16),
    default=4,
    show_default=True,
    envvar="DURAHUB_PARTITIONS",
    help="Control queues of a hub; every server and worker of it must be told the same number.",
)
@click.option(
    "--grpc-port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    envvar="DURAHUB_GRPC_PORT",
    help="Port for workers and clients; 0 takes any free one.",
)
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    default=8082,
    show_default=True,
    envvar="DURAHUB_HTTP_PORT",
    help="Port for /healthz and /metrics; 0 takes any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="DURAHUB_HOST",
    help="Address to listen on. There is no authentication: think before you choose another.",
)
@click.option(
    "--azurite-ports",
    metavar="BLOB,QUEUE,TABLE",
    envvar="DURAHUB_AZURITE_PORTS",
    help="Azurite's ports; 0 takes any free one. [default: 10000,10001,10002, or free ones]",
)
@click.option(
    "--tls-cert",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="DURAHUB_TLS_CERT",
    help="Certificate chain (PEM): the gRPC port then speaks TLS.",
)
@click.option(
    "--tls-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="DURAHUB_TLS_KEY",
    help="Private key (PEM) of the certificate.",
)
@click.option(
    "--visibility",
    type=click.FloatRange(2, 3600),
    default=60,
    show_default=True,
    envvar="DURAHUB_VISIBILITY_SECONDS",
    help="Seconds after which messages of a server that died are taken up by another.",
)
@click.option(
    "--max-poll",
    type=click.FloatRange(0.05, 300),
    envvar="DURAHUB_MAX_POLL_SECONDS",
    help="Longest pause in seconds between two looks at an idle queue, for what other processes "
    "send. [default: 1 on our own Azurite, else 10]",
)
@click.option(
    "--worker-id",
    envvar="DURAHUB_WORKER_ID",
    help="Name under which partitions are held, never used twice at a time. A stable one gets them "
    "back at once after a restart. [default: unique]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every event, not only warnings.")
@format_option
def up(
    store: str | None,
    hubs: tuple[str, ...],
    data: Path | None,
    partitions: int,
    grpc_port: int,
    http_port: int,
    host: str,
    azurite_ports: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    visibility: float,
    max_poll: float | None,
    worker_id: str | None,
    verbose: bool,
    output: str,
) -> None:
    """Run a server on this machine until Ctrl-C: storage, a gRPC endpoint, metrics.

    Apps written for the Durable Task Scheduler or its emulator connect to it unchanged.
    """
    configure(verbose=verbose)
    names = _names(hubs)
    tls = _tls(tls_cert, tls_key)
    settings = ServerSettings(
        hubs=names, host=host, grpc_port=grpc_port, http_port=http_port, tls=tls
    )
    run(
        _up(
            settings,
            store,
            data,
            _ports(azurite_ports),
            StorageOptions(
                partitions=partitions,
                visibility_seconds=visibility,
                worker_id=worker_id,
                max_poll_seconds=max_poll or (LOCAL_POLL if store is None else REMOTE_POLL),
            ),
            output,
        )
    )


async def _up(
    settings: ServerSettings,
    store: str | None,
    data: Path | None,
    ports: tuple[int, int, int] | None,
    options: StorageOptions,
    output: str,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        stop = _stop_signal(stack)
        azurite = None
        if store is None:
            azurite = await _start_azurite(data, ports)
            stack.push_async_callback(azurite.stop)
            say(azurite.describe())
            own = replace(options, worker_id=options.worker_id or LOCAL_WORKER)
            storage = open_storage(azurite.connection_string, own)
        else:
            storage = open_storage(_store_address(store), options)
        await stack.enter_async_context(storage)
        running = await stack.enter_async_context(running_server(storage, settings))
        stack.enter_context(
            _told(
                Running(
                    pid=os.getpid(),
                    hubs=tuple(settings.hubs),
                    grpc_port=running.grpc_port,
                    http_port=running.http_port,
                    storage=azurite.connection_string if azurite else None,
                    store=store if store is not None and "=" not in store else None,
                )
            )
        )
        _announce(settings, running.grpc_port, running.http_port, azurite, output)
        await stop.wait()
        say("stopping …")


def _announce(
    settings: ServerSettings, grpc_port: int, http_port: int, azurite: Azurite | None, output: str
) -> None:
    host = "localhost" if settings.host in ("127.0.0.1", "::1") else settings.host
    scheme = "https" if settings.tls else "http"
    strings = [
        str(ConnectionString(f"{scheme}://{host}:{grpc_port}", name)) for name in settings.hubs
    ]
    if output == "json":
        ready = {
            "event": "ready",
            "grpc_port": grpc_port,
            "http_port": http_port,
            "connection_string": strings[0],
            "connection_strings": strings,
            "storage": azurite.describe() if azurite else None,
        }
        print(json.dumps(ready), flush=True)
        return
    hubs = ", ".join(settings.hubs)
    print(f"Serving task hub {hubs} on {scheme}://{host}:{grpc_port} (gRPC)", flush=True)
    print(f"Health and metrics: http://{host}:{http_port}/healthz, /metrics")
    print("\nPoint an app at it with this connection string:\n")
    for string in strings:
        print(f"    {string}")
    print(
        f"\nor, in Python: host_address={scheme}://{host}:{grpc_port!s}, taskhub={settings.hubs[0]}"
    )
    print("\nSee what runs: durahub instance list      Stop: Ctrl-C", flush=True)
    if azurite is not None and azurite.location is None:
        say("Data is in memory and gone when this stops; keep it with --data FOLDER.")


async def _start_azurite(data: Path | None, ports: tuple[int, int, int] | None) -> Azurite:
    """Start Azurite at the ports where tools look for it, or at free ones if they are taken."""
    if ports is not None:
        return await Azurite.start(data, ports)
    try:
        return await Azurite.start(data, WELL_KNOWN_PORTS)
    except PortInUse as taken:
        say(f"port {taken.port} is in use; Azurite takes free ports instead")
        return await Azurite.start(data, FREE_PORTS)


def _stop_signal(stack: contextlib.AsyncExitStack) -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set; a second SIGINT ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for signum in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(signum, lambda *_: loop.call_soon_threadsafe(on_signal))
        else:
            loop.add_signal_handler(signum, on_signal)
            stack.callback(loop.remove_signal_handler, signum)
    return stop


@contextlib.contextmanager
def _told(running: Running) -> Iterator[None]:
    running.save()
    try:
        yield
    finally:
        running.remove()


def _names(hubs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the hubs' names; the environment gives them separated by commas."""
    split = [name.strip() for hub in hubs for name in hub.split(",") if name.strip()]
    names = tuple(dict.fromkeys(split)) or ("default",)
    for name in names:
        check_hub_name(name)
    return names


def _ports(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        raise BadSetting("azurite-ports", text, "three port numbers separated by commas")
    blob, queue, table = (int(part) for part in parts)
    return blob, queue, table


def _tls(cert: Path | None, key: Path | None) -> TlsFiles | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise BadSetting("tls", "one file", "both --tls-cert and --tls-key")
    return TlsFiles(cert, key)


def _store_address(store: str) -> StoreAddress | str:
    """Return a store address, or the text itself where it is a connection string."""
    if "=" in store.partition(":")[0]:
        return store
    return parse_store(store)
