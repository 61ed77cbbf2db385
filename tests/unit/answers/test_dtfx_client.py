"""What DTFx's client tells of an instance, beyond what the recorded hubs show."""

from dataclasses import replace

import pytest

from durahub.answers.dtfx_client import history_answer, instance_answer
from durahub.model.failure import Failure
from durahub.model.history import (
    Execution,
    ExecutionStarted,
    Parent,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    Trace,
)
from durahub.model.ticks import Ticks, parse
from durahub.stored import StoredEvent, StoredInstance

AT = parse("2026-03-01T10:00:00.1200000Z")
STORED = StoredInstance(
    instance_id="order/7",
    execution_id="e1",
    name="Order",
    version="",
    status="Running",
    created=AT,
    last_updated=AT,
    completed=None,
    scheduled_start=None,
    input='"x"',
    output=None,
    custom_status="null",
    tags=None,
    generation=None,
)


def test_times_of_the_state_have_seven_decimals_and_times_of_events_as_many_as_they_need() -> None:
    event = TaskCompleted(timestamp=AT, task_scheduled_id=0)
    answer = instance_answer(replace(STORED, history=(StoredEvent(event),)))

    assert answer["createdTime"] == "2026-03-01T10:00:00.1200000Z"
    assert answer["history"][0]["Timestamp"] == "2026-03-01T10:00:00.12Z"


def test_an_instance_without_a_generation_is_of_generation_0() -> None:
    assert instance_answer(STORED)["generation"] == 0


@pytest.mark.parametrize(
    ("word", "told"),
    [("ContinuedAsNew", "ContinuedAsNew"), ("Canceled", "Canceled"), ("Odd", "-1"), ("", "-1")],
)
def test_the_status_is_the_rows_word_if_dotnet_knows_it(word: str, told: str) -> None:
    assert instance_answer(replace(STORED, status=word))["status"] == told


def test_an_end_that_a_rewind_has_undone_is_still_told() -> None:
    answer = instance_answer(replace(STORED, completed=Ticks(AT + 1)))
    assert answer["completedTime"] == "2026-03-01T10:00:00.1200001Z"


def test_no_object_of_an_event_has_a_type() -> None:
    started = ExecutionStarted(
        timestamp=AT,
        execution=Execution("a", "e"),
        name="A",
        parent=Parent(name="P", execution=Execution("p", "pe"), task_schedule_id=3),
        tags={"team": "blue"},
        trace=Trace(trace_parent="00-1-2-00"),
    )
    failed = TaskFailed(
        timestamp=AT,
        task_scheduled_id=1,
        failure=Failure(error_type="E", message="m", inner=Failure(error_type="I", message="n")),
    )

    answer = history_answer([StoredEvent(started), StoredEvent(failed)])

    assert "$type" not in str(answer)
    assert answer[0]["ParentInstance"]["OrchestrationInstance"]["InstanceId"] == "p"
    assert answer[1]["FailureDetails"]["InnerFailure"]["ErrorType"] == "I"


def test_members_that_the_writer_did_not_know_are_not_told() -> None:
    scheduled = TaskScheduled(timestamp=AT, name="A")
    failed = TaskFailed(
        timestamp=AT, task_scheduled_id=1, failure=Failure(error_type="E", message="m")
    )

    new = history_answer([StoredEvent(scheduled), StoredEvent(failed)])
    old = history_answer(
        [
            StoredEvent(scheduled, frozenset({"Tags"})),
            StoredEvent(failed, frozenset({"Properties"})),
        ]
    )

    assert new[0].keys() - old[0].keys() == {"Tags"}
    assert new[1]["FailureDetails"].keys() - old[1]["FailureDetails"].keys() == {"Properties"}
