"""A history as Durable Functions shows it: DTFx's events, edited for people.

What schedules is merged into what came of it, which gets ``ScheduledTime``, ``FunctionName`` and
``Input``; the turns of the orchestrator are left out. All else is as DTFx writes its events as JSON.
"""

from collections.abc import Iterable
from typing import Any

from durahub.classic.dialect import DTFX_2_9
from durahub.classic.event_fields import GENERATE_NEW_TRACE, MEMBERS, Shape
from durahub.classic.event_objects import write_object
from durahub.edge.web.functions_values import value_of_text
from durahub.model.history import (
    Event,
    EventType,
    GenericEvent,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.ticks import to_text

_HIDDEN_EVENTS = frozenset({EventType.OrchestratorStarted, EventType.OrchestratorCompleted})
_WITH_RESULT = frozenset(
    {
        EventType.TaskCompleted,
        EventType.SubOrchestrationInstanceCompleted,
        EventType.ExecutionCompleted,
    }
)
_HIDDEN = {
    EventType.ExecutionStarted: {"Name", "ParentInstance", "Version", "Tags"},
    EventType.TaskScheduled: {"Version"},
    EventType.SubOrchestrationInstanceCreated: {"Version"},
    EventType.TimerFired: {"TimerId"},
}


def history_events(
    events: Iterable[Event], *, show_input: bool, show_output: bool
) -> list[dict[str, Any]]:
    """Return the ``historyEvents`` of a status."""
    every = list(events)
    scheduled = _scheduled(every)
    merged = {id(one) for one in (_cause(event, scheduled) for event in every) if one is not None}
    return [
        _shown(event, _cause(event, scheduled), show_input=show_input, show_output=show_output)
        for event in every
        if event.type not in _HIDDEN_EVENTS and id(event) not in merged
    ]


_Scheduling = TaskScheduled | SubOrchestrationInstanceCreated
_ENDS: dict[type[Event], EventType] = {
    TaskCompleted: EventType.TaskScheduled,
    TaskFailed: EventType.TaskScheduled,
    SubOrchestrationInstanceCompleted: EventType.SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed: EventType.SubOrchestrationInstanceCreated,
}


def _scheduled(events: list[Event]) -> dict[tuple[EventType, int], _Scheduling]:
    return {
        (event.type, event.event_id): event
        for event in events
        if isinstance(event, TaskScheduled | SubOrchestrationInstanceCreated)
    }


def _cause(event: Event, scheduled: dict[tuple[EventType, int], _Scheduling]) -> _Scheduling | None:
    """Return what scheduled the thing that ended with *event*."""
    kind = _ENDS.get(type(event))
    number = getattr(event, "task_scheduled_id", None)
    return scheduled.get((kind, number)) if kind is not None and number is not None else None


def _shown(
    event: Event, cause: _Scheduling | None, *, show_input: bool, show_output: bool
) -> dict[str, Any]:
    shown: dict[str, Any] = {"EventType": event.type.name}
    hidden = _HIDDEN.get(event.type, set()) | {"TaskScheduledId"}
    if isinstance(event, GenericEvent):
        shown["Data"] = event.data
        hidden = {"Data"}
    for one in MEMBERS[event.type]:
        if one.name not in hidden:
            shown[one.name] = _value(getattr(event, one.attribute), one.shape)
    if event.type in _WITH_RESULT:
        result = shown.pop("Result", None)
        if show_output:
            shown["Result"] = value_of_text(result)
    shown["Timestamp"] = to_text(event.timestamp)
    if event.type is EventType.ExecutionStarted:
        shown.pop(GENERATE_NEW_TRACE, None)
        shown["FunctionName"] = getattr(event, "name", None)
    if cause is not None:
        shown |= {"ScheduledTime": to_text(cause.timestamp), "FunctionName": cause.name}
        shown["Input"] = cause.input
    if not show_input:
        shown.pop("Input", None)
    return shown


def _value(value: Any, shape: Shape) -> Any:
    if value is None:
        return None
    if shape.is_object:
        return write_object(value, shape, DTFX_2_9, typed=False)
    if shape is Shape.DATE:
        return to_text(value)
    return value.name if shape is Shape.STATUS else value
