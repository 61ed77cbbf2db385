"""Two histories side by side: what both did, what one did alone, and what they did differently.

They are compared by what they did, not row by row: an activity with all its tries is one step, and its
answer belongs to it, whenever it came. Steps are aligned by kind and name. One that stands elsewhere in the
other history is still the same if the same thing caused it there: then only parallel branches took turns.
Else it is told what caused it (``after``). Turns and times are left out: no two runs agree in them.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeAlias

from durahub.model.history import (
    Event,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
)
from durahub.model.ticks import to_text
from durahub_migrate.monitor.histories import DiffLine, EventView, Group, Payload
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.aligning import aligned
from durahub_migrate.monitor.telling.event_views import EventTelling
from durahub_migrate.monitor.telling.grouping import TURNS, groups_of
from durahub_migrate.monitor.telling.meanings import meanings_of
from durahub_migrate.monitor.telling.outcomes import OPEN
from durahub_migrate.monitor.telling.payloads import Showing

_GENERATED = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OWN_FACTS = frozenset({"executionId", "trace", "parent", "entity", "columns", "clientSpanId"})
_OWN_FACTS |= {"workerNumber", "correlation", "generation", "parentExecutionId"}
"""Facts that differ between any two runs, or are told by other members."""
_NAMED_BY_CHANCE = frozenset({"suspension", "rewind", "end"})
_FROM_OUTSIDE = frozenset({"event", "suspension", "rewind"})

_Key: TypeAlias = tuple[str, str | None]
_Members: TypeAlias = dict[str, tuple[Any, Any]]
_Placed: TypeAlias = tuple[int, int, DiffLine]
"""A line with its place: by an event on the left, then by one on the right."""


def differences(
    left: LiveHistory,
    right: LiveHistory,
    *,
    times: bool = False,
    showing: Showing | None = None,
) -> tuple[DiffLine, ...]:
    """Return the steps of both in the order of *left*, what is in *right* alone behind what it follows there.

    A step is a line for its beginning and one for its end, if they are different events. With *times* its
    times are members, too. Both texts of a member that differs are as *showing* has them.
    """
    showing = showing or Showing()
    return _Comparison(_Side(left, showing), _Side(right, showing), times=times).lines()


@dataclass(eq=False, slots=True)
class _Turn:
    """The numbers of the events that arrived in a turn."""

    arrived: list[int] = field(default_factory=list)


class _Side:
    """One of the two histories."""

    def __init__(self, history: LiveHistory, showing: Showing) -> None:
        meanings = meanings_of(history.events)
        self.telling = EventTelling(history, showing, meanings)
        self.events = history.events
        self.groups: list[Group] = [
            one for one in groups_of(history, meanings, redact=showing.redact) if one.name != TURNS
        ]
        self._steps = {number: n for n, one in enumerate(self.groups) for number in one.events}
        self._turns = _turns(history.events)
        self._caused: dict[_Turn, frozenset[int]] = {}
        self._own = _own_ids(history.events)

    def keys(self) -> list[_Key]:
        """Return what the steps go by."""
        return [
            (one.kind, None if one.kind in _NAMED_BY_CHANCE else one.name) for one in self.groups
        ]

    def names(self, steps: frozenset[int]) -> str:
        """Return the names of a few steps."""
        found = (self.groups[n].name or self.groups[n].kind for n in sorted(steps)[:8])
        return ", ".join(dict.fromkeys(found))

    def caused_by(self, number: int) -> frozenset[int]:
        """Return the steps of which something arrived in the turn in which step *number* began."""
        turn = self._turns[self.groups[number].events[0]]
        if turn not in self._caused:
            found = (self._steps[event] for event in turn.arrived if event in self._steps)
            self._caused[turn] = frozenset(found)
        return self._caused[turn]

    def plain(self, view: EventView, *, times: bool) -> dict[str, Any]:
        """Return what of an event can be compared; IDs that are made of the instance's own are alike."""
        peer = view.instance_id
        if peer is not None:
            for one in self._own:
                peer = peer.replace(one, "…")
            peer = _GENERATED.sub("…", peer)
        found: dict[str, Any] = {"type": view.type, "name": view.name, "instanceId": peer}
        found |= {name: value for name, value in view.facts.items() if name not in _OWN_FACTS}
        if times:
            found["timestamp"] = to_text(view.timestamp) if view.timestamp is not None else None
            found["due"] = to_text(view.due) if view.due is not None else None
        return found


def _turns(events: Sequence[Event]) -> list[_Turn]:
    """Return for each event its turn."""
    turns: list[_Turn] = []
    turn = _Turn()
    for number, event in enumerate(events):
        if isinstance(event, OrchestratorStarted):
            turn = _Turn()
        elif event.event_id < 0 and not isinstance(event, OrchestratorCompleted):
            turn.arrived.append(number)
        turns.append(turn)
    return turns


def _own_ids(events: Sequence[Event]) -> tuple[str, ...]:
    for event in events[:8]:
        if isinstance(event, ExecutionStarted):
            own = (event.execution.instance_id, event.execution.execution_id or "")
            return tuple(one for one in own if one)
    return ()


