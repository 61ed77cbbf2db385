"""The numbers of actions: DTFx's in storage, the worker's own between us and it.

DTFx numbers the actions of an execution 0, 1, 2, …, and a retry gets a number like any other action. So
they are stored, whatever runs the orchestrator: whoever reads a history next can go on with it. Other
SDKs count differently. JavaScript's begins with 1. So does Python's, and there a retry keeps the number of
the action that it repeats ::

    stored    0          1          2          3         an activity, the pause, its retry, another
    Python    1          2          1          3

Hence a number of Python's is the stored one, plus 1, less the retries before it. Which actions are
retries is read off the history (`durahub.engine.retries`). Where that would be wrong, because the
orchestrator repeats something by hand or its retries are too entangled, the event's ``worker_number``
tells what the number of the action was; the history of a .NET worker has none of these.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum, auto

from durahub.engine.action_numbers import Numbering, Shifted, Shown, renumbered, with_id
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    TerminateOther,
    TurnResult,
)
from durahub.engine.readings import AS_IT_SEEMS, Reading, second_reading
from durahub.engine.retries import Asked, Retries
from durahub.model.history import (
    ActionEvent,
    Event,
    EventSent,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import MINIMUM


class Counting(Enum):
    """How a worker numbers the actions of an execution."""

    AS_STORED = auto()  # from 0, each its own number: .NET, Java, Go
    FROM_ONE = auto()  # JavaScript
    FROM_ONE_RETRIES_ALIKE = auto()  # from 1, and a retry has the number of the first try: Python


def numbering(
    counting: Counting, events: Sequence[Event], reading: Reading = AS_IT_SEEMS
) -> Numbering:
    """Return the numbers of the history *events* for a worker that counts so."""
    match counting:
        case Counting.AS_STORED:
            return Shifted(0)
        case Counting.FROM_ONE:
            return Shifted(1)
        case Counting.FROM_ONE_RETRIES_ALIKE:
            return RetriesAlike(events, reading)


class RetriesAlike:
    """The numbers of a worker that counts from 1 and gives a retry the number of the first try.

    Such a worker gives up at once when a last try has failed. Where a history has a pause after it, the
    timer is not shown, has no number, and the failure is shown when it has fired.
    """

    def __init__(self, events: Sequence[Event] = (), reading: Reading = AS_IT_SEEMS) -> None:
        self._events: list[Event] = []
        self._reading = reading
        self._pauses = reading.last_pauses_of(events)
        self._failures = {one: e for e in events if (one := _failed(e)) in self._pauses.values()}
        self._retries = Retries()
        self._numbers: dict[int, int] = {}  # the worker's by the stored ones
        self._known: dict[int, int] = {}  # the first stored one by the worker's
        self._told: dict[int, int] = {}  # by stored numbers: what a worker did, not in history yet
        self._top = -1  # the highest that is stored
        # From each stored number on, how many of those before it are no number of the worker's own:
        self._starts = [0]
        self._surplus = [0]
        for event in events:
            self.read(event)

    def __len__(self) -> int:
        """Return how many events of the history have been read."""
        return len(self._events)

    @property
    def is_settled(self) -> bool:
        """Whether all that a worker did has been read as events."""
        return not self._told

    def read(self, event: Event) -> None:
        """Go on to the next event of the history."""
        self._events.append(event)
        if not isinstance(event, ActionEvent) or event.event_id < 0:
            self._retries.add(event)
        elif isinstance(event, TimerCreated) and event.event_id in self._pauses:
            self._top = event.event_id
            self._go_on(self._top + 1, self._surplus[-1] + 1)
            self._retries.add(event)
        else:
            told = self._told.pop(event.event_id, None)
            number = told if event.worker_number is None else event.worker_number
            if number is None:
                number = self.likely(event)
            self._note(event.event_id, number)
            self._retries.add(event, number)

    def shown(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Return *events* with the worker's numbers."""
        if not self._pauses:
            return tuple(map(self._shown, events))
        return tuple(renumbered(event, self.number_of) for event in self._placed_events(events))

    def view(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return *events* with the worker's numbers, made when they are asked for if none is moved."""
        return self.shown(events) if self._pauses else Shown(events, self._shown)

    def _shown(self, event: Event) -> Event:
        return renumbered(self._reading.sections.shown(event), self.number_of)

    def _placed_events(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            match event:
                case TimerCreated(event_id=timer) if timer in self._pauses:
                    pass
                case TimerFired(timer_id=timer) if timer in self._pauses:
                    yield self._failures[self._pauses[timer]]
                case _ if _failed(event) not in self._failures:
                    yield self._reading.sections.shown(event)

    def number_of(self, stored: int) -> int:
        """Return the worker's number of an action, also of one that is not in the history."""
        known = self._numbers.get(stored)
        return self._plain(stored) if known is None else known

    def stored(self, result: TurnResult) -> TurnResult:
        """Return the worker's answer with the numbers that are stored; what it did is then known."""
        actions = self._placed(map(self._reading.sections.stored, result.actions))
        noted: dict[int, int] = {}
        retries = self._retries.of_this_turn()
        for action, number in sorted(actions, key=lambda placed: placed[0].id):
            event = _event_of(action)
            if event is None or action.id < 0:
                continue
            if self._likely(event, retries) != number:
                noted[action.id] = number
            self._note(action.id, number)
            self._told[action.id] = number
            retries.add(event, number)
        return replace(result, actions=tuple(action for action, _ in actions), noted=noted)

    def otherwise(self, result: TurnResult) -> Reading | None:
        """Return how else to read the history if the worker's answer shows that it was misread."""
        return second_reading(self._reading, self._events, result)

    def _placed(self, actions: Iterable[Action]) -> list[tuple[Action, int]]:
        """Return the actions under the numbers that are stored, each with the worker's."""
        placed: list[tuple[Action, int]] = []
        taken: set[int] = set()  # in this turn, as are the next
        known: set[int] = set()
        top, surplus = self._top, self._surplus[-1]
        for action in actions:
            number = stored = action.id
            if number >= 0:
                stored = number - 1 + surplus
                if number in known or number in self._known:
                    stored = top + 1
                    surplus += 1
                elif stored <= top:
                    stored = self._gap(number)
                if stored < 0 or stored in taken or stored in self._numbers:
                    stored = top + 1
                taken.add(stored)
                known.add(number)
                top = max(top, stored)
            placed.append((with_id(action, stored), number))
        return placed

    def _gap(self, number: int) -> int:
        """Return where an action would stand that a rewind took out, or the worker skipped."""
        later = min((one for one in self._known if one > number), default=number)
        return self._known.get(later, -1) - (later - number)

    def likely(self, event: ActionEvent) -> int:
        """Return the number of the next event's action, as far as the history can tell."""
        return self._likely(event, self._retries)

    def _likely(self, event: ActionEvent, retries: Retries) -> int:
        if self._reading.retries and isinstance(event, Asked):
            repeated = retries.likely(event)
            if repeated is not None:
                return repeated
        return self._plain(event.event_id)

    def _plain(self, stored: int) -> int:
        """Return the number of an action that is no retry."""
        place = bisect_right(self._starts, stored) - 1
        return stored + 1 - self._surplus[max(place, 0)]

    def _note(self, stored: int, number: int) -> None:
        if stored > self._top:
            if number in self._known:
                self._go_on(stored + 1, self._surplus[-1] + 1)
            elif number != self._plain(stored):
                self._go_on(stored, stored + 1 - number)
            self._top = stored
        self._numbers[stored] = number
        self._known.setdefault(number, stored)

    def _go_on(self, start: int, surplus: int) -> None:
        self._starts.append(start)
        self._surplus.append(surplus)


def numbers_in(events: Sequence[Event]) -> Callable[[int], int]:
    """Return the function that tells which stored numbers are tries of one action: a common number."""
    return RetriesAlike(events).number_of


def with_numbers(events: Iterable[Event], number_of: Callable[[int], int]) -> list[Event]:
    """Return *events*, a history with gaps, so that the numbers of its actions remain *number_of*."""
    told = RetriesAlike()
    kept: list[Event] = []
    for event in events:
        if isinstance(event, ActionEvent) and event.event_id >= 0:
            number = number_of(event.event_id)
            is_plain = told.likely(event) == number
            noted = None if is_plain else number
            if event.worker_number != noted:
                event = replace(event, worker_number=noted)
        told.read(event)
        kept.append(event)
    return kept


def _failed(event: Event) -> int | None:
    """Return the number of the action of which *event* is the failure."""
    if isinstance(event, TaskFailed | SubOrchestrationInstanceFailed):
        return event.task_scheduled_id
    return None


def _event_of(action: Action) -> ActionEvent | None:
    """Return what the history will hold of *action*, as far as it matters here."""
    number = action.id
    match action:
        case ScheduleTask(name=name):
            return TaskScheduled(event_id=number, timestamp=MINIMUM, name=name)
        case CreateSubOrchestration(name=name, instance_id=child):
            return SubOrchestrationInstanceCreated(
                event_id=number, timestamp=MINIMUM, name=name, instance_id=child
            )
        case CreateTimer(fire_at=fire_at):
            return TimerCreated(event_id=number, timestamp=MINIMUM, fire_at=fire_at)
        case TerminateOther() | Complete():
            return None
        case _:
            return EventSent(event_id=number, timestamp=MINIMUM, instance_id=None, name=None)
