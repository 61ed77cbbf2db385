"""``durahub up``: a local server, ready for an app, with one command."""

import contextlib
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress, StoreKind, parse_store
from durahub.classic import connection
from durahub.cli.access import store_access
from durahub.cli.log import configure
from durahub.cli.opening import run
from durahub.cli.output import format_option, say, warn
from durahub.cli.server_life import log_as_told, serve_until_stopped, stop_signal
from durahub.cli.server_options import server_options, settings_from, told
from durahub.configuration.kinds import Flat
from durahub.configuration.settings import Settings
from durahub.errors import BadSetting, PortInUse
from durahub.local.azurite import FREE_PORTS, WELL_KNOWN_PORTS, Azurite
from durahub.local.scratch import scratch_folder
from durahub.mounting import Host
from durahub.storage import Storage, StorageOptions, open_storage

LOCAL: Flat = {"defaults.max_poll": 1.0}  # our own Azurite costs nothing to ask
LOCAL_WORKER = "durahub-up"  # the worker ID on our own Azurite: a restart resumes its own leases


@click.command()
@server_options
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DURAHUB_DATA",
    help="Folder for Azurite's data, which outlives the server. Without it data is in a temporary "
    "folder, deleted when the server stops.",
)
@click.option(
    "--azurite-ports",
    metavar="BLOB,QUEUE,TABLE",
    envvar="DURAHUB_AZURITE_PORTS",
    help="Azurite's ports; 0 takes any free one. [default: 10000,10001,10002, or free ones]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every event, not only warnings.")
@format_option
@click.pass_context
def up(
    context: click.Context,
    /,
    data: Path | None,
    azurite_ports: str | None,
    verbose: bool,
    output: str,
    **options: Any,
) -> None:
    """Run a server on this machine until Ctrl-C: storage, a gRPC endpoint, HTTP APIs, metrics.

    Apps written for the Durable Task Scheduler or its emulator connect to it unchanged: it listens at
    the same ports and obeys DTS_TASK_HUB_NAMES and DTS_USE_DYNAMIC_TASK_HUBS. Without --store it
    starts Azurite.

    \b
    Examples:
      durahub up                                one hub, "default", gone when it stops
      durahub up --store sqlite:hub.db          neither Node nor Azurite; survives a restart
      durahub up --dynamic-hubs --limits dts    as the Durable Task Scheduler will take it
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    configure(verbose=verbose)
    said = told(context, options, {})
    warn(said.warnings)
    settings = settings_from(said)
    log_as_told(settings, verbose=verbose, usual="warning")
    access = store_access(settings, said.app_settings)
    if settings.store is None or is_absent_emulator(settings.store, access):
        settings = replace(settings_from(told(context, options, LOCAL)), store=None)
    api_port_if_free = all("server.api_port" not in layer.flat for layer in said.layers)
    config = context.params.get("config")
    run(_up(settings, access, data, _ports(azurite_ports), output, api_port_if_free, config))


def is_absent_emulator(store: str, access: Access) -> bool:
    """Tell whether *store* is the local emulator (``UseDevelopmentStorage=true``), and none is running.

    So the files of an app that is developed with Azurite do for ``durahub up``, which starts one.
    """
    address = store_address(store)
    if isinstance(address, StoreAddress) and address.kind is not StoreKind.ENVIRONMENT:
        return False
    emulator = connection.parse("UseDevelopmentStorage=true", "durahub")
    if account_at(address, access).endpoints != emulator.endpoints:
        return False
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", WELL_KNOWN_PORTS[1])) != 0


async def _up(
    settings: Settings,
    access: Access,
    data: Path | None,
    ports: tuple[int, int, int] | None,
    output: str,
    api_port_if_free: bool,
    config: Path | None,
) -> None:
    def host(storage: Storage, store: StoreAddress | str) -> Host:
        return Host(
            storage=storage,
            store=store,
            access=access,
            settings=settings,
            config=config,
            is_local=True,
        )

    async with contextlib.AsyncExitStack() as stack:
        stop = stack.enter_context(stop_signal())
        if settings.store is not None:
            address = store_address(settings.store)
            storage = open_storage(address, StorageOptions(worker_id=settings.worker_id), access)
            await serve_until_stopped(
                storage,
                settings,
                stop,
                output=output,
                api_port_if_free=api_port_if_free,
                host=host(storage, address),
            )
            return
        folder = data or stack.enter_context(scratch_folder())
        azurite = await _start_azurite(folder, ports)
        stack.push_async_callback(azurite.stop)
        say(azurite.describe())
        if data is None:
            say("Data is temporary and gone when this stops; keep it with --data FOLDER.")
        storage = open_storage(
            azurite.connection_string,
            StorageOptions(worker_id=settings.worker_id or LOCAL_WORKER),
            access,
        )
        await serve_until_stopped(
            storage,
            settings,
            stop,
            output=output,
            api_port_if_free=api_port_if_free,
            azurite=azurite.connection_string,
            azurite_place=azurite.describe(),
            host=host(storage, azurite.connection_string),
        )


async def _start_azurite(data: Path, ports: tuple[int, int, int] | None) -> Azurite:
    """Start Azurite at the ports where tools look for it, or at free ones if they are taken."""
    if ports is not None:
        return await Azurite.start(data, ports)
    try:
        return await Azurite.start(data, WELL_KNOWN_PORTS)
    except PortInUse as taken:
        say(f"port {taken.port} is in use; Azurite takes free ports instead")
        return await Azurite.start(data, FREE_PORTS)


def _ports(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        raise BadSetting("azurite-ports", text, "three port numbers separated by commas")
    blob, queue, table = (int(part) for part in parts)
    return blob, queue, table


def store_address(store: str) -> StoreAddress | str:
    """Return a store address, or the text itself where it is a connection string."""
    if "=" in store.partition(":")[0]:
        return store
    return parse_store(store)
