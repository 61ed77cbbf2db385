"""``durahub serve``: a server for production, told by a settings file."""

from datetime import datetime, timezone
from typing import Any

import click

from durahub.accounts import Access, check_connection
from durahub.address import StoreAddress, StoreKind
from durahub.authorization.settings import check_listening
from durahub.cli.access import store_access
from durahub.cli.log import configure
from durahub.cli.opening import run
from durahub.cli.output import format_option, print_json, print_rows, say, warn
from durahub.cli.server_life import log_as_told, serve_until_stopped, stop_signal
from durahub.cli.server_options import effective, server_options, settings_from, told
from durahub.cli.up import store_address
from durahub.configuration.settings import Settings
from durahub.errors import BadConnectionString, BadSetting
from durahub.mounting import Host
from durahub.preflight.checked import exit_status
from durahub.preflight.here import looks_here
from durahub.preflight.stored import looks_at_storage
from durahub.storage import StorageOptions, open_storage


@click.command()
@server_options
@click.option(
    "--check",
    is_flag=True,
    help="Start nothing: print the settings that count, and where each comes from.",
)
@click.option(
    "--connect",
    is_flag=True,
    help="With --check: look as well whether storage, rights, clocks, hubs, ports and certificates are "
    "as the server needs them.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every event, not only warnings.")
@format_option
@click.pass_context
def serve(
    context: click.Context,
    /,
    check: bool,
    connect: bool,
    verbose: bool,
    output: str,
    **options: Any,
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
      [server.auth]                      # or: server.allow_anonymous = true
      tokens = ["ci=env:CI_TOKEN"]
      grants = ["contributor on * to token:ci"]
      [hubs.orders]
      partitions = 8
      [hubs.orders.retention]
      completed = "30d"

    \b
    Examples:
      durahub serve --config durahub.toml --check     is it right? what counts?
      durahub serve --config durahub.toml --check --connect     will it work? starts nothing
      durahub serve --config durahub.toml
      durahub serve --host-json host.json --store env:AzureWebJobsStorage

    Exit status: 0 stopped (or with --check: all is right), 1 the stop took too long, 2 wrong settings,
    4 storage does not answer or a port is in use, 130 stopped at once by a second signal.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    configure(verbose=verbose)
    said = told(context, options, {})
    warn(said.warnings)
    settings = settings_from(said)
    log_as_told(settings, verbose=verbose, usual="info")
    if settings.store is None:
        raise BadSetting(
            "store.address",
            "nothing",
            "env:VARIABLE, storage:ACCOUNT or sqlite:FILE (or use 'durahub up', which starts Azurite)",
        )
    check_listening(settings.host, settings.auth, anonymous=settings.allow_anonymous)
    address = store_address(settings.store)
    access = store_access(settings, said.app_settings)
    if connect and not check:
        raise BadSetting("connect", "without --check", "--check --connect")
    if connect:
        raise SystemExit(run(_connect(settings, address, access, output)))
    if check:
        _check_connection(address, access)
        _show(effective(said), output)
        return
    storage = open_storage(address, StorageOptions(worker_id=settings.worker_id), access)
    host = Host(
        storage=storage,
        store=address,
        access=access,
        settings=settings,
        config=context.params.get("config"),
    )
    run(_serve(host, output))


async def _connect(
    settings: Settings, address: StoreAddress | str, access: Access, output: str
) -> int:
    """Print what was looked at; return the exit status."""

    def now() -> datetime:
        return datetime.now(timezone.utc)

    found = await looks_here(settings, now)
    storage = open_storage(address, StorageOptions(worker_id=settings.worker_id), access)
    found += [one async for one in looks_at_storage(storage, address, access, settings, now)]
    if output == "json":
        for one in found:
            told = {"check": one.what, "outcome": one.outcome, "found": one.found}
            print_json({**told, "advice": one.advice or None})
    else:
        rows = [(one.what, one.outcome, one.found, one.advice) for one in found]
        print_rows(("check", "outcome", "found", "what to do"), rows)
    problems = sum(not one.ok for one in found)
    say(f"{len(found)} looks, {problems} problems; nothing was started")
    return exit_status(found)


async def _serve(host: Host, output: str) -> None:
    with stop_signal() as stop:
        await serve_until_stopped(host.storage, host.settings, stop, output=output, host=host)


def _check_connection(address: StoreAddress | str, access: Access) -> None:
    """Raise `BadConnectionString` where what leads to storage is wrong.

    Secrets may well be missing where a file is checked: of that it only warns.
    """
    if isinstance(address, StoreAddress) and address.kind is StoreKind.SQLITE:
        return
    for one in (address, access.tracking):
        if one is None:
            continue
        try:
            check_connection(one, access, tracking=one is access.tracking)
        except BadConnectionString as error:
            if not error.is_missing:
                raise
            warn([str(error)])


def _show(rows: list[tuple[str, str, str]], output: str) -> None:
    for path, value, origin in rows:
        if output == "json":
            print_json({"setting": path, "value": value, "from": origin})
        else:
            click.echo(f"{path} = {value}  # {origin}")
    say("the settings are right; nothing was started")
