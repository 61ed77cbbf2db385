"""Retries: the same activity or child under another number, when its failure is known."""

from collections.abc import Sequence
from dataclasses import replace

from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
)
from durahub.engine.commit import Commit
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
from durahub.model.ticks import later
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

PAUSE = CreateTimer(id=1, fire_at=NOW)
RANG = TimerFired(timestamp=NOW, timer_id=1, fire_at=NOW)
PARENT = Parent(name="P", execution=Execution("parent", "a"), task_schedule_id=4)
AGAIN = replace(PARENT, task_schedule_id=6)


def retried(action: ScheduleTask | CreateSubOrchestration, failed: Event) -> Sequence[Commit]:
    """Return the commits of: the action; its failure and a timer; the timer and the action again."""
    one = ended(first_turn(), action)
    two = ended(turn_of(one.events, arrived(failed)), PAUSE)
    history = (*one.events, *two.events)
    return one, two, ended(turn_of(history, arrived(RANG)), replace(action, id=2))


def events_of(commits: Sequence[Commit]) -> tuple[Event, ...]:
    return tuple(event for commit in commits for event in commit.events)


def test_each_try_of_an_activity_answers_once() -> None:
    failed = TaskFailed(timestamp=NOW, task_scheduled_id=0, reason="no")
    history = events_of(retried(ScheduleTask(id=0, name="t"), failed))
    answer = TaskCompleted(timestamp=NOW, task_scheduled_id=2)

    assert len(verdict(history, arrived(answer)).take) == 1
    assert len(verdict(history, arrived(answer, key="a"), arrived(answer, key="b")).take) == 1
    assert verdict(history, arrived(replace(answer, task_scheduled_id=0))).take == []
    answered = (*history, *ended(turn_of(history, arrived(answer))).events)
    assert verdict(answered, arrived(answer)).take == []


def test_a_child_that_is_started_again_is_another_execution_of_the_same_instance() -> None:
    failed = SubOrchestrationInstanceFailed(timestamp=NOW, task_scheduled_id=0, reason="no")
    one, two, three = retried(CreateSubOrchestration(id=0, name="A", instance_id="c"), failed)
    history = events_of((one, two, three))

    first, again = one.outbound[0].event, three.outbound[0].event
    assert isinstance(first, ExecutionStarted)
    assert isinstance(again, ExecutionStarted)
    assert first.execution.instance_id == again.execution.instance_id == "c"
    assert first.execution.execution_id != again.execution.execution_id
    assert len(verdict(history, arrived(replace(failed, task_scheduled_id=2))).take) == 1


def test_a_child_runs_again_when_it_has_ended_and_not_before() -> None:
    retry = arrived(started(run=NEXT, parent=AGAIN))
    running = ended(first_turn(started(parent=PARENT))).events
    over = ended(first_turn(started(parent=PARENT)), Complete(id=1, status=Status.Failed)).events

    assert [delivery for delivery, _ in verdict(running, retry).defer] == [retry]
    judged = verdict(over, retry)
    assert judged.take == [retry]
    assert judged.start is not None
    assert turn_of(over, retry).replaces


def test_an_earlier_start_of_a_child_that_was_started_again_is_dropped() -> None:
    second = replace(started(run=NEXT, parent=AGAIN), timestamp=later(NOW, 1))
    late = arrived(started(parent=PARENT))
    history = ended(first_turn(second), Complete(id=1, status=Status.Failed)).events

    assert verdict(history, late).drop == [late]
    assert verdict(ended(first_turn(second)).events, late).drop == [late]
    assert verdict(history, late).replies == []


def test_a_start_of_a_turn_that_was_lost_does_not_keep_the_later_one_from_running() -> None:
    lost = started(run=NEXT, parent=AGAIN)
    sent_anew = arrived(replace(started(parent=PARENT), timestamp=later(NOW, 1)))
    history = ended(first_turn(lost), Complete(id=1, status=Status.Completed)).events

    assert verdict(history, sent_anew).take == [sent_anew]
