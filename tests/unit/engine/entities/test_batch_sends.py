"""What an entity sends at the end of a batch."""

from dataclasses import replace

import pytest

from durahub.engine.commit import Commit
from durahub.engine.entities.batch import finish_batch
from durahub.engine.entities.messages import Request, request_of, request_text
from durahub.engine.entities.work import (
    EntityAction,
    EntityBatchDone,
    EntityResult,
    OperationResult,
    SendSignal,
    StartOrchestration,
)
from durahub.errors import BadRequest
from durahub.model.failure import Failure
from durahub.model.history import EventRaised, Execution, ExecutionStarted, Parent, Trace
from durahub.model.message import Message
from durahub.model.ticks import later

from .counters import (
    CALLER,
    ENTITY,
    NOW,
    RUN,
    call,
    finished,
    guid,
    guids,
    sent,
    signal,
    state_of,
    told,
    turn_of,
)

TARGET = "@log@x"


def doing(*actions: EntityAction) -> Commit:
    answer = EntityResult(results=(OperationResult(),), state="1", actions=actions)
    return finished(turn_of((), sent(signal())), answer)


def written(*messages: Message) -> Commit:
    answer = EntityBatchDone(executed=1, state="1", messages=messages)
    return finished(turn_of((), sent(signal())), answer)


def only(commit: Commit) -> tuple[Message, Request]:
    (message,) = commit.outbound
    assert isinstance(message.event, EventRaised)
    return message, request_of(message.event.input)


# -- answers -------------------------------------------------------------------------------------


def test_a_call_is_answered_at_the_execution_that_made_it() -> None:
    commit = finished(turn_of((), sent(call("add", "4"))))
    (message,) = commit.outbound
    assert message.target == Execution(CALLER, RUN)
    assert message.sender == Execution(ENTITY, commit.execution_id)
    assert told(commit) == [(CALLER, guid(2), '{"result":"4"}')]


def test_a_failed_call_is_answered_with_all_of_the_failure() -> None:
    failure = Failure(error_type="ValueError", message="too low")
    answer = EntityResult(results=(OperationResult(failure=failure),), state=None)
    ((_, _, text),) = told(finished(turn_of((), sent(call())), answer))
    assert text is not None
    assert text.startswith('{"result":"too low","exceptionType":"ValueError","failureDetails":{')


def test_a_signal_is_not_answered_not_even_when_it_fails() -> None:
    failed = OperationResult(failure=Failure(error_type="ValueError", message="too low"))
    turn = turn_of((), sent(replace(call(), signal=True)))
    assert finished(turn, EntityResult(results=(failed,), state=None)).outbound == ()


def test_a_call_by_nobody_is_not_answered() -> None:
    request = Request(id=guid(1), operation="add")
    assert finished(turn_of((), sent(request))).outbound == ()


def test_messages_name_the_execution_that_ran_and_the_episode() -> None:
    first = finished(turn_of((), sent(signal())))
    (message,) = finished(turn_of(first.events, sent(call()))).outbound
    assert message.sender == Execution(ENTITY, first.execution_id)
    assert message.episode == 2


# -- signals -------------------------------------------------------------------------------------


def test_a_signal_names_the_entity_as_its_parent_and_no_execution() -> None:
    message, request = only(doing(SendSignal(target=TARGET, name="note", input='"x"')))
    assert message.target == Execution(TARGET)
    assert message.due is None
    assert request.signal
    assert (request.operation, request.input) == ("note", '"x"')
    assert (request.parent, request.parent_execution) == (ENTITY, None)
    assert request.timestamp.ticks == NOW


def test_signals_to_one_entity_are_in_order_across_batches() -> None:
    two = (SendSignal(target=TARGET, name="first"), SendSignal(target=TARGET, name="second"))
    commit = doing(*two)
    first, second = (request_of(text) for _, _, text in told(commit))
    assert second.predecessor == first.timestamp
    answer = EntityResult(results=(OperationResult(),), state="1", actions=two[:1])
    turn = turn_of(commit.events, sent(signal()))
    _, third = only(finished(turn, answer, now=later(NOW, 1)))
    assert third.predecessor == second.timestamp


def test_ids_of_signals_are_new() -> None:
    commit = doing(*(SendSignal(target=TARGET, name="note"),) * 3)
    assert len({request_of(text).id for _, _, text in told(commit)}) == 3


def test_a_scheduled_signal_is_due_later_and_has_no_label() -> None:
    due = later(NOW, 60)
    commit = doing(SendSignal(target=TARGET, name="note", scheduled=due))
    message, request = only(commit)
    assert message.due == due
    assert isinstance(message.event, EventRaised)
    assert message.event.name == "op@2026-11-21T12:01:00.0000000Z"
    assert request.due == due
    assert request.timestamp.ticks == 0
    assert state_of(commit).sorting.sent is None


