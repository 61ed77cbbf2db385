"""Actions and the events that tell of them, with other numbers than they have."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, overload

from durahub.engine.actions import Action, TurnResult
from durahub.engine.readings import Reading
from durahub.model.history import (
    Event,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TimerFired,
)


class Numbering(Protocol):
    """What the numbers of one history are for one worker."""

    def shown(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Return *events*, a part of this history, with the worker's numbers."""

    def view(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return *events* as they are shown, made when they are asked for if they can be."""

    def stored(self, result: TurnResult) -> TurnResult:
        """Return the worker's answer with the numbers that are stored. To be asked once."""

    def otherwise(self, result: TurnResult) -> Reading | None:
        """Return how else to read the history if the worker's answer shows that it was misread."""


class Shown(Sequence[Event]):
    """*events*, each as it is *shown*: made when it is asked for."""

    def __init__(self, events: Sequence[Event], shown: Callable[[Event], Event]) -> None:
        self._events = events
        self._shown = shown

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return map(self._shown, self._events)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        if isinstance(index, slice):
            return Shown(self._events[index], self._shown)
        return self._shown(self._events[index])


@dataclass(frozen=True, slots=True)
class Shifted:
    """The numbers of a worker that counts from *first*, and otherwise as DTFx does."""

    first: int

    def shown(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Return *events* with the worker's numbers."""
        if not self.first:
            return tuple(events)
        return tuple(map(self._shown, events))

    def view(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return *events* with the worker's numbers, made when they are asked for."""
        return Shown(events, self._shown) if self.first else events

    def _shown(self, event: Event) -> Event:
        return renumbered(event, lambda number: number + self.first)

    def stored(self, result: TurnResult) -> TurnResult:
        """Return the worker's answer with the numbers that are stored."""
        if not self.first:
            return result
        numbers = (max(action.id - self.first, -1) for action in result.actions)
        actions = map(with_id, result.actions, numbers)
        return replace(result, actions=tuple(actions))

    def otherwise(self, result: TurnResult) -> None:  # noqa: ARG002 (nothing is guessed here)
        """Return ``None``: the worker does what is stored."""
        return


def renumbered(event: Event, new: Callable[[int], int]) -> Event:
    """Return *event* with *new* numbers of the action that it tells of; negative ones stay."""
    match event:
        case (
            TaskCompleted(task_scheduled_id=number)
            | TaskFailed(task_scheduled_id=number)
            | SubOrchestrationInstanceCompleted(task_scheduled_id=number)
            | SubOrchestrationInstanceFailed(task_scheduled_id=number)
        ) if number >= 0:
            return replace(event, task_scheduled_id=new(number))
        case TimerFired(timer_id=number) if number >= 0:
            return replace(event, timer_id=new(number))
        case _ if event.event_id >= 0:
            return replace(event, event_id=new(event.event_id))
        case _:
            return event


def with_id(action: Action, number: int) -> Action:
    """Return *action* under another number."""
    return action if action.id == number else replace(action, id=number)
