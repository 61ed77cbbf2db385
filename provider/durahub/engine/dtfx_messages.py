"""What a turn sends whose worker wrote its events and messages itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from durahub.engine.effects import FIRE_AND_FORGET, Actor, child_execution_id
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import due_of_name
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    Parent,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Posted:
    """An event for an instance; without an execution ID it is for whichever is current."""

    target: Execution
    event: Event


def is_own_start(posted: Posted, instance_id: str) -> bool:
    """Tell whether this is a start that an instance posts to itself: its next generation."""
    return posted.target.instance_id == instance_id and isinstance(posted.event, ExecutionStarted)


def activities(tasks: Iterable[TaskScheduled], actor: Actor) -> Iterable[Message]:
    """Yield the activities, each once: its ID is what its answer will name."""
    for task in {task.event_id: task for task in tasks}.values():
        yield Message(
            event=task,
            target=actor.execution,
            sender=actor.execution,
            episode=actor.episode,
            tags=actor.started.tags or {},
        )


def messages(
    timers: Iterable[TimerCreated | TimerFired], posted: Iterable[Posted], actor: Actor
) -> Iterable[Message]:
    """Yield the timers and the messages to instances."""
    told = {fired.timer_id: fired for fired in map(_fired, timers)}
    for fired in told.values():
        yield Message(
            event=fired,
            target=actor.execution,
            sender=actor.execution,
            episode=actor.episode,
            due=fired.fire_at,
        )
    for one in posted:
        if not is_own_start(one, actor.execution.instance_id):
            yield _message(one, actor)


def _fired(timer: TimerCreated | TimerFired) -> TimerFired:
    if isinstance(timer, TimerFired):
        return timer
    return TimerFired(timestamp=timer.timestamp, timer_id=timer.event_id, fire_at=timer.fire_at)


def _message(posted: Posted, actor: Actor) -> Message:
    event, target = posted.event, posted.target
    is_start = isinstance(event, ExecutionStarted)
    if isinstance(event, ExecutionStarted):
        event = _child_start(event, target.instance_id, actor)
        target = event.execution
    return Message(
        event=event,
        target=target,
        sender=actor.execution,
        episode=actor.episode,
        tags=(actor.started.tags or {}) if is_start else None,
        due=_due(event, target),
    )


def _due(event: Event, target: Execution) -> Ticks | None:
    match event:
        case ExecutionStarted():
            return event.scheduled_start
        case EventRaised() if is_entity(target.instance_id):
            return due_of_name(event.name)
        case _:
            return None


def _child_start(start: ExecutionStarted, instance_id: str, actor: Actor) -> ExecutionStarted:
    """Return a child's start, complete: with an execution of its own and its parent's."""
    start = with_parent(start, actor.execution, actor.started.name)
    assert start.parent is not None  # noqa: S101 (for the types)
    number = start.parent.task_schedule_id
    named = start.execution.execution_id or child_execution_id(
        actor.execution.execution_id or "", number
    )
    parent = replace(start.parent, execution=actor.execution)
    return replace(start, execution=Execution(instance_id, named), parent=parent)


def with_parent(start: ExecutionStarted, sender: Execution, name: str | None) -> ExecutionStarted:
    """Return a start with a parent, which waits for nothing if the worker named none.

    Only what a client starts has no parent; and that has its row first.
    """
    if start.parent is not None:
        return start
    parent = Parent(name=name, execution=sender, task_schedule_id=-1)
    return replace(start, parent=parent, tags={**(start.tags or {}), FIRE_AND_FORGET: ""})
