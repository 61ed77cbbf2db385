"""Work items as they are sent, and what workers ask for."""

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import ActivityWork, Filters, OrchestratorWork, Work
from durahub.edge.metadata import Caller
from durahub.edge.turn_items import STREAMED_ABOVE
from durahub.edge.work_items import (
    DEFAULT_MAXIMUM,
    MOST_BYTES,
    counting_of,
    health_ping,
    stream_options,
    work_item,
)
from durahub.engine.numbering import Counting
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionRewound,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
    TaskScheduled,
    Trace,
)
from durahub.model.ticks import Ticks

BEGUN = OrchestratorStarted(timestamp=Ticks(10))
STARTED = ExecutionStarted(timestamp=Ticks(9), execution=Execution("order-7", "e1"), name="Order")


def turn(
    past: tuple = (), new: tuple = (BEGUN,), started: ExecutionStarted = STARTED
) -> OrchestratorWork:
    return OrchestratorWork(
        token="t1", instance_id="order-7", execution_id="e1", past=past, new=new, started=started
    )


def item_of(work: Work, *, history_streaming: bool) -> pb.WorkItem:
    return pb.WorkItem.FromString(work_item(work, history_streaming=history_streaming))


def large(size: int) -> EventRaised:
    return EventRaised(timestamp=Ticks(11), name="e", input="x" * size)


def test_a_turn_is_sent_with_both_parts_of_the_history() -> None:
    item = item_of(turn(past=(BEGUN, STARTED), new=(BEGUN, large(1))), history_streaming=False)
    request = item.orchestratorRequest
    assert item.completionToken == "t1"
    assert (request.instanceId, request.executionId.value) == ("order-7", "e1")
    assert [e.WhichOneof("eventType") for e in request.pastEvents] == [
        "orchestratorStarted",
        "executionStarted",
    ]
    assert [e.WhichOneof("eventType") for e in request.newEvents] == [
        "orchestratorStarted",
        "eventRaised",
    ]
    assert not request.requiresHistoryStreaming
    assert not request.HasField("orchestrationTraceContext")


def test_the_entity_window_is_there_even_when_it_is_zero() -> None:
    request = item_of(turn(), history_streaming=False).orchestratorRequest
    assert request.entityParameters.HasField("entityMessageReorderWindow")


def test_the_orchestrations_span_comes_back() -> None:
    trace = Trace(trace_parent="p", span_id="s", activity_start_time="2026-01-01T00:00:00.1+00:00")
    started = ExecutionStarted(timestamp=Ticks(9), execution=Execution("o"), name="O", trace=trace)
    context = item_of(turn(started=started), history_streaming=False).orchestratorRequest
    assert context.orchestrationTraceContext.spanID.value == "s"
    assert context.orchestrationTraceContext.spanStartTime.nanos == 100_000_000


def test_only_a_rewind_shows_the_end() -> None:
    past = (STARTED, ExecutionCompleted(timestamp=Ticks(12), status=Status.Failed))
    ordinary = item_of(turn(past=past), history_streaming=False)
    rewind = item_of(
        turn(past=past, new=(BEGUN, ExecutionRewound(timestamp=Ticks(13)))), history_streaming=False
    )
    assert len(ordinary.orchestratorRequest.pastEvents) == 1
    assert len(rewind.orchestratorRequest.pastEvents) == 2


@pytest.mark.parametrize(
    ("past", "new", "streamed"),
    [
        ((), large(2 * STREAMED_ABOVE), False),
        ((large(STREAMED_ABOVE - 1_000),), BEGUN, False),
        ((large(STREAMED_ABOVE),), BEGUN, True),
        ((large(STREAMED_ABOVE - 1_000),), large(MOST_BYTES - STREAMED_ABOVE + 2_000), True),
    ],
    ids=["nothing past", "a small past", "a large past", "too large together"],
)
def test_a_worker_that_can_fetches_a_large_past_itself(
    past: tuple, new: EventRaised, streamed: bool
) -> None:
    work = turn(past=past, new=(BEGUN, new))
    request = item_of(work, history_streaming=True).orchestratorRequest
    assert request.requiresHistoryStreaming is streamed
    assert len(request.pastEvents) == (0 if streamed else len(past))
    other = item_of(work, history_streaming=False).orchestratorRequest
    assert not other.requiresHistoryStreaming
    assert len(other.pastEvents) == len(past)


