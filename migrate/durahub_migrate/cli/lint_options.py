"""The options of ``durahub lint`` that are settings too; they reach the command as ``asked``, by path."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from durahub_migrate.cli.lint_settings import codes_of, read_id_map, setting_of, severities_of
from durahub_migrate.lint.selection import PROFILES
from durahub_migrate.lint.settings.keys import ID_MAP
from durahub_migrate.lint.settings.kinds import FAIL_ON, SDKS, SKUS, STRATEGIES

Command = TypeVar("Command", bound=Callable[..., Any])

_CODES: dict[str, Any] = {"multiple": True, "metavar": "CODES"}
_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar="DURAHUB_CONFIG",
        help="Settings file. [default: the next durahub.toml upwards, or a pyproject.toml with "
        "[tool.durahub.lint]]",
    ),
    click.option(
        "--profile",
        type=click.Choice(list(PROFILES)),
        help="Set of rules: "
        + "; ".join(f"{name}: {what}" for name, what in PROFILES.items())
        + ". "
        "[default: migrate]",
    ),
    click.option(
        "--select", help="Only these rules, instead of the profile's: IDN, PAY401, ALL.", **_CODES
    ),
    click.option("--extend-select", help="These rules, too.", **_CODES),
    click.option("--ignore", help="Not these rules.", **_CODES),
    click.option(
        "--baseline-date",
        metavar="YYYY-MM",
        help="Only rules that there were in that month, so that an update of durahub finds nothing new.",
    ),
    click.option(
        "--severity", multiple=True, metavar="CODE=LEVEL", help="Another severity: IDN503=error."
    ),
    click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON),
        help="What gives exit status 1: a finding as bad as this. [default: error]",
    ),
    click.option(
        "--baseline",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="File of known findings: they do not count.",
    ),
    click.option("--target-sdk", type=click.Choice(SDKS), help="The SDK of the app after a move."),
    click.option("--target-sku", type=click.Choice(SKUS), help="The SKU of the scheduler."),
    click.option(
        "--target-capacity", type=click.IntRange(min=1), help="Its capacity units, if dedicated."
    ),
    click.option(
        "--strategy",
        type=click.Choice(STRATEGIES),
        help="How instances are to be moved: a into a store of durahub; b1 started again; b2 replayed; "
        "b3 by rewinding; b4 as a backend; c drained; d archived.",
    ),
    click.option(
        "--offload/--no-offload",
        default=None,
        help="Whether the app keeps large payloads in blobs after a move.",
    ),
    click.option(
        "--id-map",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="JSON object that maps instance IDs to new ones.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="SETTING=VALUE",
        help="Any other setting: thresholds.id-most=80.",
    ),
)
_PATHS = {
    "profile": "profile",
    "baseline_date": "baseline-date",
    "fail_on": "fail-on",
    "baseline": "baseline",
    "target_sdk": "target.sdk",
    "target_sku": "target.sku",
    "target_capacity": "target.capacity",
    "strategy": "target.strategy",
    "offload": "target.offload",
}
_LISTS = {"select": "select", "extend_select": "extend-select", "ignore": "ignore"}


def settings_options(command: Command) -> Command:
    """Give *command* these options; it gets them as ``asked``, and ``config``."""

    @functools.wraps(command)
    def with_asked(*args: Any, **options: Any) -> Any:
        asked: dict[str, Any] = dict(setting_of(text) for text in options.pop("settings"))
        for name, path in _PATHS.items():
            value = options.pop(name)
            if value is not None:
                asked[path] = value
        for name, path in _LISTS.items():
            words = codes_of(options.pop(name))
            if words:
                asked[path] = words
        severities = severities_of(options.pop("severity"))
        if severities:
            asked["severity"] = severities
        id_map = options.pop("id_map")
        if id_map is not None:
            asked[ID_MAP] = read_id_map(id_map)
        return command(*args, asked=asked, **options)

    decorated: Any = with_asked
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
