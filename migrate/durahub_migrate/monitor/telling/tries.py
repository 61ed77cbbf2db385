"""Which activities and children of a history are tries of one, and which timers are the pauses between.

Two forms are found. Python's SDK schedules a retry under the number of the first try. DTFx gives a retry a
new number, after a timer that was set in the turn in which the try before failed ::

    TaskFailed 0, TimerCreated 1     the turn in which the first try has failed
    TimerFired 1, TaskScheduled 2    the turn in which it is tried again, under the same name

The rules are those of `durahub.engine.retries`, which the server goes by; here they are kept so that a
history of any length is read in one pass, however many fail at once. Where the writer noted what its
numbers are (``worker_number``), the engine's own reading is asked.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from durahub.engine.numbering import numbers_in
from durahub.engine.retries import SPLIT_TIMER, Asked
from durahub.model.history import (
    ActionEvent,
    Event,
    ExecutionResumed,
    ExecutionSuspended,
    OrchestratorCompleted,
    OrchestratorStarted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)

_Key: TypeAlias = tuple[type[Asked], str | None] | tuple[type[Asked], str | None, str | None]


@dataclass(frozen=True, slots=True)
class Tries:
    """*first* has, by the number of each event that schedules an activity or a child, that of its first try.

    *pauses* has the same by the numbers of the ``TimerCreated`` that are pauses before a retry, or after a
    last try.
    """

    first: dict[int, int]
    pauses: dict[int, int]


@dataclass(eq=False, slots=True)
class _Try:
    asked: Asked
    first: int  # number of the event
    count: int = 1
    is_repeated: bool = False


@dataclass(eq=False, slots=True)
class _Failures:
    """What failed in one turn; *waiting* has what may be tried again, by what a retry would look like.

    *fired* are the pauses that are over in this turn, in the order in which they ended.
    """

    tries: list[_Try] = field(default_factory=list)
    timers: int = 0
    waiting: dict[_Key, list[tuple[int, int, _Try]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    fired: deque["_Pause"] = field(default_factory=deque)


@dataclass(eq=False, slots=True)
class _Pause:
    failures: _Failures
    place: int
    created: list[int]  # numbers of its timers: a pause longer than a timer may be has several
    order: int = 0  # in which it ended

    @property
    def own(self) -> _Try | None:
        """The try after whose failure it was set, where each failure has set a timer."""
        tries = self.failures.tries
        return tries[self.place] if len(tries) == self.failures.timers else None


def tries_of(events: Sequence[Event]) -> Tries:
    """Return the tries in *events*, a history from its beginning."""
    found = _Finding()
    for number, event in enumerate(events):
        found.add(number, event)
    tries = found.finished()
    if any(isinstance(event, ActionEvent) and event.worker_number is not None for event in events):
        return Tries(_as_noted(events), tries.pauses)
    return tries


def _as_noted(events: Sequence[Event]) -> dict[int, int]:
    action_of = numbers_in(events)
    known: dict[tuple[type[Asked], int], int] = {}
    return {
        number: known.setdefault((type(event), action_of(event.event_id)), number)
        for number, event in enumerate(events)
        if isinstance(event, Asked)
    }


class _Finding:
    """Reads a history event by event."""

    def __init__(self) -> None:
        self._order = count()
        self._tries: dict[tuple[type[Asked], int], _Try] = {}
        self._first: dict[int, int] = {}
        self._pauses: dict[int, int] = {}
        self._all: list[_Pause] = []
        self._open: dict[int, _Pause] = {}  # by the timer's ID
        self._failures = _Failures()  # of this turn
        self._over: deque[_Pause] = deque()  # in this turn, those that were used among them
        self._after: dict[_Key, list[tuple[int, int, _Failures]]] = defaultdict(list)  # likewise
        self._arrived = self._done = 0
        self._suspended = self._is_split = False

    def finished(self) -> Tries:
        """Return what was found; pauses behind last tries are among it."""
        for pause in self._all:
            own = pause.own
            if own is not None and own.count > 1:
                for number in pause.created:
                    self._pauses.setdefault(number, own.first)
        return Tries(self._first, self._pauses)

    def add(self, number: int, event: Event) -> None:
        """Note the next event."""
        match event:
            case OrchestratorStarted():
                self._begin_turn()
            case OrchestratorCompleted():
                pass
            case ExecutionSuspended():
                self._suspended = True
            case ExecutionResumed():
                self._suspended = False
            case TaskScheduled() | SubOrchestrationInstanceCreated():
                self._ask(number, event)
                self._done += 1
            case TimerCreated():
                self._done += 1
                self._set(number, event)
            case TaskFailed():
                self._fail(TaskScheduled, event.task_scheduled_id)
            case SubOrchestrationInstanceFailed():
                self._fail(SubOrchestrationInstanceCreated, event.task_scheduled_id)
            case TimerFired():
                self._arrived += 1
                self._fire(event)
            case _ if event.event_id < 0:
                self._arrived += 1
            case _:
                self._done += 1

    def _begin_turn(self) -> None:
        """Forget the turn before, unless this one goes on with it: what was suspended happens later."""
        if self._suspended or self._is_split:
            self._arrived += 1
        else:
            for pause in self._over:
                pause.failures.fired.clear()
            self._failures, self._over, self._arrived = _Failures(), deque(), 0
            self._after = defaultdict(list)
        self._done, self._is_split = 0, False

    def _fail(self, kind: type[Asked], event_id: int) -> None:
        self._arrived += 1
        failed = self._tries.get((kind, event_id))
        if failed is None:
            return
        self._failures.tries.append(failed)
        entry = (failed.count, next(self._order), failed)
        for key in _keys(failed.asked):
            heapq.heappush(self._failures.waiting[key], entry)

    def _set(self, number: int, timer: TimerCreated) -> None:
        if timer.event_id == SPLIT_TIMER:
            self._is_split = True
            return
        if self._failures.tries:
            pause = _Pause(self._failures, self._failures.timers, [number])
            self._failures.timers += 1
            self._all.append(pause)
        else:  # perhaps a pause goes on that is longer than a timer may be
            while self._over and not _is_left(self._over[0]):
                self._over.popleft()
            if not self._over:
                return
            pause = self._over.popleft()
            pause.failures.fired.popleft()
            pause.created.append(number)
        self._open[timer.event_id] = pause

    def _fire(self, timer: TimerFired) -> None:
        pause = self._open.pop(timer.timer_id, None)
        if pause is None:
            return
        pause.order = next(self._order)
        failures = pause.failures
        if not failures.fired:
            for key in failures.waiting:
                heapq.heappush(self._after[key], (pause.order, next(self._order), failures))
        failures.fired.append(pause)
        self._over.append(pause)

    def _ask(self, number: int, asked: Asked) -> None:
        before = self._tries.get((type(asked), asked.event_id))
        same = before if before is not None and before.asked.name == asked.name else None
        is_alone = self._arrived == 1 and self._done  # a retry of DTFx is all that its timer causes
        repeated = same if is_alone else self._repeated(asked, same)
        found = _Try(asked, number)
        if repeated is not None:
            repeated.is_repeated = True
            found = _Try(asked, repeated.first, repeated.count + 1)
        self._first[number] = found.first
        self._tries[type(asked), asked.event_id] = found

    def _repeated(self, asked: Asked, same: _Try | None) -> _Try | None:
        """Return what *asked* tries again, and take it and its pause out of what may be tried again.

        *same* is what had its number before: then it is that.
        """
        key = _keys(asked)[-1]
        after = self._after.get(key)
        while after:
            order, _, failures = heapq.heappop(after)
            if not failures.fired:
                continue
            pause = failures.fired[0]
            if pause.order != order:
                heapq.heappush(after, (pause.order, next(self._order), failures))
                continue
            found = same or _waiting(pause, asked)
            if found is None:
                continue  # nothing of that name waits behind these failures
            failures.fired.popleft()
            if failures.fired:
                following = failures.fired[0].order
                heapq.heappush(after, (following, next(self._order), failures))
            for number in pause.created:
                self._pauses[number] = found.first
            return found
        return same


def _is_left(pause: _Pause) -> bool:
    fired = pause.failures.fired
    return bool(fired) and fired[0] is pause


def _waiting(pause: _Pause, asked: Asked) -> _Try | None:
    """Return what *asked* tries again after *pause*: what has set it, else the same child, else the first."""
    own = pause.own
    if own is not None and not own.is_repeated and _keys(own.asked)[-1] == _keys(asked)[-1]:
        return own
    for key in _keys(asked):
        heap = pause.failures.waiting.get(key)
        while heap and heap[0][2].is_repeated:
            heapq.heappop(heap)
        if heap:
            return heap[0][2]
    return None


def _keys(asked: Asked) -> tuple[_Key, ...]:
    """Return what a retry has in common with *asked*, the likeliest first."""
    plain = (type(asked), asked.name)
    if isinstance(asked, SubOrchestrationInstanceCreated):
        return (*plain, asked.instance_id), plain
    return (plain,)
