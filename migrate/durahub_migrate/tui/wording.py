"""What the monitor's values are in a terminal: a word and a sign for each state, colour only beside them."""

from collections.abc import Mapping

from rich.text import Text

from durahub.model.ticks import Ticks, seconds_between, to_datetime
from durahub_migrate.monitor.actions import Cost
from durahub_migrate.monitor.hub import BudgetStanding, Freshness, Health, HubStanding
from durahub_migrate.monitor.row import STATUSES
from durahub_migrate.tui.plain import line, visible

_SIGNS: Mapping[str, tuple[str, str]] = {
    "Pending": ("◌", "yellow"),
    "Running": ("▶", "cyan"),
    "Suspended": ("‖", "magenta"),
    "Completed": ("✓", "green"),
    "Failed": ("✗", "bold red"),
    "Terminated": ("■", "red"),
    "Canceled": ("□", "red"),
    "ContinuedAsNew": ("↻", "cyan"),
}
_HEALTH: Mapping[Health, tuple[str, str]] = {
    Health.STARTING: ("◌", "yellow"),
    Health.WATCHED: ("●", "green"),
    Health.THROTTLED: ("!", "yellow"),
    Health.DENIED: ("✗", "bold red"),
    Health.UNREACHABLE: ("✗", "bold red"),
    Health.GONE: ("†", "bold red"),
}
_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "completed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "open": ("…", "cyan"),
    "fired": ("✓", "green"),
    "canceled": ("□", "dim"),
}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def status(text: str | None) -> Text:
    """Return a status with its sign."""
    sign, style = _SIGNS.get(text or "", ("?", ""))
    return Text(f"{sign} {visible(text or 'unknown')}", style=style, no_wrap=True, end="")


def health(found: Health) -> Text:
    """Return how watching goes, with its sign."""
    sign, style = _HEALTH[found]
    return Text(f"{sign} {found.value}", style=style, no_wrap=True, end="")


def outcome(text: str) -> Text:
    """Return what became of a step, with its sign."""
    sign, style = _OUTCOMES.get(text, ("?", ""))
    return Text(f"{sign} {visible(text)}", style=style, no_wrap=True, end="")


def lasting(seconds: float) -> str:
    """Return a time in its largest unit: ``45s``, ``3m``, ``5h``, ``2d``."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(0, int(seconds))}s"


def age(moment: Ticks | None, now: Ticks) -> str:
    """Return how long ago that was, ``-`` if nobody knows."""
    return "-" if moment is None else lasting(seconds_between(moment, now))


def time(moment: Ticks | None) -> str:
    """Return a time in UTC, to the second."""
    return "-" if moment is None else f"{to_datetime(moment):%Y-%m-%d %H:%M:%S}"


def counts(found: Mapping[str, int]) -> str:
    """Return instances by status: ``Running 3, Failed 1``."""
    ordered = sorted(
        found, key=lambda one: STATUSES.index(one) if one in STATUSES else len(STATUSES)
    )
    return ", ".join(f"{visible(one)} {found[one]:,}" for one in ordered if found[one]) or "none"


def freshness(found: Freshness, now: Ticks) -> str:
    """Return how old and complete the index is."""
    if found.complete is None:
        share = "" if found.swept is None else f" {found.swept:.0%}"
        return f"first sweep{share}"
    changed = found.changed if found.changed is not None else found.complete
    return f"{age(changed, now)} old"


def budget(found: BudgetStanding) -> str:
    """Return what was spent of the budget, and of how much."""
    if found.allowed is None:
        return "no requests"
    waiting = f", {found.waiting} waiting" if found.waiting else ""
    return f"{found.spent}/{found.allowed * 60:g} requests a minute{waiting}"


def standing(found: HubStanding, now: Ticks) -> Text:
    """Return the line below the title of a hub's screens."""
    told = Text(no_wrap=True, overflow="ellipsis", end="")
    told.append_text(health(found.health))
    told.append(f" · index {freshness(found.freshness, now)}, {found.freshness.rows:,} rows")
    told.append(f" · {budget(found.budget)}")
    if found.problem:
        told.append(f" · {visible(found.problem)}", style="yellow")
    return told


def size(count: int | None) -> str:
    """Return bytes in their largest unit of 1,024."""
    if count is None:
        return "-"
    value, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def cost(found: Cost) -> Text:
    """Return what an action would do."""
    about = "" if found.exact else "about "
    parts = [
        f"{about}{number:,} {name}"
        for number, name in (
            (found.instances, "instances"),
            (found.rows, "rows"),
            (found.blobs, "blobs"),
            (found.requests, "requests"),
        )
        if number
    ]
    if found.bytes:
        parts.append(size(found.bytes))
    told = Text("It touches " + (", ".join(parts) or "nothing") + ".")
    for title, names in (("Runs again", found.reruns), ("With children", found.children)):
        if names:
            told.append(f"\n{title}: ").append_text(line(", ".join(names), 400))
    for why, number in found.skipped.items():
        told.append(f"\nSkipped {number:,}: ").append_text(line(why, 200))
    return told
