"""A history as spans in lanes, with the idle stretches to fold. Work grows with the events, n log n."""

from dataclasses import replace

from durahub.model.history import (
    ExecutionCompleted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TimerFired,
)
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.histories import Group, Timeline
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.grouping import TURNS, groups_of
from durahub_migrate.monitor.telling.idle import idle_stretches
from durahub_migrate.monitor.telling.lanes import lanes_of
from durahub_migrate.monitor.telling.meanings import Meanings
from durahub_migrate.monitor.telling.outcomes import COMPLETED, FIRED
from durahub_migrate.monitor.telling.redaction import Redact, nothing

MOST = 2_000
"""Groups that a timeline shows."""

_WORK = frozenset({"activity", "child", "entity-call"})
_ALWAYS = frozenset({"start", "end", "suspension", "rewind"})


def timeline_of(
    history: LiveHistory,
    *,
    now: Ticks | None = None,
    most: int = MOST,
    meanings: Meanings | None = None,
    redact: Redact = nothing,
    groups: tuple[Group, ...] | None = None,
) -> Timeline:
    """Return the timeline of a history. One that goes on reaches to *now*, else to its last event.

    Of more than *most* groups those are kept that have not ended well, then the first ones. The turns are
    in none. *groups* are those of the whole history, where the caller has them already.
    """
    if groups is None:
        groups = groups_of(history, meanings, redact=redact)
    shown = [one for one in groups if one.name != TURNS or one.kind != "other"]
    moments = [
        event.timestamp for event in history.events if not isinstance(event, TimerFired)
    ]  # that one's time is when it was set
    if not moments:
        return Timeline(start=None, until=None, open=True, groups=(), idle=(), lanes=0)
    is_open = not any(isinstance(event, ExecutionCompleted) for event in history.events)
    last = max(moments)
    until = max(last, now) if is_open and now is not None else last
    spans = {one.events[0]: _span(one, until) for one in shown}
    start = min(moments)
    work = [spans[one.events[0]] for one in shown if one.kind in _WORK]
    marks = [
        event.timestamp
        for event in history.events
        if not isinstance(event, TimerFired | OrchestratorStarted | OrchestratorCompleted)
    ]
    kept = _kept(shown, most)
    kept.sort(key=lambda one: (spans[one.events[0]][0], one.events[0]))
    lanes = lanes_of(spans[one.events[0]] for one in kept)
    return Timeline(
        start=start,
        until=until,
        open=is_open,
        groups=tuple(replace(one, lane=lane) for one, lane in zip(kept, lanes, strict=True)),
        idle=idle_stretches(work, marks, start, until),
        lanes=max(lanes, default=-1) + 1,
        truncated=len(shown) - len(kept),
    )


def _span(group: Group, until: Ticks) -> tuple[Ticks, Ticks]:
    """Return from when to when a group lasts: at least no time, though a worker's clock be behind."""
    start = group.start if group.start is not None else until
    return start, max(start, until if group.end is None else group.end)


def _kept(groups: list[Group], most: int) -> list[Group]:
    if len(groups) <= most:
        return groups
    urgent = [one for one in groups if _is_urgent(one)][:most]
    others = [one for one in groups if not _is_urgent(one)][: most - len(urgent)]
    return urgent + others


def _is_urgent(group: Group) -> bool:
    return group.kind in _ALWAYS or group.outcome not in (COMPLETED, FIRED)
