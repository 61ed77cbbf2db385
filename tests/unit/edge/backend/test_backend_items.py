"""Work items for workers that are DTFx, and what they say when they ask for them."""

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import ActivityWork, OrchestratorWork
from durahub.edge.backend.items import dtfx_item, dtfx_options
from durahub.edge.turn_items import STREAMED_ABOVE
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskScheduled,
)
from durahub.model.ticks import from_unix

NOW = from_unix(1_700_000_000)
START = ExecutionStarted(timestamp=NOW, execution=Execution("order-7", "e1"), name="Order")
BEGIN = OrchestratorStarted(timestamp=NOW)
END = OrchestratorCompleted(timestamp=NOW)


def raised(characters: int) -> EventRaised:
    return EventRaised(timestamp=NOW, name="Go", input="x" * characters)


def item(past: tuple[Event, ...], new: tuple[Event, ...], streaming: bool = False) -> pb.WorkItem:
    work = OrchestratorWork(
        token="t", instance_id="order-7", execution_id="e1", past=past, new=new, started=START
    )
    return pb.WorkItem.FromString(dtfx_item(work, history_streaming=streaming))


def arms(events: object) -> list[str]:
    return [event.WhichOneof("eventType") for event in events]  # type: ignore[attr-defined]


def test_new_events_are_the_messages_alone() -> None:
    made = item((), (BEGIN, START, raised(1), END))
    assert made.completionToken == "t"
    request = made.orchestratorRequest
    assert (request.instanceId, request.executionId.value) == ("order-7", "e1")
    assert arms(request.newEvents) == ["executionStarted", "eventRaised"]
    assert request.entityParameters.HasField("entityMessageReorderWindow")


def test_past_events_are_all_that_is_stored() -> None:
    request = item((BEGIN, START, END), (BEGIN, raised(1))).orchestratorRequest
    assert arms(request.pastEvents) == [
        "orchestratorStarted",
        "executionStarted",
        "orchestratorCompleted",
    ]
    assert not request.requiresHistoryStreaming


@pytest.mark.parametrize("streaming", [True, False])
def test_a_large_history_is_left_to_be_asked_for(streaming: bool) -> None:
    past = (BEGIN, START, raised(STREAMED_ABOVE), END)
    request = item(past, (BEGIN, raised(1)), streaming).orchestratorRequest
    assert list(request.pastEvents) == []
    assert request.requiresHistoryStreaming is streaming


def test_an_activity_is_the_same_for_every_worker() -> None:
    task = TaskScheduled(event_id=3, timestamp=NOW, name="Charge", input="1")
    work = ActivityWork(token="t", instance_id="order-7", execution_id="e1", task=task)
    sent = dtfx_item(work, history_streaming=False)
    request = pb.WorkItem.FromString(sent).activityRequest
    assert (request.name, request.taskId, request.input.value) == ("Charge", 3, "1")


def test_a_maximum_of_zero_means_none_and_filters_hold() -> None:
    request = pb.GetWorkItemsRequest(maxConcurrentActivityWorkItems=2)
    request.workItemFilters.activities.add(name="Charge")
    options = dtfx_options(request, "w")
    assert (options.max_orchestrations, options.max_activities, options.max_entities) == (0, 2, 0)
    assert options.filters is not None
    assert set(options.filters.activities) == {"Charge"}
