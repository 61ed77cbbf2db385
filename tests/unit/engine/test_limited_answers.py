"""What becomes of a worker's answer that is over a limit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.answers import ActivityResult
from durahub.engine.dtfx_turn import HistoryResult, Posted
from durahub.engine.entities.work import (
    EntityBatchDone,
    EntityResult,
    OperationResult,
    SendSignal,
    StartOrchestration,
)
from durahub.engine.limited_answers import (
    ERROR_TYPE,
    limited_activity,
    limited_entity,
    limited_turn,
)
from durahub.engine.limits import CLASSIC, DTS, MIB
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    Status,
    TaskScheduled,
)
from durahub.model.ticks import Ticks

BIG = "x" * (MIB + 1)
TARGET = Execution("other")


def test_a_turn_within_the_limits_is_left_as_it_is() -> None:
    result = TurnResult(
        actions=(ScheduleTask(id=1, name="A", input="x"), Complete(id=2, status=Status.Completed)),
        custom_status="busy",
    )
    assert limited_turn(DTS, result) is result


@pytest.mark.parametrize(
    ("action", "named"),
    [
        (ScheduleTask(id=4, name="Pay", input=BIG), "the input of activity 'Pay'"),
        (CreateSubOrchestration(id=4, name="Sub", input=BIG), "the input of orchestration 'Sub'"),
        (
            CreateSubOrchestration(id=4, name="Sub", tags={"t": "x" * 2000}),
            "the tags of orchestration 'Sub'",
        ),
        (CreateSubOrchestration(id=4, name="Sub", instance_id="x" * 101), "101 characters"),
        (SendEvent(id=4, target=TARGET, name="Ping", input=BIG), "the data of event 'Ping'"),
        (Complete(id=4, status=Status.Completed, result=BIG), "the output"),
        (
            Complete(id=4, status=Status.ContinuedAsNew, result=BIG),
            "the input of the next execution",
        ),
        (
            Complete(
                id=4,
                status=Status.ContinuedAsNew,
                carry_over=(EventRaised(timestamp=Ticks(0), name="E", input=BIG),),
            ),
            "the data of event 'E'",
        ),
    ],
)
def test_an_action_over_a_limit_fails_the_orchestration_and_nothing_else_is_done(
    action: Any, named: str
) -> None:
    result = TurnResult(
        actions=(ScheduleTask(id=3, name="Small"), action), custom_status="kept", events_processed=2
    )

    bounded = limited_turn(DTS, result)

    assert isinstance(bounded, TurnResult)
    (end,) = bounded.actions
    assert isinstance(end, Complete)
    assert end.status is Status.Failed
    assert end.result is None
    assert end.id == (4 if isinstance(action, Complete) else 5)
    assert end.failure is not None
    assert end.failure.error_type == ERROR_TYPE
    assert end.failure.non_retriable
    assert named in end.failure.message
    assert "xxx" not in end.failure.message.replace(getattr(action, "instance_id", "") or "?", "")
    assert (bounded.custom_status, bounded.events_processed) == ("kept", 2)


def test_a_custom_status_over_the_limit_fails_the_orchestration_and_is_dropped() -> None:
    bounded = limited_turn(DTS, TurnResult(actions=(), custom_status=BIG))

    (end,) = bounded.actions
    assert isinstance(end, Complete)
    assert (end.id, end.status) == (0, Status.Failed)
    assert bounded.custom_status is None


@given(st.lists(st.sampled_from([BIG, "small", None]), max_size=4))
def test_what_a_turn_becomes_is_within_the_limits_itself(inputs: list[str | None]) -> None:
    actions = tuple(ScheduleTask(id=n, name="A", input=text) for n, text in enumerate(inputs))
    bounded = limited_turn(DTS, TurnResult(actions=actions))

    assert limited_turn(DTS, bounded) is bounded
    assert (bounded.actions == actions) == (BIG not in inputs)


def test_an_activity_result_over_the_limit_fails_the_activity_for_good() -> None:
    bounded = limited_activity(DTS, ActivityResult(BIG))

    assert bounded.result is None
    assert bounded.failure is not None
    assert bounded.failure.non_retriable
    assert "the output of the activity has 1048577 bytes" in bounded.failure.message


def test_a_failed_activity_stays_as_it_failed() -> None:
    failed = ActivityResult(BIG, Failure(error_type="E", message="m"))
    assert limited_activity(DTS, failed) is failed
    assert limited_activity(CLASSIC, ActivityResult(BIG)).result == BIG


def test_a_result_of_an_operation_over_the_limit_fails_that_operation_alone() -> None:
    answer = EntityResult(
        results=(OperationResult(result="1"), OperationResult(result=BIG)), state="2"
    )

    bounded = limited_entity(DTS, answer, "0")

    assert isinstance(bounded, EntityResult)
    assert bounded.state == "2"
    assert bounded.results[0].result == "1"
    assert bounded.results[1].failure is not None


@pytest.mark.parametrize(
    "faulty",
    [
        {"state": BIG},
        {"state": "1", "actions": (SendSignal(target="@a@b", name="S", input=BIG),)},
        {"state": "1", "actions": (SendSignal(target=f"@a@{'b' * 99}", name="S"),)},
        {"state": "1", "actions": (StartOrchestration(name="O", input=BIG),)},
        {"state": "1", "actions": (StartOrchestration(name="O", instance_id="ä"),)},
    ],
)
def test_a_state_or_a_message_of_an_entity_over_the_limit_undoes_the_whole_batch(
    faulty: dict[str, Any],
) -> None:
    answer = EntityResult(results=(OperationResult(result="1"),) * 2, **faulty)

    bounded = limited_entity(DTS, answer, "before")

    assert isinstance(bounded, EntityResult)
    assert bounded.state == "before"
    assert bounded.actions == ()
    assert [one.result for one in bounded.results] == [None, None]
    assert all(one.failure and one.failure.non_retriable for one in bounded.results)


def test_what_a_dtfx_worker_has_answered_itself_stands() -> None:
    done = EntityBatchDone(executed=1, state=BIG)
    assert limited_entity(DTS, done, "before") is done


NOW = Ticks(0)


def child(instance_id: str = "child", text: str | None = None) -> Posted:
    execution = Execution(instance_id, "x")
    event = ExecutionStarted(timestamp=NOW, execution=execution, name="Sub", version="", input=text)
    return Posted(execution, event)


@pytest.mark.parametrize(
    ("faulty", "named"),
    [
        ({"custom_status": BIG}, "the custom status"),
        (
            {"new_tasks": (TaskScheduled(event_id=3, timestamp=NOW, name="Pay", input=BIG),)},
            "the input of activity 'Pay'",
        ),
        ({"new_messages": (child(text=BIG),)}, "the input of orchestration 'Sub'"),
        ({"new_messages": (child("x" * 101),)}, "101 characters"),
        (
            {"new_messages": (Posted(TARGET, EventRaised(timestamp=NOW, name="E", input=BIG)),)},
            "the data of event 'E'",
        ),
        ({"sent": (SendEvent(id=1, target=TARGET, name="E", input=BIG),)}, "the data of event 'E'"),
        (
            {
                "new_history": (
                    ExecutionCompleted(
                        event_id=7, timestamp=NOW, status=Status.Completed, result=BIG
                    ),
                )
            },
            "the output",
        ),
    ],
)
def test_a_history_over_a_limit_fails_the_orchestration_and_none_of_it_is_written(
    faulty: dict[str, Any], named: str
) -> None:
    bounded = limited_turn(DTS, HistoryResult(**({"new_history": ()} | faulty)))

    assert isinstance(bounded, TurnResult)
    (end,) = bounded.actions
    assert isinstance(end, Complete)
    assert end.status is Status.Failed
    assert end.failure is not None
    assert named in end.failure.message


def test_a_history_within_the_limits_is_left_as_it_is() -> None:
    result = HistoryResult(new_history=(), new_messages=(child(),))
    assert limited_turn(DTS, result) is result
