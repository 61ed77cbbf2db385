"""``durahub serve``: a server for production, told by a settings file."""

from typing import Any

import click

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress, StoreKind
from durahub.cli.access import store_access
from durahub.cli.log import configure
from durahub.cli.opening import run
from durahub.cli.output import format_option, print_json, say, warn
from durahub.cli.server_life import serve_until_stopped, stop_signal
from durahub.cli.server_options import effective, server_options, settings_from, told
from durahub.cli.up import store_address
from durahub.configuration.settings import Settings
from durahub.errors import BadConnectionString, BadSetting
from durahub.storage import Storage, StorageOptions, open_storage


@click.command()
@server_options
@click.option(
    "--check",
    is_flag=True,
    help="Start nothing: print the settings that count, and where each comes from.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every event, not only warnings.")
@format_option
@click.pass_context
def serve(
    context: click.Context, /, check: bool, verbose: bool, output: str, **options: Any
) -> None:
    """Run a server in production, as its settings file says.

    Unlike 'up' it starts no storage of its own: the file, the environment or the command line must
    name a store. The command line comes first, then the environment, the file, host.json.

    \b
    A settings file:
      [store]
      address = "storage:ACCOUNT"        # by managed identity
      [server]
      host = "0.0.0.0"
      [hubs.orders]
      partitions = 8
      [hubs.orders.retention]
      completed = "30d"

    \b
    Examples:
      durahub serve --config durahub.toml --check     is it right? what counts?
      durahub serve --config durahub.toml
      durahub serve --host-json host.json --store env:AzureWebJobsStorage

    Exit status: 0 stopped (or with --check: the settings are right), 2 wrong settings, 4 storage does
    not answer or a port is in use.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    configure(verbose=verbose)
    said = told(context, options, {})
    warn(said.warnings)
    settings = settings_from(said)
    if settings.store is None:
        raise BadSetting(
            "store.address",
            "nothing",
            "env:VARIABLE, storage:ACCOUNT or sqlite:FILE (or use 'durahub up', which starts Azurite)",
        )
    address = store_address(settings.store)
    access = store_access(settings, said.app_settings)
    if check:
        _warn_of_connection(address, access)
        _show(effective(said), output)
        return
    storage = open_storage(address, StorageOptions(worker_id=settings.worker_id), access)
    run(_serve(storage, settings, output))


async def _serve(storage: Storage, settings: Settings, output: str) -> None:
    with stop_signal() as stop:
        await serve_until_stopped(storage, settings, stop, output=output)


def _warn_of_connection(address: StoreAddress | str, access: Access) -> None:
    """Tell what stands in the way to the store; secrets may well be missing where a file is checked."""
    if isinstance(address, StoreAddress) and address.kind is StoreKind.SQLITE:
        return
    try:
        account_at(address, access)
    except BadConnectionString as error:
        warn([str(error)])


def _show(rows: list[tuple[str, str, str]], output: str) -> None:
    for path, value, origin in rows:
        if output == "json":
            print_json({"setting": path, "value": value, "from": origin})
        else:
            click.echo(f"{path} = {value}  # {origin}")
    say("the settings are right; nothing was started")
