"""``durahub monitor``: watch hubs, wherever they are, in a browser."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from durahub.authorization.static_tokens import digest_of, new_token
from durahub.cli import log
from durahub.cli.opening import run, store_here
from durahub.cli.output import format_option, print_json, say
from durahub.cli.server_life import stop_signal
from durahub.cli.text_file import read_text
from durahub.edge.http import HttpServer
from durahub.edge.listening import bind
from durahub.errors import BadSetting
from durahub_migrate.acting.data_folder import data_folder
from durahub_migrate.alerting.ready_made import GRAFANA, PROMETHEUS, ready_made
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.web.assembling import assembled
from durahub_migrate.web.configuring.keys import KEYS, Key
from durahub_migrate.web.configuring.layers import settings_of
from durahub_migrate.web.configuring.settings import MonitorSettings

Command = TypeVar("Command", bound=Callable[..., Any])
LEVELS = ("warning", "info", "debug")


def monitor_options(command: Command) -> Command:
    """Give *command* an option for every setting of the monitor; it gets them as keywords."""
    for key in reversed(KEYS):
        command = _option(key)(command)
    return command


def _option(key: Key) -> Callable[[Command], Command]:
    declared, more = key.option, {}
    if key.flag:
        declared = f"{key.option}/--no-{key.option.removeprefix('--')}"
    elif key.many:
        more = {"multiple": True, "type": str}
    else:
        more = {"type": str}
    is_told = key.flag or key.default in (None, ())
    shown = "" if is_told else f" [default: {key.default}]"
    # The variable is read with the settings, so that a wrong one is told like a wrong option.
    about = f"{key.help}{shown} [env var: {key.variable}]"
    return click.option(declared, key.name, default=None, help=about, **more)  # type: ignore[arg-type]


@click.command()
@click.argument("sources", nargs=-1)
@monitor_options
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=["DURAHUB_MONITOR_CONFIG", "DURAHUB_CONFIG"],
    show_envvar=True,
    help="Settings file (TOML) with the table [monitor]: sources, logins, grants.",
)
@click.option(
    "--open",
    "opens",
    is_flag=True,
    envvar="DURAHUB_MONITOR_OPEN",
    show_envvar=True,
    help="Open the page in the browser.",
)
@click.option(
    "--tui",
    "in_terminal",
    is_flag=True,
    envvar="DURAHUB_MONITOR_TUI",
    show_envvar=True,
    help="Watch in this terminal instead; needs durahub[tui].",
)
@click.option(
    "--log",
    "level",
    type=click.Choice(LEVELS),
    default="warning",
    show_default=True,
    envvar="DURAHUB_MONITOR_LOG",
    show_envvar=True,
    help="What is logged to stderr, at least.",
)
@click.option(
    "--print-grafana",
    "printed",
    flag_value=GRAFANA,
    help="Watch nothing: print a dashboard for Grafana over the monitor's metrics.",
)
@click.option(
    "--print-alert-rules",
    "printed",
    flag_value=PROMETHEUS,
    help="Watch nothing: print alert rules for Prometheus over the monitor's metrics.",
)
@click.option(
    "--new-token",
    metavar="NAME",
    help="Watch nothing: print a new token, and the lines for the settings file that let it in.",
)
@format_option
def monitor(
    sources: tuple[str, ...],
    config: Path | None,
    opens: bool,
    in_terminal: bool,
    level: str,
    printed: str | None,
    new_token: str | None,
    output: str,
    **options: Any,
) -> None:
    """Watch task hubs in a browser: what runs, why it waits, what it takes; act on it if allowed.

    SOURCE is a hub, or a store of which all hubs are watched: azurite:, env:VARIABLE, storage:ACCOUNT,
    sqlite:FILE, each also with /NAME; dts:ENDPOINT/NAME; a bundle. Several are watched together.
    Without one it is the storage of the 'durahub up' that runs here, or Azurite's.

    Watching never changes a hub and keeps to its budget of storage requests. The page is for this
    machine alone, read-only, until told otherwise.

    \b
    Examples:
      durahub monitor --open                                what runs on this machine
      durahub monitor storage:contoso storage:fabrikam      two accounts, by Entra ID
      durahub monitor sqlite:hub.db --allow-actions         and act on it
      durahub monitor storage:contoso --tui                 in this terminal
      durahub monitor --config durahub.toml --host 0.0.0.0  for others, who log in

    Exit status: 0 stopped by Ctrl-C, 2 wrong settings or sources, 4 the port is in use.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    if printed is not None:
        click.echo(ready_made(printed), nl=False)
        return
    if new_token is not None:
        _print_token(new_token, output)
        return
    if not in_terminal:
        _log(level)
    file = (str(config), read_text(config)) if config is not None else None
    settings = settings_of({**options, "sources": sources}, os.environ, file)
    if in_terminal:
        from durahub_migrate.cli.monitor_in_terminal import watch_in_terminal  # of an extra

        sources = settings.sources or (str(store_here()),)
        run(watch_in_terminal(settings, sources, level))
        return
    run(_watch(settings, output, opens))


async def _watch(settings: MonitorSettings, output: str, opens: bool) -> None:
    settings.logins("").check_listening(settings.host)
    sources = settings.sources or (str(store_here()),)
    folder = data_folder(Path(settings.data) if settings.data is not None else None)
    async with contextlib.AsyncExitStack() as stack:
        stop = stack.enter_context(stop_signal())
        listener = bind(settings.host, settings.port, "--port")
        stack.callback(listener.close)
        app = await stack.enter_async_context(
            assembled(
                settings,
                lambda told, actor: open_monitor(sources, told, open_actor=actor),
                folder,
            )
        )
        server = HttpServer(app, listener)
        url = settings.public_url or _url(settings.host, listener)
        serving = asyncio.create_task(server.run_until_stopped(), name="http")
        stack.push_async_callback(_stopped, server, serving)
        _announce(url, sources, settings, output)
        if opens:
            webbrowser.open(url)
        await stop.wait()
        say("stopping …")
        app.state.web.close()


async def _stopped(server: HttpServer, serving: "asyncio.Task[None]") -> None:
    server.stop()
    await serving


def _announce(url: str, sources: tuple[str, ...], settings: MonitorSettings, output: str) -> None:
    if output == "json":
        print_json({"event": "ready", "url": url, "sources": list(sources)})
        return
    acting = "actions are allowed" if settings.allows_actions else "read-only"
    click.echo(f"Monitor of {', '.join(sources)} at {url} ({acting}). Stop: Ctrl-C")


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}/"
    if address.is_loopback or address.is_unspecified:
        return f"http://localhost:{port}/"
    return f"http://[{host}]:{port}/" if address.version == 6 else f"http://{host}:{port}/"


def _log(level: str) -> None:
    log.configure(verbose=False, level=level)


def _print_token(name: str, output: str) -> None:
    if not name.strip() or not name.isprintable() or '"' in name or "\\" in name:
        raise BadSetting("new-token", name, "a name without quotes")
    token = new_token()
    if output == "json":
        print_json({"name": name, "token": token, "sha256": digest_of(token)})
        return
    click.echo(token)
    say("Nobody can tell the token from these lines; keep it where its user finds it:\n")
    say(f'[[monitor.login.tokens]]\nname = "{name}"\nsha256 = "{digest_of(token)}"\n')
    say(f'[[monitor.grants]]\ntokens = ["{name}"]\nallows = ["read"]')
