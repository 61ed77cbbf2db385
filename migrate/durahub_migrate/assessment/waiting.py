"""What a live orchestration waits for, read off its history."""

from collections.abc import Iterable
from dataclasses import dataclass

from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.messages import due_of_name, guid_text
from durahub.engine.state import Answer, answer_of, question_of
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is open: task numbers of activities and children, numbers of timers, GUIDs of entity calls.

    *signals* are delayed signals to entities that are due after the moment that was asked for.
    """

    activities: tuple[int, ...] = ()
    children: tuple[int, ...] = ()
    timers: tuple[int, ...] = ()
    calls: tuple[str, ...] = ()
    signals: int = 0

    @property
    def is_anything(self) -> bool:
        """Whether something is open that tells for what the orchestration waits."""
        return bool(self.activities or self.children or self.timers or self.calls)


def waiting(history: Iterable[Event], now: Ticks) -> Waiting:
    """Return what the orchestration with *history* waits for at *now*."""
    asked: dict[Answer, Event] = {}
    calls: dict[str, None] = {}
    signals = 0
    for event in history:
        question = question_of(event)
        if question is not None:  # a timer's number may stand twice: the last one counts
            asked[question] = event
        answer = answer_of(event)
        if answer is not None:
            asked.pop(answer, None)
        match event:
            case EventSent():
                request = request_sent(event)
                if request is None:
                    continue
                due = request.due or due_of_name(event.name)
                if not request.signal:
                    calls[guid_text(request.id)] = None
                elif due is not None and due > now:
                    signals += 1
            case EventRaised():
                calls.pop(guid_text(event.name or ""), None)
    events = asked.values()
    return Waiting(
        activities=tuple(one.event_id for one in events if isinstance(one, TaskScheduled)),
        children=tuple(one.event_id for one in events if _is_awaited_child(one)),
        timers=tuple(one.event_id for one in events if isinstance(one, TimerCreated)),
        calls=tuple(calls),
        signals=signals,
    )


def _is_awaited_child(event: Event) -> bool:
    if not isinstance(event, SubOrchestrationInstanceCreated):
        return False
    return FIRE_AND_FORGET not in (event.tags or {})


def has_begun_anew(history: tuple[Event, ...], generation: int | None, *, leftovers: bool) -> bool:
    """Tell whether a history shows that the instance has continued as new.

    *generation* is the row's, *leftovers* tells of rows of an older execution behind the history. The start
    of a new generation has no generation of its own, where the row has one; and what its first turn does
    stands behind the end of that turn. What shows neither (a child that waits at once) is not told apart.

    Source: DTFx, ``AzureTableTrackingStore.cs``; the recorded hubs.
    """
    if leftovers or any(type(event) is ContinueAsNew for event in history):
        return True
    started = next((event for event in history if isinstance(event, ExecutionStarted)), None)
    if started is None or started.parent is not None:
        return _acts_behind_its_first_turn(history)
    return (generation is not None and started.generation is None) or (
        _acts_behind_its_first_turn(history)
    )


def _acts_behind_its_first_turn(history: tuple[Event, ...]) -> bool:
    kinds = [type(event) for event in history[:4]]
    begins = kinds[:3] == [OrchestratorStarted, ExecutionStarted, OrchestratorCompleted]
    return begins and len(kinds) == 4 and question_of(history[3]) is not None