def test_an_activity_is_sent_with_all_that_was_scheduled() -> None:
    task = TaskScheduled(
        event_id=4,
        timestamp=Ticks(1),
        name="reserve",
        version="2",
        input="",
        trace=Trace(trace_parent="p"),
        tags={"a": "b"},
    )
    work = ActivityWork(token="t2", instance_id="order-7", execution_id="e1", task=task)
    assert item_of(work, history_streaming=True) == pb.WorkItem(
        completionToken="t2",
        activityRequest=pb.ActivityRequest(
            name="reserve",
            version={"value": "2"},
            input={"value": ""},
            orchestrationInstance={"instanceId": "order-7", "executionId": {"value": "e1"}},
            taskId=4,
            parentTraceContext={"traceParent": "p"},
            tags={"a": "b"},
        ),
    )


def test_a_ping_carries_nothing() -> None:
    assert health_ping().WhichOneof("request") == "healthPing"
    assert health_ping().completionToken == ""


def test_a_maximum_of_zero_states_none() -> None:
    options = stream_options(pb.GetWorkItemsRequest(maxConcurrentActivityWorkItems=7), "w")
    assert options.max_orchestrations == options.max_entities == DEFAULT_MAXIMUM
    assert options.max_activities == 7
    assert (options.worker_id, options.history_streaming) == ("w", False)


def limits(orchestrations: int, activities: int, entities: int = 0) -> pb.GetWorkItemsRequest:
    return pb.GetWorkItemsRequest(
        maxConcurrentOrchestrationWorkItems=orchestrations,
        maxConcurrentActivityWorkItems=activities,
        maxConcurrentEntityWorkItems=entities,
    )


def test_the_python_sdk_is_told_from_programs_that_use_its_grpc_library() -> None:
    library = Caller(library="grpc-python/1.78.0 grpc-c/52.0.0 (linux; chttp2)")
    sdk = Caller(agent="durabletask-python/1.12.0", library=library.library)
    javascript = Caller(library="grpc-node-js/1.14.0")

    assert counting_of(limits(800, 800), library) is Counting.FROM_ONE_RETRIES_ALIKE
    assert counting_of(limits(10, 10, 10), library) is Counting.AS_STORED
    assert counting_of(limits(0, 10), library) is Counting.AS_STORED
    assert counting_of(limits(10, 10, 10), sdk) is Counting.FROM_ONE_RETRIES_ALIKE
    assert counting_of(limits(0, 0), javascript) is Counting.FROM_ONE


@pytest.mark.parametrize("filters", [None, pb.WorkItemFilters()], ids=["absent", "empty"])
def test_a_worker_without_filters_takes_everything(filters: pb.WorkItemFilters | None) -> None:
    request = pb.GetWorkItemsRequest(workItemFilters=filters)
    assert stream_options(request, "w").filters is None


def test_a_kind_that_the_filters_leave_out_is_not_taken() -> None:
    request = pb.GetWorkItemsRequest(workItemFilters={"orchestrations": [{"name": "Order"}]})
    assert stream_options(request, "w").filters == Filters(
        orchestrations={"Order": frozenset()}, activities={}, entities={}
    )


def test_filters_of_one_name_are_taken_together_and_entities_without_case() -> None:
    request = pb.GetWorkItemsRequest(
        workItemFilters={
            "orchestrations": [{"name": "O", "versions": ["1"]}, {"name": "O", "versions": ["2"]}],
            "activities": [
                {"name": "A", "versions": ["1"]},
                {"name": "A"},
                {"name": "A", "versions": ["2"]},
            ],
            "entities": [{"name": "Counter"}],
        }
    )
    assert stream_options(request, "w").filters == Filters(
        orchestrations={"O": frozenset({"1", "2"})},
        activities={"A": frozenset()},
        entities={"counter": frozenset()},
    )
