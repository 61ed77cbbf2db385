"""An instance as Durable Functions' client tells it: ``GetStatusAsync`` with history, input and output.

The extension edits DTFx's history: what scheduled something is merged into what came of it, and the
turns of the orchestrator are left out. It goes wrong where a history has a number twice, and is
followed in that. Times that were merged have the offset of the machine; here it is UTC, always.

Source: Durable Functions, ``ContextImplementations/DurableClient.cs``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from durahub.answers.dtfx_client import status_number
from durahub.edge.web.functions_values import value_of_text
from durahub.model.history import EventType, Status
from durahub.model.ticks import Ticks, to_text
from durahub.stored import StoredInstance

_SCHEDULES = frozenset({EventType.TaskScheduled, EventType.SubOrchestrationInstanceCreated})
_SCHEDULED_BY = {
    EventType.TaskCompleted: EventType.TaskScheduled,
    EventType.TaskFailed: EventType.TaskScheduled,
    EventType.SubOrchestrationInstanceCompleted: EventType.SubOrchestrationInstanceCreated,
    EventType.SubOrchestrationInstanceFailed: EventType.SubOrchestrationInstanceCreated,
}
_WITH_RESULT = frozenset(
    {
        EventType.TaskCompleted,
        EventType.SubOrchestrationInstanceCompleted,
        EventType.ExecutionCompleted,
    }
)
_TURNS = frozenset({EventType.OrchestratorStarted, EventType.OrchestratorCompleted})
_LEFT_OUT: Mapping[EventType, tuple[str, ...]] = {
    EventType.ExecutionStarted: (
        "Name",
        "OrchestrationInstance",
        "ParentInstance",
        "Version",
        "Tags",
    ),
    EventType.TaskScheduled: ("Version",),
    EventType.SubOrchestrationInstanceCreated: ("Version",),
    EventType.TimerFired: ("TimerId",),
    **dict.fromkeys(_SCHEDULED_BY, ("TaskScheduledId",)),
}
_FROM_ALL = ("EventId", "IsPlayed")


class _Fails(Exception):
    """The extension's own failure, as .NET says it."""


def extension_answer(
    stored: StoredInstance, history: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the members ``extension`` and ``extensionHistoryError``.

    *history* is what DTFx's client says. A status with a history that the extension fails on has none.
    """
    edited: list[dict[str, Any]] | None = None
    failure: str | None = None
    if stored.status != Status.Pending.name:
        try:
            edited = _edited(history)
        except _Fails as error:
            failure = str(error)
    answer = {
        "Name": stored.name,
        "InstanceId": stored.instance_id,
        "CreatedTime": _time(stored.created),
        "LastUpdatedTime": _time(stored.last_updated),
        "Input": value_of_text(stored.input),
        "Output": value_of_text(stored.output),
        "RuntimeStatus": status_number(stored.status),
        "CustomStatus": value_of_text(stored.custom_status),
        "History": edited,
    }
    return {"extension": answer, "extensionHistoryError": failure}


def _edited(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    scheduled: dict[str, int] = {}
    gone: list[int] = []
    edited: list[dict[str, Any]] = []
    for index, event in enumerate(history):
        kind = EventType(event["EventType"])
        if kind in _SCHEDULES:
            key = f"{kind.name}_{event['EventId']}"
            if key in scheduled:
                raise _Fails(
                    "System.ArgumentException: An item with the same key has already been added. "
                    f"Key: {key}"
                )
            scheduled[key] = index
        elif kind in _TURNS:
            gone.append(index)
        shown = _shown(event, kind)
        if kind in _SCHEDULED_BY:
            cause = scheduled.get(f"{_SCHEDULED_BY[kind].name}_{event['TaskScheduledId']}")
            if cause is not None:
                gone.append(cause)
                shown |= _of_cause(history[cause])
        edited.append(shown)
    for removed, index in enumerate(sorted(gone)):  # one that stands there twice takes a neighbour
        if index - removed >= len(edited):
            raise _Fails(
                "System.ArgumentOutOfRangeException: Index is equal to or greater than Count. "
                "(Parameter 'index')"
            )
        del edited[index - removed]
    return edited


def _shown(event: Mapping[str, Any], kind: EventType) -> dict[str, Any]:
    left_out = (*_LEFT_OUT.get(kind, ()), *_FROM_ALL)
    shown = {name: value for name, value in event.items() if name not in left_out}
    shown["EventType"] = kind.name
    if kind in _WITH_RESULT:
        shown["Result"] = value_of_text(event["Result"])
    if kind is EventType.ExecutionCompleted:
        shown["OrchestrationStatus"] = Status(event["OrchestrationStatus"]).name
    if kind is EventType.ExecutionStarted:
        shown["FunctionName"] = event["Name"]
    return shown


def _of_cause(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ScheduledTime": f"{event['Timestamp'].removesuffix('Z')}+00:00",
        "FunctionName": event["Name"],
        "Input": event["Input"],
    }


def _time(moment: Ticks | None) -> str:
    return to_text(moment or Ticks(0))
