"""Histories for a terminal: an event a line, or what belongs together in one."""

from collections.abc import Sequence

import click

from durahub.cli.event_view import event_line, event_view
from durahub.cli.output import print_json, print_rows, say
from durahub.model.ticks import Ticks, seconds_between, to_text
from durahub_migrate.monitor.histories import Group
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.grouping import groups_of

SHORT = 60


def print_history(history: LiveHistory, output: str, *, grouped: bool, text: int = SHORT) -> None:
    """Print a history; *text* is how many characters of a payload or failure are shown."""
    if output == "json":
        for one in groups_of(history) if grouped else ():
            print_json(to_json(one))
        for event in () if grouped else history.events:
            print_json(event_view(event))
    elif grouped:
        print_groups(groups_of(history), text)
    else:
        print_rows(
            ("row", "time", "event", "id", ""),
            [(row, *event_line(event, text)) for row, event in enumerate(history.events)],
        )
    for problem in history.problems:
        say(f"warning: {problem}")
    if history.total is not None and history.total > len(history.events):
        say(
            f"the first {len(history.events):,} of {history.total:,} events; all with --format json"
        )


def print_groups(groups: Sequence[Group], text: int = SHORT) -> None:
    """Print what belongs together in a line each: an activity with all of its tries is one."""
    print_rows(
        ("start", "what", "name", "outcome", "took", "tries", ""),
        [
            (
                to_text(one.start) if one.start is not None else "",
                one.kind,
                one.name or one.instance_id or "",
                one.outcome,
                lasted(one.start, one.end),
                len(one.attempts) if len(one.attempts) > 1 else "",
                _about(one, text),
            )
            for one in groups
        ],
    )


def _about(group: Group, text: int) -> str:
    if group.failure:
        return group.failure if len(group.failure) <= text else f"{group.failure[:text]}…"
    if group.due is not None and group.end is None:
        return f"until {to_text(group.due)}"
    return group.instance_id or "" if group.name else ""


def lasted(start: Ticks | None, end: Ticks | None) -> str:
    """Return a length of time as people read it: ``1.5s``, ``3m 20s``, ``2d 4h``."""
    if start is None or end is None:
        return ""
    return length(seconds_between(start, end))


def length(seconds: float) -> str:
    """Return a number of seconds as people read it."""
    if seconds < 60:
        return f"{seconds:.3g}s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if minutes < 60:
        return f"{minutes}m {int(seconds % 60)}s"
    if hours < 24:
        return f"{hours}h {minutes % 60}m"
    return f"{days}d {hours % 24}h"


def echo_lines(lines: Sequence[str]) -> None:
    """Print lines as they are."""
    for line in lines:
        click.echo(line)
