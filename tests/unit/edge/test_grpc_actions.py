"""A worker's answer, read as actions."""

import logging

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.actions import turn_result
from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TerminateOther,
)
from durahub.errors import BadInstanceId, BadRequest
from durahub.model.failure import Failure
from durahub.model.history import EventRaised, Execution, Status, Trace
from durahub.model.ticks import UNIX_EPOCH, Ticks

NOW = Ticks(77)
TRACE = {"traceParent": "00-a-b-01", "traceState": {"value": "s"}}


def read(**action: object) -> object:
    response = pb.OrchestratorResponse(actions=[pb.OrchestratorAction(id=5, **action)])
    return turn_result(response, NOW).actions[0]


def test_an_activity_is_scheduled_with_all_that_the_worker_says() -> None:
    sent = {
        "name": "reserve",
        "version": {"value": "2"},
        "input": {"value": ""},
        "tags": {"team": "blue"},
        "parentTraceContext": TRACE,
    }
    assert read(scheduleTask=sent) == ScheduleTask(
        id=5,
        name="reserve",
        version="2",
        input="",
        tags={"team": "blue"},
        trace=Trace(trace_parent="00-a-b-01", trace_state="s"),
    )


def test_what_the_worker_leaves_out_is_null() -> None:
    assert read(scheduleTask={"name": "reserve"}) == ScheduleTask(id=5, name="reserve")
    assert read(createSubOrchestration={"name": "K"}) == CreateSubOrchestration(id=5, name="K")


def test_a_timer_keeps_its_time_to_the_tick() -> None:
    action = read(createTimer={"fireAt": {"seconds": 1, "nanos": 199}})
    assert action == CreateTimer(id=5, fire_at=Ticks(UNIX_EPOCH + 10_000_001))


def test_a_child_is_started_with_all_that_the_worker_says() -> None:
    sent = {
        "instanceId": "kid",
        "name": "K",
        "version": {"value": ""},
        "input": {"value": "1"},
        "tags": {"a": "b"},
        "parentTraceContext": TRACE,
    }
    assert read(createSubOrchestration=sent) == CreateSubOrchestration(
        id=5,
        name="K",
        instance_id="kid",
        version="",
        input="1",
        tags={"a": "b"},
        trace=Trace(trace_parent="00-a-b-01", trace_state="s"),
    )


@pytest.mark.parametrize("execution_id", [None, ""])
def test_an_event_goes_to_whatever_execution_is_current(execution_id: str | None) -> None:
    target = pb.OrchestrationInstance(instanceId="other")
    if execution_id is not None:
        target.executionId.value = execution_id
    action = read(sendEvent={"instance": target, "name": "go", "data": {"value": "1"}})
    assert action == SendEvent(id=5, target=Execution("other"), name="go", input="1")


def test_an_event_may_go_to_an_entity_in_the_older_form() -> None:
    action = read(sendEvent={"instance": {"instanceId": "@counter@k"}, "name": "op"})
    assert action == SendEvent(id=5, target=Execution("@counter@k"), name="op")


def test_another_instance_can_be_terminated() -> None:
    sent = {"instanceId": "other", "reason": {"value": "r"}, "recurse": True}
    assert read(terminateOrchestration=sent) == TerminateOther(
        id=5, instance_id="other", reason="r", recurse=True
    )


def test_a_completion_keeps_its_failure_and_details() -> None:
    sent = {
        "orchestrationStatus": 3,
        "result": {"value": "m"},
        "details": {"value": "d"},
        "failureDetails": {"errorType": "E", "errorMessage": "m", "isNonRetriable": True},
    }
    assert read(completeOrchestration=sent) == Complete(
        id=5,
        status=Status.Failed,
        result="m",
        details="d",
        failure=Failure(error_type="E", message="m", non_retriable=True),
    )


def test_continue_as_new_carries_external_events_over_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    timed = pb.HistoryEvent(eventId=8, eventRaised={"name": "a", "input": {"value": "1"}})
    timed.timestamp.FromSeconds(2)
    sent = {
        "orchestrationStatus": 2,
        "newVersion": {"value": "3"},
        "carryoverEvents": [
            timed,
            pb.HistoryEvent(taskCompleted={}),
            pb.HistoryEvent(eventRaised={"name": "b"}),
        ],
    }
    with caplog.at_level(logging.WARNING):
        action = read(completeOrchestration=sent)
    assert action == Complete(
        id=5,
        status=Status.ContinuedAsNew,
        new_version="3",
        carry_over=(
            EventRaised(timestamp=Ticks(UNIX_EPOCH + 20_000_000), name="a", input="1"),
            EventRaised(timestamp=NOW, name="b"),
        ),
    )
    assert [(r.message, r.kind) for r in caplog.records] == [  # type: ignore[attr-defined]
        ("carried-event-dropped", "taskCompleted")
    ]


def test_the_rest_of_the_answer_is_kept() -> None:
    response = pb.OrchestratorResponse(customStatus={"value": ""}, numEventsProcessed={"value": 0})
    response.orchestrationTraceContext.spanID.value = "s"
    response.orchestrationTraceContext.spanStartTime.FromSeconds(0)
    result = turn_result(response, NOW)
    assert (result.custom_status, result.events_processed) == ("", 0)
    assert (result.span_id, result.span_start) == ("s", "1970-01-01T00:00:00+00:00")


def test_a_custom_status_that_is_left_out_is_cleared() -> None:
    result = turn_result(pb.OrchestratorResponse(), NOW)
    assert (result.custom_status, result.events_processed, result.span_id) == (None, None, None)


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"scheduleTask": {}},
        {"createTimer": {}},
        {"createSubOrchestration": {"instanceId": "kid"}},
        {"sendEvent": {"name": "go"}},
        {"sendEvent": {"instance": {"instanceId": "other"}}},
        {"terminateOrchestration": {}},
        {"completeOrchestration": {"orchestrationStatus": 0}},
        {"completeOrchestration": {"orchestrationStatus": 6}},
        {"completeOrchestration": {"orchestrationStatus": 99}},
        {"sendEntityMessage": {"entityOperationCalled": {}}},
        {"rewindOrchestration": {}},
    ],
    ids=str,
)
def test_an_action_that_means_nothing_here_is_refused(action: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        read(**action)


@pytest.mark.parametrize("instance_id", ["@counter@k", "x" * 300])
def test_a_child_needs_an_id_that_the_hub_accepts(instance_id: str) -> None:
    with pytest.raises(BadInstanceId):
        read(createSubOrchestration={"instanceId": instance_id, "name": "K"})
