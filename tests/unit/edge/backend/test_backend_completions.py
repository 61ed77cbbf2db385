"""What workers of ``BackendService`` hand in: turns and entities' batches."""

import json

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.completions import entity_batch, history_result, joined
from durahub.engine.actions import SendEntityMessage
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.errors import BadRequest
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionStarted,
    Status,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import from_unix

NOW = from_unix(1_700_000_000)
GUID = "0b5cc9e3-6c1f-4d4c-8b8b-3a7d2f4e9a10"
ENTITY = Execution("@counter@a", "s1")


def sent(target: str, run: str = "", **arm: object) -> bs.OrchestratorMessage:
    instance = pb.OrchestrationInstance(instanceId=target)
    if run:
        instance.executionId.value = run
    return bs.OrchestratorMessage(instance=instance, event=pb.HistoryEvent(**arm))


def of_entity(message: bs.OrchestratorMessage) -> Message:
    request = bs.CompleteEntityWorkItemRequest(
        instanceId=ENTITY.instance_id,
        executionId=ENTITY.execution_id,
        numberOperationsExecuted=1,
        messages=[message],
    )
    [found] = entity_batch(request, NOW).messages
    assert found.sender == ENTITY
    return found


# --- turns ----------------------------------------------------------------------------------------


def test_timers_may_be_told_as_created_or_as_fired() -> None:
    request = bs.CompleteOrchestrationWorkItemRequest()
    created = request.newTimers.add(eventId=3)
    created.timerCreated.fireAt.FromSeconds(1_700_000_060)
    fired = request.newTimers.add(eventId=-1)
    fired.timerFired.timerId = 4
    fired.timerFired.fireAt.FromSeconds(1_700_000_060)
    due = from_unix(1_700_000_060)
    assert history_result(request, NOW).new_timers == (
        TimerCreated(event_id=3, timestamp=NOW, fire_at=due),
        TimerFired(timestamp=NOW, timer_id=4, fire_at=due),
    )


def test_what_is_not_said_is_not_made_up() -> None:
    result = history_result(bs.CompleteOrchestrationWorkItemRequest(), NOW)
    assert result.custom_status is None
    assert result.events_processed is None
    assert result.status is Status.Running


@pytest.mark.parametrize("field", ["newTasks", "newTimers"])
def test_an_event_in_the_wrong_place_is_refused(field: str) -> None:
    request = bs.CompleteOrchestrationWorkItemRequest()
    getattr(request, field).add(eventRaised=pb.EventRaisedEvent())
    with pytest.raises(BadRequest):
        history_result(request, NOW)


def test_a_message_without_a_receiver_is_refused() -> None:
    message = sent("", eventRaised=pb.EventRaisedEvent(name="Go"))
    with pytest.raises(BadRequest):
        history_result(bs.CompleteOrchestrationWorkItemRequest(newMessages=[message]), NOW)


def test_parts_make_one_whole() -> None:
    first = bs.CompleteOrchestrationWorkItemRequest(
        newHistory=[pb.HistoryEvent(eventId=1)],
        numEventsProcessed={"value": 3},
        orchestrationTraceContext=pb.OrchestrationTraceContext(spanID={"value": "s"}),
        isPartial=True,
    )
    last = bs.CompleteOrchestrationWorkItemRequest(
        newHistory=[pb.HistoryEvent(eventId=2)],
        newTasks=[pb.HistoryEvent(eventId=3)],
        customStatus={"value": '"s"'},
        runtimeStatus=pb.ORCHESTRATION_STATUS_COMPLETED,
        numEventsProcessed={"value": 0},
    )
    whole = joined([first, last])
    assert [event.eventId for event in whole.newHistory] == [1, 2]
    assert [event.eventId for event in whole.newTasks] == [3]
    assert whole.numEventsProcessed.value == 3
    assert whole.orchestrationTraceContext.spanID.value == "s"
    assert whole.customStatus.value == '"s"'
    assert whole.runtimeStatus == pb.ORCHESTRATION_STATUS_COMPLETED
    assert not whole.isPartial