def test_a_traced_signal_carries_its_context() -> None:
    trace = Trace(trace_parent="00-aa-bb-01")
    _, request = only(doing(SendSignal(target=TARGET, name="note", trace=trace, requested=NOW)))
    assert (request.trace, request.requested) == (trace, NOW)


# -- orchestrations ------------------------------------------------------------------------------


def test_an_orchestration_is_started_that_nobody_waits_for() -> None:
    commit = doing(
        SendSignal(target=TARGET, name="note"),
        StartOrchestration(name="Order", instance_id="order-9", input="7", version="2"),
    )
    message = commit.outbound[1]
    started = message.event
    assert isinstance(started, ExecutionStarted)
    assert message.target == started.execution
    assert started.execution.instance_id == "order-9"
    assert (started.name, started.version, started.input) == ("Order", "2", "7")
    assert started.tags == {"FireAndForget": ""}
    assert started.parent == Parent(
        name=ENTITY,
        version="",
        execution=Execution(ENTITY, commit.execution_id),
        task_schedule_id=1,  # one message was sent before
    )
    assert message.tags is None


def test_an_orchestration_without_an_id_gets_one_and_each_its_own_execution() -> None:
    commit = doing(StartOrchestration(name="Order"), StartOrchestration(name="Order"))
    one, other = (message.target for message in commit.outbound)
    assert one.instance_id
    assert one.instance_id != other.instance_id
    assert one.execution_id != other.execution_id


def test_a_lost_batch_starts_the_same_execution_again() -> None:
    start = StartOrchestration(name="Order", instance_id="order-9")
    answer = EntityResult(results=(OperationResult(),), state="1", actions=(start,))
    turn = turn_of((), sent(signal()))
    new_id = guids()
    first = finish_batch(turn, answer, NOW, new_id)
    again = finish_batch(turn, answer, later(NOW, 5), new_id)
    assert first.outbound[0].target == again.outbound[0].target


def test_a_scheduled_orchestration_is_due_at_its_time() -> None:
    due = later(NOW, 60)
    (message,) = doing(StartOrchestration(name="Order", scheduled=due)).outbound
    assert message.due == due
    assert isinstance(message.event, ExecutionStarted)
    assert message.event.scheduled_start == due


# -- what a DTFx worker has written --------------------------------------------------------------


def test_what_a_dtfx_worker_sends_to_entities_is_labelled() -> None:
    text = request_text(Request(id=guid(9), operation="note", signal=True, parent=ENTITY))
    message = Message(
        event=EventRaised(timestamp=NOW, name="op", input=text), target=Execution(TARGET)
    )
    commit = written(message, message)
    first, second = (request_of(text) for _, _, text in told(commit))
    assert first.timestamp.ticks == NOW
    assert second.predecessor == first.timestamp
    assert first.parent == ENTITY
    assert commit.outbound[0].sender == Execution(ENTITY, commit.execution_id)


def test_the_parent_of_what_it_sends_is_the_entity_without_an_execution() -> None:
    text = request_text(
        Request(id=guid(9), operation="note", signal=True, parent="odd", parent_execution="run-1")
    )
    message = Message(
        event=EventRaised(timestamp=NOW, name="op", input=text), target=Execution(TARGET)
    )
    _, request = only(written(message))
    assert (request.parent, request.parent_execution) == (ENTITY, None)


def test_its_answers_and_starts_are_sent_as_they_are() -> None:
    answer = Message(
        event=EventRaised(timestamp=NOW, name=guid(2), input='{"result":"1"}'),
        target=Execution(CALLER, RUN),
    )
    (message,) = written(answer).outbound
    assert message.event == answer.event
    assert message.target == answer.target


def test_its_delayed_signals_are_due_later() -> None:
    due = later(NOW, 60)
    text = request_text(Request(id=guid(9), operation="note", signal=True, due=due))
    name = "op@2026-11-21T12:01:00.0000000Z"
    message, request = only(
        written(
            Message(
                event=EventRaised(timestamp=NOW, name=name, input=text), target=Execution(TARGET)
            )
        )
    )
    assert message.due == due
    assert request.timestamp.ticks == 0


def test_an_unreadable_message_to_an_entity_is_an_error_of_the_worker() -> None:
    message = Message(
        event=EventRaised(timestamp=NOW, name="op", input="{"), target=Execution(TARGET)
    )
    with pytest.raises(BadRequest):
        written(message)


@pytest.mark.parametrize("executed", [0, 2])
def test_it_cannot_have_executed_none_or_more_than_there_were(executed: int) -> None:
    turn = turn_of((), sent(signal()))
    with pytest.raises(BadRequest):
        finished(turn, EntityBatchDone(executed=executed, state="1"))


def test_the_operations_that_it_left_stay_in_the_queue() -> None:
    turn = turn_of((), sent(signal(number=1)), sent(signal(number=2)))
    commit = finished(turn, EntityBatchDone(executed=1, state="5"))
    assert state_of(commit).state == "5"
    assert [request.id for request in state_of(commit).queue] == [guid(2)]
