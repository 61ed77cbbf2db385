"""What a soak comes to: pure functions of its samples and counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WARM_UP = 1 / 3
"""The share of the run in which caches fill; memory is judged behind it."""

JUDGED_FROM = 300.0  # seconds behind the warm-up: a slope of less is noise
MOST_GROWTH = 48.0  # MiB an hour
LEAST_GROWTH = 4.0  # MiB that memory must have grown at all, whatever an hour would come to


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The server at one moment; *at* in seconds since the start, *memory* (RSS) in MiB, *age* in seconds."""

    at: float
    memory: float
    files: int
    tasks: int
    messages: int
    sessions: int
    histories: int
    open_items: int
    slots: int  # places that workers have in use
    calls: int
    age: float
    ended: int


@dataclass(slots=True)
class Counts:
    """What became of the instances."""

    started: int = 0
    ended: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)  # by status; what was repeated counts, too
    delayed: int = 0  # starts that came late, as too many instances were on their way


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The figures of a run, flat, and what is broken; nothing if it is well."""

    figures: Mapping[str, float | int | str]
    broken: tuple[str, ...]


def growth(samples: Sequence[Sample]) -> float:
    """Return by how many MiB an hour memory grows: the least squares' line through *samples*."""
    number = len(samples)
    if number < 2:
        return 0.0
    middle = sum(one.at for one in samples) / number
    mean = sum(one.memory for one in samples) / number
    spread = sum((one.at - middle) ** 2 for one in samples)
    if not spread:
        return 0.0
    return 3600 * sum((one.at - middle) * (one.memory - mean) for one in samples) / spread


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples behind the warm-up."""
    begin = samples[-1].at * WARM_UP if samples else 0.0
    return [one for one in samples if one.at >= begin]


def judge(
    counts: Counts,
    load: Sequence[Sample],
    idle_before: Sample,
    idle_after: Sample,
    *,
    most_growth: float = MOST_GROWTH,
) -> Verdict:
    """Return the verdict on a run: *load* are samples of a server at work, the others of one at rest.

    Memory is judged where it was watched for five minutes behind the warm-up at least.
    """
    settled = warm(load)
    watched = settled[-1].at - settled[0].at if settled else 0.0
    slope, is_judged = growth(settled), watched >= JUDGED_FROM
    grown = slope * watched / 3600
    broken = [f"wrong: {one}" for one in counts.wrong[:10]]
    broken += [f"lost: {one}" for one in counts.lost[:10]]
    broken += _left(idle_before, idle_after)
    if is_judged and slope > most_growth and grown > LEAST_GROWTH:
        broken.append(
            f"memory grows by {slope:.1f} MiB an hour, more than {most_growth:g}: by the least squares' "
            f"line through {len(settled)} samples of {watched:.0f} s"
        )
    seconds = load[-1].at if load else 0.0
    figures: dict[str, float | int | str] = {
        "minutes soaked": round(seconds / 60, 1),
        "orchestrations run": counts.ended,
        "orchestrations a second": round(counts.ended / seconds, 2) if seconds else 0.0,
        "lost": len(counts.lost),
        "wrong": len(counts.wrong),
        "errors": sum(counts.errors.values()),
        **{f"errors {status}": number for status, number in sorted(counts.errors.items())},
        "starts delayed": counts.delayed,
        "memory growth, MiB/hour": round(slope, 2) if is_judged else "not judged: too short",
        "memory at the end, MiB": round(load[-1].memory, 1) if load else 0.0,
        "memory, most, MiB": round(max((one.memory for one in load), default=0.0), 1),
        "queue age, most, s": round(max((one.age for one in load), default=0.0), 1),
        "messages in memory, most": max((one.messages for one in load), default=0),
        "sessions, most": max((one.sessions for one in load), default=0),
        "event loop tasks, most": max((one.tasks for one in load), default=0),
        "open files, most": max((one.files for one in load), default=0),
        "sessions left": idle_after.sessions,
        "messages left": idle_after.messages,
        "work items left": idle_after.open_items,
        "event loop tasks left": idle_after.tasks - idle_before.tasks,
        "open files left": idle_after.files - idle_before.files,
    }
    return Verdict(figures=figures, broken=tuple(broken))


def _left(before: Sample, after: Sample) -> list[str]:
    """Return what a server at rest still holds that it should not."""
    found = []
    for what in ("sessions", "messages", "open_items", "slots", "calls"):
        number = getattr(after, what)
        if number:
            found.append(f"left when all was done: {number} {what.replace('_', ' ')}")
    more_tasks, more_files = after.tasks - before.tasks, after.files - before.files
    if more_tasks > SLACK:
        found.append(f"left when all was done: {more_tasks} more tasks than before")
    if more_files > SLACK:
        found.append(f"left when all was done: {more_files} more open files than before")
    return found


SLACK = 12
"""Tasks and files that come and go with a server at rest: its own rounds, connections that stay open."""
