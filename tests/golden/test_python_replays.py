"""The Python SDK does, turn by turn and number for number, what .NET did by the same history.

Each recorded history is cut before every turn in which its orchestrator did something. What came before
and what arrived in that turn is shown to the SDK as a Python worker is sent it; its answer must become
the actions that .NET has stored.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from durabletask import worker as sdk
from durabletask.task import OrchestrationContext, RetryPolicy, Task

from durahub.classic.history_rows import decode
from durahub.classic.keys import unescape
from durahub.edge.actions import turn_result
from durahub.edge.entity_events import EntityEvents
from durahub.edge.projection import for_worker
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    SendEvent,
    TurnResult,
)
from durahub.engine.numbering import Counting, numbering
from durahub.engine.readings import AS_IT_SEEMS, Reading
from durahub.model.history import (
    ActionEvent,
    Event,
    EventSent,
    ExecutionCompleted,
    ExecutionStarted,
    GenericEvent,
    OrchestratorStarted,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import MINIMUM
from tests.golden.recorded import HUBS, RecordedHub
from tests.sdk.apps.travel import ORCHESTRATIONS, CompactJson


def HoldSeat(ctx: OrchestrationContext, seat: Any) -> Iterator[Task[Any]]:  # noqa: N802 (recorded)
    policy = RetryPolicy(first_retry_interval=timedelta(seconds=1), max_number_of_attempts=3)
    return (yield ctx.call_activity("FlakySeat", input=seat, retry_policy=policy))


def HoldSeats(ctx: OrchestrationContext, seats: Any) -> Iterator[Task[Any]]:  # noqa: N802
    policy = RetryPolicy(first_retry_interval=timedelta(seconds=1), max_number_of_attempts=2)
    return (yield ctx.call_sub_orchestrator("ChargeCard", input=seats, retry_policy=policy))


LAST_PAUSE = "retries-child-12"
"""A turn in which Python's SDK gives up at once; .NET pauses once more before it does."""

OF_FUNCTIONS = (HoldSeat, HoldSeats)  # of the app behind that hub: those that retry
NAMES = {function.__name__ for function in (*ORCHESTRATIONS, *OF_FUNCTIONS)}
QUIET = logging.getLogger("tests.golden")


@dataclass(frozen=True)
class Turn:
    """A turn that .NET has stored."""

    instance_id: str
    past: Sequence[Event]
    new: Sequence[Event]  # what arrived
    done: Sequence[Event]

    def __str__(self) -> str:
        return f"{self.instance_id}-{len(self.past)}"


def turns(hub: RecordedHub) -> Iterator[Turn]:
    """Yield the turns of all orchestrations of the recorded app, but those that a rewind has undone."""
    for key, rows in hub.current_history.items():
        events = [decode(row).event for row in rows]
        started = next((e for e in events if isinstance(e, ExecutionStarted)), None)
        if started is None or started.name not in NAMES:
            continue
        starts = [i for i, event in enumerate(events) if isinstance(event, OrchestratorStarted)]
        for start, end in zip(starts, [*starts[1:], len(events)], strict=True):
            turn = events[start:end]
            done = [e for e in turn if isinstance(e, ActionEvent | ExecutionCompleted)]
            new = [e for e in turn if e not in done]
            if any(isinstance(event, GenericEvent) for event in events[end:]):
                continue
            yield Turn(unescape(key), events[:start], new, done)


def python_s_answer(turn: Turn) -> Sequence[Action]:
    """Return what the SDK does in *turn*, with the numbers that would be stored."""
    reading: Reading | None = AS_IT_SEEMS
    while reading is not None:
        numbers = numbering(Counting.FROM_ONE_RETRIES_ALIKE, [*turn.past, *turn.new], reading)
        result = run(numbers.shown(turn.past), numbers.shown(turn.new))
        reading = numbers.otherwise(result)
    return numbers.stored(result).actions


def run(past: Sequence[Event], new: Sequence[Event]) -> TurnResult:
    """Return what the SDK answers to events that have its own numbers."""
    started = next(event for event in (*past, *new) if isinstance(event, ExecutionStarted))
    entities = EntityEvents.of((*past, *new))
    registry = sdk._Registry()
    for function in (*ORCHESTRATIONS, *OF_FUNCTIONS):
        registry.add_orchestrator(function)
    executor = sdk._OrchestrationExecutor(registry, QUIET, CompactJson())
    ran = executor.execute(
        started.execution.instance_id,
        for_worker(past, started, entities),
        for_worker(new, started, entities),
    )
    return turn_result(sdk.pb.OrchestratorResponse(actions=ran.actions), MINIMUM)


def told(action: Action) -> tuple[int, type[Event], str | None]:
    match action:
        case ScheduleTask():
            return action.id, TaskScheduled, action.name
        case CreateSubOrchestration():
            return action.id, SubOrchestrationInstanceCreated, action.name
        case CreateTimer():
            return action.id, TimerCreated, None
        case SendEvent():
            return action.id, EventSent, action.target.instance_id
        case SendEntityMessage():
            return action.id, EventSent, action.target
        case Complete():
            return action.id, ExecutionCompleted, action.status.name
    raise AssertionError(action)


def stored(event: Event) -> tuple[int, type[Event], str | None]:
    match event:
        case TaskScheduled() | SubOrchestrationInstanceCreated():
            return event.event_id, type(event), event.name
        case EventSent():
            return event.event_id, EventSent, event.instance_id
        case ExecutionCompleted():
            return event.event_id, ExecutionCompleted, event.status.name
        case _:
            return event.event_id, type(event), None


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_python_does_what_dotnet_did(hub: RecordedHub) -> None:
    for turn in turns(hub):
        if str(turn) == LAST_PAUSE:
            continue
        did = [told(action) for action in python_s_answer(turn)]
        assert did == [stored(event) for event in turn.done], str(turn)
