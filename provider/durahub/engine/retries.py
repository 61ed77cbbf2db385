"""Which activities and children of a history are retries: read off its timers, as DTFx leaves them.

DTFx gives a retry a new number like any other action, so its history does not say what is a retry of
what. But a retry follows a timer, and that timer follows the failure: both have their own turn ::

    TaskFailed 0, TimerCreated 1     the turn in which the first try has failed
    TimerFired 1, TaskScheduled 2    the turn in which it is tried again, under the same name

A loop in the orchestrator that does the same by hand looks the same. Who writes it can tell, and does:
see `durahub.engine.numbering`.

DTFx pauses after the last try, too, and only then lets its failure through. Other SDKs give up at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from durahub.model.history import (
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

SPLIT_TIMER = -100
"""The number of the timer that DTFx invents to split a turn with too many decisions."""

Asked: TypeAlias = TaskScheduled | SubOrchestrationInstanceCreated


@dataclass(eq=False, slots=True)
class Try:
    """A try of an activity or a child, and which one of its action; *action* is the worker's number."""

    asked: Asked
    action: int
    count: int = 1


@dataclass(eq=False, slots=True)
class _Failures:
    """What failed in one turn, and how many timers it set. A try that was repeated is out of it."""

    tries: list[Try | None] = field(default_factory=list)
    timers: int = 0


@dataclass(frozen=True, slots=True)
class _Pause:
    """A *timer* that may be the pause before a retry: the *place*-th that was set after *failures*."""

    failures: _Failures
    place: int
    timer: int


class Retries:
    """What may be tried again at this point of a history."""

    def __init__(self) -> None:
        self._tries: dict[tuple[type[Asked], int], Try] = {}
        self._failures = _Failures()
        self._pauses: dict[int, _Pause] = {}  # by the timer's number
        self._over: list[_Pause] = []  # in this turn
        self._ended: list[_Pause] = []  # before it, and nothing was tried again
        self._arrived = self._done = 0  # events of this turn
        self._suspended = self._is_split = False
        self.found = 0  # how many retries

    def likely(self, asked: Asked) -> int | None:
        """Return the action of which *asked*, the next event, is likely to be a retry."""
        if self._arrived == 1 and self._done:
            return None  # a retry is all that its timer causes
        for pause in self._over:
            for one in self._failed_before(pause, asked):
                return one.action
        return None

    def add(self, event: Event, action: int | None = None) -> None:
        """Note the next event of the history; of one that schedules *action*, the worker's number."""
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
                self._done += 1
                self._tries[type(event), event.event_id] = self._try(event, action)
            case TimerCreated():
                self._done += 1
                self._set(event)
            case TaskFailed():
                self._fail(TaskScheduled, event.task_scheduled_id)
            case SubOrchestrationInstanceFailed():
                self._fail(SubOrchestrationInstanceCreated, event.task_scheduled_id)
            case TimerFired():
                self._arrived += 1
                pause = self._pauses.pop(event.timer_id, None)
                if pause is not None:
                    self._over.append(pause)
            case _ if event.event_id < 0:
                self._arrived += 1
            case _:
                self._done += 1

    def of_this_turn(self) -> "Retries":
        """Return a copy to add the actions of this turn to, and no other events."""
        copy = Retries()
        copies = {id(one): one for one in (self._failures, *(p.failures for p in self._over))}
        copied = {key: _Failures(list(one.tries), one.timers) for key, one in copies.items()}
        copy._failures = copied[id(self._failures)]
        copy._over = [replace(one, failures=copied[id(one.failures)]) for one in self._over]
        copy._arrived, copy._done = self._arrived, self._done
        return copy

    def paused(self, timer: int) -> Asked | None:
        """Return what is probably tried again when *timer* is due, which has not fired; ``None``: nothing."""
        pause = self._pauses.get(timer)
        if pause is None:
            return None
        failures = pause.failures
        waiting = [one for one in failures.tries if one is not None]
        if len(failures.tries) == failures.timers:
            own = failures.tries[pause.place]
            return own.asked if own is not None else None
        return waiting[min(pause.place, len(waiting) - 1)].asked if waiting else None

    def last_pauses(self, *, open_too: bool) -> dict[int, int]:
        """Return the timers that were pauses after a last try, each with the number of that try.

        With *open_too* those are among them that may yet turn out to be: they have not fired, or just
        now, and of the action that was tried most often.
        """
        found = _given_up(self._ended)
        if open_too:
            waiting = _given_up([*self._over, *self._pauses.values()])
            most = max((one.count for one in waiting.values()), default=0)
            found |= {timer: one for timer, one in waiting.items() if one.count == most}
        return {timer: one.asked.event_id for timer, one in found.items()}

    def _begin_turn(self) -> None:
        """Forget the turn before, unless this one goes on with it: what was suspended happens later."""
        if self._suspended or self._is_split:
            self._arrived += 1
        else:
            self._ended += self._over
            self._failures, self._over, self._arrived = _Failures(), [], 0
        self._done, self._is_split = 0, False

    def _fail(self, kind: type[Asked], number: int) -> None:
        self._arrived += 1
        failed = self._tries.get((kind, number))
        if failed is not None:
            self._failures.tries.append(failed)

    def _set(self, timer: TimerCreated) -> None:
        if timer.event_id == SPLIT_TIMER:
            self._is_split = True
        elif self._failures.tries:
            number = timer.event_id
            self._pauses[number] = _Pause(self._failures, self._failures.timers, number)
            self._failures.timers += 1
        elif self._over:  # a pause longer than a timer may be
            before = self._over.pop(0)
            self._pauses[timer.event_id] = replace(before, timer=timer.event_id)

    def _try(self, asked: Asked, action: int | None) -> Try:
        """Return the try that *asked* is, and take what it repeats out of what may be repeated."""
        for pause in self._over:
            for one in self._failed_before(pause, asked):
                if one.action == action:
                    self._over.remove(pause)
                    tries = pause.failures.tries
                    tries[tries.index(one)] = None
                    self.found += 1
                    return Try(asked, action, one.count + 1)
        return Try(asked, asked.event_id if action is None else action)

    def _failed_before(self, pause: _Pause, asked: Asked) -> Iterator[Try]:
        """Yield what *asked* may repeat after *pause*, the likeliest first."""
        failures = pause.failures
        fitting = [one for one in failures.tries if one is not None and _fits(one.asked, asked)]
        own = None
        if len(failures.tries) == failures.timers:
            own = failures.tries[pause.place]
        yield from sorted(
            fitting, key=lambda one: (one is not own, _is_elsewhere(one.asked, asked), one.count)
        )


def _given_up(pauses: Iterable[_Pause]) -> dict[int, Try]:
    """Return the pauses that may follow a last try. One that was the first was none of a policy."""
    found: dict[int, Try] = {}
    for pause in pauses:
        tries = pause.failures.tries
        own = tries[pause.place : pause.place + 1] if len(tries) == pause.failures.timers else tries
        for one in own:
            if one is not None and one.count > 1 and one not in found.values():
                found[pause.timer] = one
                break
    return found


def _fits(before: Asked, asked: Asked) -> bool:
    return type(before) is type(asked) and before.name == asked.name


def _is_elsewhere(before: Asked, asked: Asked) -> bool:
    """Tell whether two children differ in their IDs; without one, each try gets another."""
    return getattr(before, "instance_id", None) != getattr(asked, "instance_id", None)
