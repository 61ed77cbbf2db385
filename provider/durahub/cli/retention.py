"""``durahub retention``: what a hub's retention would purge, and purging it now."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from durahub.cli.opening import LOOKING, hub_address, open_clients, run
from durahub.cli.output import format_option, print_json, print_rows, say
from durahub.cli.purging import open_purgeable
from durahub.cli.server_options import NONE, reader
from durahub.cli.text_file import read_text
from durahub.configuration.keys import BY_HUB_PATH, DEFAULTS
from durahub.configuration.retention_policy import read_policy
from durahub.configuration.settings import layered, settings_of
from durahub.configuration.settings_file import read_settings
from durahub.dispatch.autopurge import Due, Pace, plan, purge_due
from durahub.dispatch.clock import system_clock
from durahub.engine.retention import Retention
from durahub.errors import BadSetting
from durahub.model.ticks import to_text

PERIODS = {path: key for path, key in BY_HUB_PATH.items() if path.startswith("retention.")}
TELL_EVERY = 100  # instances purged


def retention_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* the hub and where its retention is told."""
    for path, key in reversed(PERIODS.items()):
        name = path.removeprefix("retention.")
        command = click.option(f"--{name}", f"period_{name}", type=reader(key), help=f"{key.help}")(
            command
        )
    for option in (
        click.option(
            "--requests-per-second",
            type=click.FloatRange(0.1, 10_000),
            default=50,
            show_default=True,
            help="Storage requests to make, about.",
        ),
        click.option(
            "--policy",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Retention policy as Azure Resource Manager has it (JSON).",
        ),
        click.option(
            "--config",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="DURAHUB_CONFIG",
            help="Settings file (TOML) in which the hub's retention is.",
        ),
        click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB"),
    ):
        command = option(command)
    return format_option(command)


@click.group()
def retention() -> None:
    """Ask what retention would purge; purge it now.

    The server purges by itself what its settings say; these commands need no server. What is kept in a
    SQLite file that the server of this machine has open is purged through that server. The retention comes
    from --config, from --policy or from the options, e.g. --completed 30d.
    """


@retention.command("plan")
@retention_options
def plan_(
    address: str | None,
    config: Path | None,
    policy: Path | None,
    requests_per_second: float,
    output: str,
    **periods: Any,
) -> None:
    """Tell what would be purged of a hub now: how many instances, by status, and the oldest.

    Nothing is changed. HUB is an address, as for 'durahub hub'.

    \b
    Examples:
      durahub retention plan orders --completed 30d --failed 90d
      durahub retention plan storage:ACCOUNT/orders --config durahub.toml --format json
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    hub = hub_address(address)
    kept = _retention(hub.hub, config, policy, periods)

    async def planning() -> Due:
        async with open_clients(hub, LOOKING) as clients:
            return await plan(clients, kept, system_clock(), _pace(requests_per_second))

    _print(run(planning()), output)


@retention.command("apply")
@retention_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply_(
    address: str | None,
    config: Path | None,
    policy: Path | None,
    requests_per_second: float,
    output: str,
    yes: bool,
    **periods: Any,
) -> None:
    """Purge of a hub, once and now, what its retention has ended for; asks first.

    Each instance is looked at again before it goes. HUB is an address, as for 'durahub hub'.
    """
    hub = hub_address(address)
    kept = _retention(hub.hub, config, policy, periods)
    if not yes:
        click.confirm(f"Purge what is due in {hub}?", abort=True, err=True)

    async def applying() -> Due:
        done = Due()

        def count(instance: Any) -> None:
            done.add(instance)
            if done.total % TELL_EVERY == 0:
                say(f"{done.total} instances purged …")

        async with open_purgeable(hub) as purgeable:
            await purge_due(purgeable, kept, system_clock, _pace(requests_per_second), count)
        return done

    _print(run(applying()), output)


@retention.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Check a retention policy (JSON, as Azure Resource Manager has it) or a settings file (TOML).

    Exit status: 0 if it can be read, 2 if not, with the place of what is wrong.
    """
    text = read_text(file)
    if file.suffix == ".toml":
        settings_of(read_settings(text, str(file)))
    else:
        read_policy(text, str(file))
    say(f"{file} is right")


def _pace(requests_per_second: float) -> Pace:
    return Pace(requests_per_second, time.monotonic, asyncio.sleep)


def _retention(
    hub: str, config: Path | None, policy: Path | None, periods: dict[str, Any]
) -> Retention:
    """Return the one retention that was told. Raises `BadSetting` where none or several were."""
    given = {
        f"{DEFAULTS}retention.{name.removeprefix('period_')}": None if value is NONE else value
        for name, value in periods.items()
        if value is not None
    }
    told = [source for source in (config, policy, given) if source]
    if len(told) != 1:
        raise BadSetting(
            "the retention",
            "nothing" if not told else "several",
            "one of --config, --policy, or options such as --completed 30d",
        )
    if policy is not None:
        return read_policy(read_text(policy), str(policy))
    flat = read_settings(read_text(config), str(config)) if config is not None else {}
    return settings_of(layered(flat, given)).of(hub).retention


def _print(due: Due, output: str) -> None:
    rows = [
        (status.name, due.counts[status], to_text(due.oldest[status]))
        for status in sorted(due.counts)
    ]
    if output == "json":
        by_status = {name: {"count": count, "oldest": oldest} for name, count, oldest in rows}
        print_json({"instances": due.total, "byStatus": by_status})
        return
    print_rows(("status", "instances", "oldest ended"), rows)
    say(f"{due.total} instances in all")
