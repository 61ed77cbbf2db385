"""Rewinding as DTFx's Azure Storage provider does it: rows become generic events where they stand.

The execution keeps its ID and its rows their numbers, so a history that a .NET worker goes on with stays
readable to it. Semantics 4.8 (a).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from durahub.model.history import (
    ContinueAsNew,
    Event,
    Execution,
    ExecutionCompleted,
    GenericEvent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Mark:
    """What becomes of the row at *index*: its reason, and whether it is a generic event from now on."""

    index: int
    reason: str
    generic: bool


def marks_of(events: Sequence[Event]) -> tuple[tuple[Mark, ...], tuple[str, ...]]:
    """Return the marks that rewind *events*, and the children to be rewound if they have failed.

    Children without an answer are among them: a rewind that was broken off has marked it away.
    """
    tasks = {e.task_scheduled_id for e in events if isinstance(e, TaskFailed)}
    failed = {e.task_scheduled_id for e in events if isinstance(e, SubOrchestrationInstanceFailed)}
    marks: list[Mark] = []
    for index, event in enumerate(events):
        if _is_undone(event, tasks):
            marks.append(Mark(index, _reason(event), generic=True))
        elif isinstance(event, SubOrchestrationInstanceCreated) and event.event_id in failed:
            marks.append(Mark(index, _reason(event), generic=False))
    return tuple(marks), tuple(dict.fromkeys(_children(events)))


def wake_up(instance_id: str, reason: str, now: Ticks) -> Message:
    """Return the message that lets an instance go on after its rows were marked."""
    return Message(event=GenericEvent(timestamp=now, data=reason), target=Execution(instance_id))


def _is_undone(event: Event, failed_tasks: set[int]) -> bool:
    match event:
        case ContinueAsNew():
            return False
        case ExecutionCompleted():
            return event.status is Status.Failed
        case TaskFailed() | SubOrchestrationInstanceFailed():
            return True
        case TaskScheduled():
            return event.event_id in failed_tasks
        case _:
            return False


def _children(events: Sequence[Event]) -> Iterator[str]:
    done = {e.task_scheduled_id for e in events if isinstance(e, SubOrchestrationInstanceCompleted)}
    for event in events:
        if isinstance(event, SubOrchestrationInstanceCreated) and event.event_id not in done:
            yield event.instance_id or ""


def _reason(event: Event) -> str:
    return f"Rewound: {event.type.name}"