class _Comparison:
    """Two sides, their steps put together."""

    def __init__(self, left: _Side, right: _Side, *, times: bool) -> None:
        self._left, self._right, self._times = left, right, times
        keys = left.keys(), right.keys()
        ordered = aligned(*keys)
        self._in_order = frozenset(one for one, _ in ordered)
        self._partner = dict(ordered)  # of the steps on the left
        taken = frozenset(self._partner.values())
        waiting: dict[_Key, deque[int]] = defaultdict(deque)
        for number, key in enumerate(keys[1]):
            if number not in taken:
                waiting[key].append(number)
        for number, key in enumerate(keys[0]):
            if number not in self._partner and waiting[key]:
                self._partner[number] = waiting[key].popleft()
        self._anchors = self._anchored()
        self._same_cause: dict[tuple[frozenset[int], frozenset[int]], bool] = {}

    def lines(self) -> tuple[DiffLine, ...]:
        """Return the lines in their order."""
        lines: list[_Placed] = []
        for number, group in enumerate(self._left.groups):
            if number in self._partner:
                lines += self._both(number, self._partner[number])
            else:
                lines += (self._left_alone(event) for event in _ends(group))
        known = frozenset(self._partner.values())
        for number, group in enumerate(self._right.groups):
            if number not in known:
                lines += (self._right_alone(event) for event in _ends(group))
        lines.sort(key=lambda line: line[:2])
        return tuple(line for _, _, line in lines)

    def _anchored(self) -> list[int]:
        """Return for each event on the right the one on the left behind which it stands if it is alone."""
        goes_with: dict[int, int] = {}
        for one in self._in_order:
            left, right = self._left.groups[one], self._right.groups[self._partner[one]]
            goes_with[right.events[0]] = left.events[0]
            ends = _end(left), _end(right)
            if ends[0] is not None and ends[1] is not None:
                goes_with[ends[1]] = ends[0]
        places = (goes_with.get(number, -1) for number in range(len(self._right.events)))
        return list(accumulate(places, max))

    def _both(self, one: int, other: int) -> Iterator[_Placed]:
        left, right = self._left.groups[one], self._right.groups[other]
        begin = self._members(left.events[0], right.events[0]) | self._moved(one, other)
        tries = _tries(left, right)
        ends = _end(left), _end(right)
        if ends[0] is None or ends[1] is None:
            begin |= tries
        yield self._line(left.events[0], right.events[0], begin)
        match ends:
            case int(), int():
                yield self._line(ends[0], ends[1], self._answers(ends[0], ends[1]) | tries)
            case int(), None:
                yield self._left_alone(ends[0])
            case None, int():
                yield self._right_alone(ends[1])

    def _moved(self, one: int, other: int) -> _Members:
        """Return what caused a step that stands elsewhere, where that differs."""
        if one in self._in_order or self._left.groups[one].kind in _FROM_OUTSIDE:
            return {}
        causes = self._left.caused_by(one), self._right.caused_by(other)
        if causes not in self._same_cause:
            is_same = any(self._partner.get(step) in causes[1] for step in causes[0])
            self._same_cause[causes] = is_same or not any(causes)
        if self._same_cause[causes]:
            return {}
        return {"after": (self._left.names(causes[0]), self._right.names(causes[1]))}

    def _left_alone(self, event: int) -> _Placed:
        view = self._left.telling.view(event)
        return event, -1, DiffLine(change="left", left=view, right=None)

    def _right_alone(self, event: int) -> _Placed:
        view = self._right.telling.view(event)
        return self._anchors[event], event, DiffLine(change="right", left=None, right=view)

    def _line(self, left: int, right: int, members: _Members) -> _Placed:
        line = DiffLine(
            change="changed" if members else "same",
            left=self._left.telling.view(left),
            right=self._right.telling.view(right),
            members=members,
        )
        return left, right, line

    def _answers(self, left: int, right: int) -> _Members:
        """Return the members in which two ends differ; what their beginnings tell is left out."""
        found = self._members(left, right)
        return {name: pair for name, pair in found.items() if name not in ("name", "instanceId")}

    def _members(self, left: int, right: int) -> _Members:
        """Return the members in which two events differ: payloads by what they are, not what is shown."""
        ones, others = self._left.telling, self._right.telling
        views = ones.view(left), others.view(right)
        found: _Members = {}
        for name in ("input", "result", "failure"):
            if ones.text(left, name) != others.text(right, name):
                found[name] = _shown(views[0], name), _shown(views[1], name)
        plain = (
            self._left.plain(views[0], times=self._times),
            self._right.plain(views[1], times=self._times),
        )
        for name in dict.fromkeys((*plain[0], *plain[1])):
            pair = plain[0].get(name), plain[1].get(name)
            if pair[0] != pair[1]:
                found[name] = pair
        return found


def _ends(group: Group) -> tuple[int, ...]:
    """Return the first event of a step, and the last if that is another."""
    return tuple(dict.fromkeys((group.events[0], group.events[-1])))


def _end(group: Group) -> int | None:
    """Return the number of the event that ended a step, ``None`` if it is open or a moment."""
    last = group.attempts[-1].last if group.attempts else group.events[-1]
    return last if last != group.events[0] and group.outcome != OPEN else None


def _tries(left: Group, right: Group) -> _Members:
    both: _Members = {
        "attempts": (len(left.attempts), len(right.attempts)),
        "outcome": (left.outcome, right.outcome),
    }
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _shown(view: EventView, name: str) -> str | None:
    value = getattr(view, name)
    return value.text if isinstance(value, Payload) else value
