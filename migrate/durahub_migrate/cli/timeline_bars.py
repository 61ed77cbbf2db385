"""A timeline as bars of characters; stretches in which nothing happened take a few columns each."""

from collections.abc import Sequence
from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.cli.history_printing import lasted
from durahub_migrate.monitor.histories import Group, Idle, Timeline

IDLE_WIDTH = 3
_MARKS = {"completed": "█", "failed": "▓", "open": "▒", "canceled": "░", "fired": "█"}
LEAST = 10  # columns of bars


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a moment stands: *width* columns from *start* to *until*, idle stretches folded."""

    start: Ticks
    until: Ticks
    width: int
    idle: tuple[Idle, ...] = ()

    def column(self, moment: Ticks) -> int:
        """Return the column of a moment, 0 to *width*."""
        moment = Ticks(min(max(moment, self.start), self.until))
        folds = self.idle if len(self.idle) * IDLE_WIDTH <= self.width // 2 else ()
        busy = self.until - self.start - sum(one.end - one.start for one in folds)
        room = self.width - len(folds) * IDLE_WIDTH
        columns, before = 0.0, moment - self.start
        for one in folds:
            if moment <= one.start:
                break
            inside = min(moment, one.end) - one.start
            before -= inside
            columns += IDLE_WIDTH * inside / max(1, one.end - one.start)
        return min(self.width, round(columns + room * before / max(1, busy)))


def bars(timeline: Timeline, width: int) -> list[str]:
    """Return a line for each group: what it is, its bar, its outcome and how long it took."""
    if timeline.start is None or timeline.until is None:
        return []
    labels = [_label(one) for one in timeline.groups]
    wide = min(max(map(len, labels), default=0), max(12, width // 3))
    ends = [_end(one) for one in timeline.groups]
    room = max(LEAST, width - wide - max(map(len, ends), default=0) - 4)
    scale = Scale(timeline.start, timeline.until, room, timeline.idle)
    lines = [
        f"{label[:wide]:<{wide}} │{_bar(one, scale)}│ {end}".rstrip()
        for label, one, end in zip(labels, timeline.groups, ends, strict=True)
    ]
    lines += [
        f"nothing happened for {lasted(one.start, one.end)}" for one in _longest(timeline.idle)
    ]
    if timeline.truncated:
        lines.append(f"and {timeline.truncated:,} more")
    return lines


def _label(group: Group) -> str:
    name = group.name or group.instance_id
    return f"{group.kind} {name}" if name else group.kind


def _end(group: Group) -> str:
    tries = f" {len(group.attempts)} tries" if len(group.attempts) > 1 else ""
    return f"{group.outcome} {lasted(group.start, group.end)}".rstrip() + tries


def _bar(group: Group, scale: Scale) -> str:
    if group.start is None:
        return " " * scale.width
    first = min(scale.column(group.start), scale.width - 1)
    last = max(first + 1, scale.column(group.end if group.end is not None else scale.until))
    return (" " * first + _MARKS.get(group.outcome, "█") * (last - first)).ljust(scale.width)


def _longest(idle: Sequence[Idle], most: int = 3) -> list[Idle]:
    longest = sorted(idle, key=lambda one: one.start - one.end)[:most]
    return sorted(longest, key=lambda one: one.start)
