"""How numbers and words of an assessment are shown, in every form that people read."""

import re

from durahub_migrate.assessment.assessment import (
    Figure,
    Light,
    Mark,
    NameReport,
    OpenWork,
    WorkPackage,
)

NOT_KNOWN = "not known"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
SYMBOLS = {
    Mark.PREFERRED: "✔",
    Mark.POSSIBLE: "○",
    Mark.IMPOSSIBLE: "✗",
    Mark.UNNEEDED: "–",
}
LIGHTS = {
    Light.BLOCKED: ("■", "Blocked"),
    Light.UNKNOWN: ("?", "Not known"),
    Light.CHANGES: ("▲", "Ready with changes"),
    Light.READY: ("✔", "Ready"),
}


def number(value: float | None) -> str:
    """Return a number with separators: whole ones whole, small ones with what counts."""
    if value is None:
        return NOT_KNOWN
    if float(value).is_integer() or abs(value) >= 100:
        return f"{round(value):,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.2g}"


def size(value: int | None) -> str:
    """Return bytes in the unit that fits: ``1.2 MiB``."""
    if value is None:
        return NOT_KNOWN
    amount, units = float(value), list(_UNITS)
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{value} B" if value < 1024 else f"{amount:,.1f} {units[0]}"


def figure(one: Figure) -> str:
    """Return a figure with its unit. Money always has its cents."""
    if one.value is None:
        return f"{NOT_KNOWN}: {one.unit}" if one.unit == "no price given" else NOT_KNOWN
    is_money = one.title.endswith(", a month") and one.unit not in ("requests", "actions")
    if is_money:
        return f"{one.value:,.2f} {one.unit}"
    unit = unit_of(one.unit, 1) if one.value == 1 and one.unit == "units" else one.unit
    return f"{number(one.value)} {unit}"


_HIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, what turns the direction of a text round, halves of pairs."""


def visible(text: str) -> str:
    r"""Return *text* with an escape for each character that would not be seen as it is: ``\x1b``."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def name(text: str) -> str:
    """Return a name, or that there is none."""
    return text or "(no name)"


def statuses(one: NameReport) -> str:
    """Return how many instances have which status."""
    return ", ".join(f"{amount:,} {status}" for status, amount in one.statuses) or "none"


def open_work(work: OpenWork) -> str:
    """Return what is open, in words."""
    parts = (
        (work.activities, "activity", "activities"),
        (work.timers, "timer", "timers"),
        (work.events, "event", "events"),
        (work.children, "sub-orchestration", "sub-orchestrations"),
        (work.calls, "entity call", "entity calls"),
        (work.operations, "queued operation", "queued operations"),
    )
    found = [f"{amount:,} {one if amount == 1 else many}" for amount, one, many in parts if amount]
    return ", ".join(found) or "–"


def unit_of(plural: str, amount: int | None) -> str:
    """Return a unit of the decision table for *amount*: ``1 entity``, ``2 entities``."""
    if amount != 1:
        return plural
    return f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")


def day(moment: str | None) -> str:
    """Return the day of a moment."""
    return moment[:10] if moment is not None else NOT_KNOWN


def about(work: WorkPackage, most: int = 6) -> str:
    """Return whose a piece of work is, the first *most* of them."""
    shown = ", ".join(map(name, work.about[:most]))
    return f"{shown} and {len(work.about) - most:,} more" if len(work.about) > most else shown
