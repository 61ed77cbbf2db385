"""Sections 2.5.2, 2.5.5 and 3.4: how a child starts, whom it tells, what happens where its ID is taken."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from durahub.engine.actions import Complete, CreateSubOrchestration
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.inbox import CHILD_PATIENCE, Verdict
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
    ID,
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    row,
    started,
    verdict,
)

PARENT = Parent(name="P", version="2", execution=Execution("shop", "a"), task_schedule_id=4)
FAILURE = Failure(error_type="E", message="m")


def started_by(parent: Parent | None = PARENT, **more: object) -> ExecutionStarted:
    return replace(started(run=NEXT, parent=parent), **more)  # type: ignore[arg-type]


def live(**more: object) -> tuple[Event, ...]:
    """Return the history of a child that runs as the execution `RUN`."""
    return ended(first_turn(replace(started(parent=PARENT), **more))).events  # type: ignore[arg-type]


def over(
    status: Status = Status.Completed, result: str | None = '"r"', failure: Failure | None = None
) -> tuple[Event, ...]:
    end = Complete(id=1, status=status, result=result, failure=failure, details="d")
    return ended(first_turn(started(parent=PARENT)), end).events


def judged(history: Sequence[Event], start: ExecutionStarted, times: int = 1) -> Verdict:
    status = Status.Completed if history == over() else Status.Running
    return verdict(history, arrived(start, times=times), row=row(status))


def test_a_child_knows_its_parent_and_the_action_that_started_it() -> None:
    trace = Trace(trace_parent="00-aa-bb-01", trace_state="x=y")
    action = CreateSubOrchestration(
        id=11, name="Ship", version="3", input='"i"', tags={"b": "2"}, trace=trace
    )
    commit = ended(first_turn(started(tags={"a": "1"})), action)

    (message,) = commit.outbound
    child = message.event
    assert isinstance(child, ExecutionStarted)
    assert child.execution == message.target
    assert child.execution.instance_id == f"{ID}:000b"
    assert len(child.execution.execution_id or "") == 32
    assert child == ExecutionStarted(
        timestamp=commit.events[0].timestamp,
        execution=child.execution,
        name="Ship",
        version="3",
        input='"i"',
        tags={"a": "1", "b": "2"},
        trace=trace,
        parent=Parent(name="Order", version="", execution=Execution(ID, RUN), task_schedule_id=11),
    )
    assert message.tags == {"a": "1"}
    created = commit.events[2]
    assert created == SubOrchestrationInstanceCreated(
        event_id=11,
        timestamp=commit.events[0].timestamp,
        instance_id=f"{ID}:000b",
        name="Ship",
        version="3",
        client_span_id="bb",
        tags={"a": "1", "b": "2"},
    )


@pytest.mark.parametrize("trace", [None, Trace(trace_parent=None), Trace(trace_parent="odd")])
def test_without_a_readable_trace_the_row_of_a_child_names_no_span(trace: Trace | None) -> None:
    created = ended(first_turn(), CreateSubOrchestration(id=1, name="A", trace=trace)).events[2]

    assert isinstance(created, SubOrchestrationInstanceCreated)
    assert created.client_span_id is None


def answer_of_child(end: Complete, child: ExecutionStarted) -> list[Message]:
    return list(ended(first_turn(child), end).outbound)


def test_a_failed_child_gives_its_reason_and_details_only_where_it_has_no_failure() -> None:  # L-15
    failed = Complete(id=1, status=Status.Failed, failure=FAILURE, details="d")
    (message,) = answer_of_child(failed, started(parent=PARENT))
    assert isinstance(message.event, SubOrchestrationInstanceFailed)
    assert (message.event.reason, message.event.details) == ("m", None)
    assert message.event.failure == FAILURE

    plain = Complete(id=1, status=Status.Failed, result="said", details="d")
    (message,) = answer_of_child(plain, started(parent=PARENT))
    assert isinstance(message.event, SubOrchestrationInstanceFailed)
    assert (message.event.reason, message.event.details) == ("said", "d")


def test_a_terminated_child_never_reports_a_failure_object() -> None:  # F-4
    end = Complete(id=1, status=Status.Terminated, failure=FAILURE)
    (message,) = answer_of_child(end, started(parent=PARENT))

    assert isinstance(message.event, SubOrchestrationInstanceFailed)
    assert message.event.failure is None


def test_nobody_is_told_without_a_parent_or_when_canceled_or_detached() -> None:  # [28]
    done = Complete(id=1, status=Status.Completed)
    assert answer_of_child(done, started()) == []
    assert answer_of_child(replace(done, status=Status.Canceled), started(parent=PARENT)) == []
    assert answer_of_child(done, started(parent=PARENT, tags={FIRE_AND_FORGET: ""})) == []


def test_the_refusal_names_the_instance_and_may_be_retried() -> None:  # [27]
    stranger = Parent(name="P", execution=Execution("other", "b"), task_schedule_id=9)
    found = judged(live(), started_by(stranger))

    (message,) = found.replies
    event = message.event
    assert isinstance(event, SubOrchestrationInstanceFailed)
    assert event.failure is not None
    assert (event.failure.error_type, event.failure.non_retriable) == (
        "OrchestrationAlreadyExists",
        False,
    )
    assert ID in event.failure.message
    assert (event.task_scheduled_id, event.reason) == (9, event.failure.message)
    assert message.target == Execution("other", "b")


def test_a_detached_child_whose_id_is_taken_is_dropped_without_a_word() -> None:
    stranger = Parent(name="P", execution=Execution("other", "b"), task_schedule_id=9)
    found = judged(live(), started_by(stranger, tags={FIRE_AND_FORGET: ""}))

    assert (len(found.drop), found.replies) == (1, [])


def test_a_parents_other_child_under_the_id_waits_for_the_running_one_before_it_is_refused() -> (
    None
):
    sibling = replace(PARENT, task_schedule_id=5)
    next_generation = replace(PARENT, execution=Execution("shop", "b"))
    for parent in (sibling, next_generation):
        assert judged(live(), started_by(parent), CHILD_PATIENCE - 1).defer
        assert judged(live(), started_by(parent), CHILD_PATIENCE).replies
        assert judged(over(), started_by(parent)).start is not None


def test_a_start_sent_again_to_a_running_child_is_dropped_silently() -> None:
    for start in (started(parent=PARENT), started_by()):  # redelivered; sent again by .NET
        found = judged(live(), start)
        assert (len(found.drop), found.replies, found.take) == (1, [], [])


@pytest.mark.parametrize("redelivered", [True, False], ids=["the same execution", "another one"])
def test_a_child_that_has_ended_answers_again_when_it_is_started_again(redelivered: bool) -> None:
    # its first answer may have been given up: its parent had no history yet, and then died  # [22]
    start = started(parent=PARENT) if redelivered else started_by()
    found = judged(over(), start)

    (message,) = found.replies
    assert message.event == SubOrchestrationInstanceCompleted(
        timestamp=NOW, task_scheduled_id=4, result='"r"'
    )
    assert (message.target, message.sender) == (PARENT.execution, Execution(ID, RUN))
    assert message.episode == 1
    assert len(found.drop) == 1


def test_a_failed_child_answers_again_with_its_failure() -> None:
    failed = over(Status.Failed, None, FAILURE)
    (message,) = verdict(failed, arrived(started(parent=PARENT)), row=row(Status.Failed)).replies

    assert isinstance(message.event, SubOrchestrationInstanceFailed)
    assert message.event.failure == FAILURE


def test_a_root_that_is_started_again_tells_nobody() -> None:
    ended_root = ended(first_turn(), Complete(id=1, status=Status.Completed)).events
    assert verdict(ended_root, arrived(started()), row=row(Status.Completed)).replies == []


def test_of_two_starts_in_one_batch_the_second_waits() -> None:
    first, second = arrived(started_by(), key="1"), arrived(started_by(), key="2")
    found = verdict((), first, second)

    assert found.take == [first]
    assert found.defer == [(second, 1.0)]


def test_a_start_is_moved_in_front_of_the_messages_that_came_before_it() -> None:
    event, start = arrived(EventRaised(timestamp=NOW, name="e")), arrived(started_by())
    found = verdict((), event, start)

    assert found.take == [start, event]


def test_an_orchestration_that_an_entity_starts_for_later_waits_until_then() -> None:
    later_start = started(parent=PARENT, scheduled=later(NOW, 90))

    judged = verdict((), arrived(later_start))

    assert [(d.message.event, delay) for d, delay in judged.defer] == [(later_start, 90.0)]
    assert judged.start is None
    assert verdict((), arrived(started(parent=PARENT, scheduled=NOW))).start is not None
