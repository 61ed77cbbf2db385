"""An instance in text: why it waits, its spans as bars, its family as an indented list."""

from collections.abc import Iterator

from rich.text import Text

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.histories import FamilyNode, Group, Timeline
from durahub_migrate.monitor.waiting import Evidence, Explanation, Pending, Weight
from durahub_migrate.tui import wording
from durahub_migrate.tui.plain import line, visible

_WEIGHTS = {Weight.FACT: "•", Weight.LIKELY: "≈", Weight.NOT_READ: "?"}
_BARS = {"failed": "▓", "open": "░", "canceled": "·"}
_NAMES = 22  # cells of a timeline that the names of spans have


def why(found: Explanation, now: Ticks) -> Text:
    """Return an explanation: the sentence, what it goes by, what is open, what to do."""
    told = Text()
    mark, style = ("! STUCK ", "bold red") if found.is_stuck else ("", "bold")
    told.append(mark + visible(found.sentence), style=style)
    told.append(f"  [{found.reason.value}]", style="dim")
    for one in found.evidence:
        told.append("\n").append_text(_evidence(one, now))
    for open_ in found.pending:
        told.append("\n").append_text(_pending(open_, now))
    for link in found.chain:
        told.append(f"\n↳ {visible(link.instance_id)}: {visible(link.sentence)}")
    for step in found.next_steps:
        told.append(f"\n→ {visible(step.sentence)}", style="cyan")
        if step.command:
            told.append(f"  $ {visible(step.command)}", style="dim")
    return told


def _evidence(one: Evidence, now: Ticks) -> Text:
    told = Text(f"{_WEIGHTS[one.weight]} {visible(one.sentence)}")
    where = [visible(one.place)] if one.place else []
    if one.since is not None:
        where.append(f"{wording.age(one.since, now)} ago")
    if where:
        told.append(f" ({', '.join(where)})", style="dim")
    return told


def _pending(one: Pending, now: Ticks) -> Text:
    told = Text(f"… waits for {one.what}", style="yellow")
    if one.name:
        told.append(f" {visible(one.name)}")
    if one.instance_id and one.instance_id != one.name:
        told.append(f" {visible(one.instance_id)}")
    if one.due is not None:
        told.append(f", until {wording.time(one.due)}")
    elif one.since is not None:
        told.append(f", for {wording.age(one.since, now)}")
    if one.attempt > 1:
        told.append(f", try {one.attempt}")
    if one.message not in ("none", "unknown"):
        told.append(f", message {visible(one.message)}")
    if one.last_failure:
        told.append(f", before: {visible(one.last_failure[:200])}", style="red")
    return told


def bars(timeline: Timeline, width: int) -> Text:
    """Return a timeline as bars: a line a span, its place in time as wide as the terminal lets it be."""
    start, until = timeline.start, timeline.until
    if start is None or until is None:
        return Text("Nothing has happened yet.")
    room = max(10, width - _NAMES - 24)
    told = Text(f"{wording.time(start)} to {wording.time(until)}")
    told.append(f" ({wording.lasting(seconds_between(start, until))})")
    told.append(" and it goes on" if timeline.open else "")
    told.append("   █ done  ▓ failed  ░ open  · canceled", style="dim")
    for group in timeline.groups:
        told.append("\n").append_text(_bar(group, start, until, room))
    for idle in timeline.idle:
        length = wording.lasting(seconds_between(idle.start, idle.end))
        told.append(f"\nidle for {length} from {wording.time(idle.start)}", style="dim")
    if timeline.truncated:
        told.append(f"\n{timeline.truncated:,} more spans are not shown", style="yellow")
    return told


def _bar(group: Group, start: Ticks, until: Ticks, room: int) -> Text:
    whole = max(1, until - start)
    begins = group.start if group.start is not None else start
    ends = group.end if group.end is not None else until
    first = min(room - 1, max(0, (begins - start) * room // whole))
    last = min(room - 1, max(first, (ends - start) * room // whole))
    told = line(group.name or group.kind, _NAMES)
    told.pad_right(_NAMES + 1 - told.cell_len)
    told.append(" " * first + _BARS.get(group.outcome, "█") * (last - first + 1))
    told.append(" " * (room - last) + wording.lasting(seconds_between(begins, ends)).rjust(5) + " ")
    told.append_text(wording.outcome(group.outcome))
    if len(group.attempts) > 1:
        told.append(f" ×{len(group.attempts)}")
    return told


def family(node: FamilyNode, depth: int = 0) -> Iterator[tuple[Text, FamilyNode]]:
    """Yield the members of a family with their lines, parents before their children."""
    told = Text("  " * min(depth, 20), no_wrap=True, end="")
    told.append("◆ " if node.relation == "self" else "↳ " if depth else "")
    told.append_text(line(node.instance_id, 60))
    if node.begun_anew:
        told.append(" (begun anew)", style="dim")
    yield told, node
    for child in node.children:
        yield from family(child, depth + 1)
    if node.more:
        more = Text("  " * min(depth + 1, 20) + f"… {node.more:,} more", style="dim", end="")
        yield more, node
