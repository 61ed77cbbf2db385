"""Retries of the Python SDK: the same action again, under its old ID, when its failure is known."""

from collections.abc import Sequence
from dataclasses import replace

from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    TurnResult,
)
from durahub.engine.commit import Commit
from durahub.engine.turn import Turn, finish
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    Parent,
    Status,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TimerFired,
)
from tests.unit.engine.scenes import (
    NEXT,
    NOW,
    arrived,
    ended,
    first_turn,
    started,
    turn_of,
    verdict,
)

PAUSE = CreateTimer(id=2, fire_at=NOW)
RANG = TimerFired(timestamp=NOW, timer_id=2, fire_at=NOW)
PARENT = Parent(name="P", execution=Execution("parent", "a"), task_schedule_id=4)


def retried(action: ScheduleTask | CreateSubOrchestration, failed: Event) -> Sequence[Commit]:
    """Return the commits of: the action; its failure and a timer; the timer and the action again."""
    one = ended(first_turn(), action)
    two = ended(turn_of(one.events, arrived(failed)), PAUSE)
    history = (*one.events, *two.events)
    return one, two, ended(turn_of(history, arrived(RANG)), action)


def events_of(commits: Sequence[Commit]) -> tuple[Event, ...]:
    return tuple(event for commit in commits for event in commit.events)


def test_an_activity_that_is_scheduled_again_may_answer_again_and_once() -> None:
    failed = TaskFailed(timestamp=NOW, task_scheduled_id=1, reason="no")
    history = events_of(retried(ScheduleTask(id=1, name="t"), failed))
    answer = TaskCompleted(timestamp=NOW, task_scheduled_id=1)

    assert len(verdict(history, arrived(answer)).take) == 1
    assert len(verdict(history, arrived(answer, key="a"), arrived(answer, key="b")).take) == 1
    answered = (*history, *ended(turn_of(history, arrived(answer))).events)
    assert verdict(answered, arrived(answer)).take == []


def test_a_child_that_is_started_again_is_another_execution_of_the_same_instance() -> None:
    failed = SubOrchestrationInstanceFailed(timestamp=NOW, task_scheduled_id=1, reason="no")
    one, two, three = retried(CreateSubOrchestration(id=1, name="A"), failed)
    history = events_of((one, two, three))

    first, again = one.outbound[0].event, three.outbound[0].event
    assert isinstance(first, ExecutionStarted)
    assert isinstance(again, ExecutionStarted)
    assert first.execution.instance_id == again.execution.instance_id
    assert first.execution.execution_id != again.execution.execution_id
    assert (first.generation, again.generation) == (None, 1)
    assert len(verdict(history, arrived(failed)).take) == 1


def test_a_child_runs_again_when_it_has_ended_and_not_before() -> None:
    retry = arrived(replace(started(run=NEXT, parent=PARENT), generation=1))
    running = ended(first_turn(started(parent=PARENT))).events
    over = ended(first_turn(started(parent=PARENT)), Complete(id=1, status=Status.Failed)).events

    assert [delivery for delivery, _ in verdict(running, retry).defer] == [retry]
    judged = verdict(over, retry)
    assert judged.take == [retry]
    assert judged.start is not None
    assert turn_of(over, retry).replaces


def test_an_earlier_start_of_a_child_that_was_started_again_is_dropped() -> None:
    second = replace(started(run=NEXT, parent=PARENT), generation=1)
    late = arrived(started(parent=PARENT))
    history = ended(first_turn(second), Complete(id=1, status=Status.Failed)).events

    assert verdict(history, late).drop == [late]


def test_a_child_that_continued_as_new_knows_which_try_it_is() -> None:
    second = replace(started(run="second", parent=PARENT), generation=1)
    fresh = Complete(id=1, status=Status.ContinuedAsNew, result="2")

    following = finish(first_turn(second), TurnResult(actions=(fresh,)), NOW, NEXT)

    assert isinstance(following, Turn)
    assert following.started.generation == 1