def test_a_request_to_an_entity_in_the_history_is_not_sent_twice() -> None:
    called = pb.EntityOperationCalledEvent(
        requestId=GUID, operation="add", targetInstanceId={"value": "@counter@a"}
    )
    signal = pb.EntityOperationSignaledEvent(
        requestId=GUID, operation="add", targetInstanceId={"value": "@counter@a"}
    )
    request = bs.CompleteOrchestrationWorkItemRequest(
        newHistory=[pb.HistoryEvent(eventId=4, entityOperationCalled=called)],
        newMessages=[
            sent("@counter@a", entityOperationCalled=called),
            sent("@counter@a", entityOperationSignaled=signal),  # left no event
        ],
    )
    result = history_result(request, NOW)
    [action] = result.new_history
    assert isinstance(action, SendEntityMessage)
    assert (action.id, action.kind, action.target) == (4, "call", "@counter@a")
    assert [one.kind for one in result.sent if isinstance(one, SendEntityMessage)] == ["signal"]
    assert result.new_messages == ()


def test_an_answer_in_the_history_has_the_name_under_which_it_was_sent() -> None:
    granted = pb.EntityLockGrantedEvent(criticalSectionId=GUID.upper())
    request = bs.CompleteOrchestrationWorkItemRequest(
        newHistory=[pb.HistoryEvent(entityLockGranted=granted)]
    )
    [event] = history_result(request, NOW).new_history
    assert isinstance(event, EventRaised)
    assert event.name == GUID


# --- entities -------------------------------------------------------------------------------------


def test_a_batch_tells_how_many_were_executed_and_the_state() -> None:
    request = bs.CompleteEntityWorkItemRequest(numberOperationsExecuted=2)
    assert entity_batch(request, NOW).state is None
    request.entityState.value = ""
    batch = entity_batch(request, NOW)
    assert (batch.executed, batch.state, batch.messages) == (2, "", ())
    request.numberOperationsExecuted = -1
    with pytest.raises(BadRequest):
        entity_batch(request, NOW)


def test_a_result_is_stored_as_dtfx_stores_it() -> None:
    done = pb.EntityOperationCompletedEvent(requestId=GUID.upper(), output={"value": "4"})
    message = of_entity(sent("order-7", "e1", entityOperationCompleted=done))
    assert message.target == Execution("order-7", "e1")
    assert message.event == EventRaised(timestamp=NOW, name=GUID, input='{"result":"4"}')


def test_a_failure_is_stored_with_its_details() -> None:
    failed = pb.EntityOperationFailedEvent(
        requestId=GUID,
        failureDetails=pb.TaskFailureDetails(errorType="ValueError", errorMessage="too low"),
    )
    event = of_entity(sent("order-7", "e1", entityOperationFailed=failed)).event
    assert isinstance(event, EventRaised)
    text = json.loads(event.input or "")
    assert (text["result"], text["exceptionType"]) == ("too low", "ValueError")
    assert text["failureDetails"]["ErrorMessage"] == "too low"


def test_a_signal_to_another_entity_is_stored_as_its_request() -> None:
    signal = pb.EntityOperationSignaledEvent(requestId=GUID, operation="add", input={"value": "1"})
    message = of_entity(sent("@counter@b", entityOperationSignaled=signal))
    assert message.target == Execution("@counter@b")
    assert isinstance(message.event, EventRaised)
    assert message.event.name == "op"
    text = json.loads(message.event.input or "")
    assert (text["op"], text["signal"], text["input"], text["id"], text["parent"]) == (
        *("add", True, "1", GUID),
        ENTITY.instance_id,
    )


def test_a_signal_for_later_has_its_time_in_its_name() -> None:
    signal = pb.EntityOperationSignaledEvent(requestId=GUID, operation="add")
    signal.scheduledTime.FromSeconds(1_700_000_060)
    message = of_entity(sent("@counter@b", entityOperationSignaled=signal))
    assert isinstance(message.event, EventRaised)
    assert message.event.name == "op@2023-11-14T22:14:20.0000000Z"
    assert message.due == from_unix(1_700_000_060)


def test_an_orchestration_that_an_entity_starts_has_nobody_who_waits() -> None:
    start = pb.ExecutionStartedEvent(name="Order", input={"value": "1"})
    message = of_entity(sent("order-8", "e8", executionStarted=start))
    assert message.target == Execution("order-8", "e8")
    assert isinstance(message.event, ExecutionStarted)
    assert message.event.execution == Execution("order-8", "e8")
    assert message.event.parent is not None
    assert message.event.parent.execution == ENTITY
    assert FIRE_AND_FORGET in (message.event.tags or {})
