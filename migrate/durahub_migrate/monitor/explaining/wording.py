"""How sentences call times, durations, things; and commands as they are typed."""

import shlex

from durahub.model.ticks import Ticks, seconds_between, to_datetime
from durahub.secret_texts import hidden

FAILURE_HEAD = 200  # characters of a failure that are told
_STEPS = ((86_400, "day", "days"), (3_600, "h", "h"), (60, "min", "min"), (1, "s", "s"))


def span(seconds: float) -> str:
    """Return a duration in its two largest units, ``3 h 5 min``; below a second it is ``0 s``."""
    rest = max(0, int(seconds))
    for place, (size, one, many) in enumerate(_STEPS):
        if rest >= size or size == 1:
            count, rest = divmod(rest, size)
            text = f"{count} {one if count == 1 else many}"
            if place < 2 and place + 1 < len(_STEPS) and count < 10:
                smaller, unit, units = _STEPS[place + 1]
                further = rest // smaller
                text += f" {further} {unit if further == 1 else units}" if further else ""
            return text
    return "0 s"


def age(since: Ticks | None, now: Ticks) -> str:
    """Return how long ago *since* was: ``41 min``; ``an unknown time`` where nobody knows."""
    return "an unknown time" if since is None else span(seconds_between(since, now))


def clock(moment: Ticks) -> str:
    """Return a moment to the second: ``2026-11-20 10:15:03 UTC``."""
    return to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S UTC")


def until(moment: Ticks, now: Ticks) -> str:
    """Return ``2026-11-20 10:15:03 UTC (in 3 h)``."""
    return f"{clock(moment)} (in {span(seconds_between(now, moment))})"


def quoted(name: str | None) -> str:
    """Return a name in quotes, on one line and at most 100 characters of it."""
    text = " ".join((name or "?").split()) or "?"
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return f"'{text if len(text) <= 100 else text[:99] + '…'}'"


def head(text: str | None) -> str | None:
    """Return the beginning of a failure's or reason's first line, secrets taken out."""
    lines = (text or "").strip().splitlines()
    if not lines:
        return None
    told = "".join(c if c.isprintable() else " " for c in hidden(lines[0].strip()))
    return told if len(told) <= FAILURE_HEAD else told[: FAILURE_HEAD - 1] + "…"


def continued(sentence: str) -> str:
    """Return a sentence as it goes on behind a colon: ``Waiting 9 s`` as ``waiting 9 s``."""
    return sentence[:1].lower() + sentence[1:]


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return ``1 message``, ``3 messages``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: list[str] | tuple[str, ...], most: int = 5) -> str:
    """Return names in quotes, the first of many."""
    shown = ", ".join(map(quoted, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def instance_command(command: str, instance_id: str, address: str, *others: str) -> str:
    """Return ``durahub instance COMMAND ID … --hub ADDRESS`` as a shell takes it."""
    words = ["durahub", "instance", command, "--hub", address]
    words += ["--"] if instance_id.startswith("-") else []
    return shlex.join([*words, instance_id, *others])


def hub_command(command: str, address: str, *options: str) -> str:
    """Return ``durahub hub COMMAND ADDRESS …`` as a shell takes it."""
    return shlex.join(["durahub", "hub", command, address, *options])
