"""The events of a history fall into groups, each event into one."""

import pytest

from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    EventSent,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionSuspended,
    GenericEvent,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub_migrate.monitor.telling.grouping import groups_of
from tests.golden.recorded import HUBS, RecordedHub
from tests.monitor.telling.histories import (
    at,
    ended,
    live,
    of_kind,
    recorded,
    recorded_history,
    started,
    turn,
)

BROKE = Failure(error_type="ValueError", message="it broke")


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_event_of_a_recorded_history_is_in_one_group(hub: RecordedHub) -> None:
    for instance_id, history in recorded(hub):
        found = [number for group in groups_of(history) for number in group.events]
        assert sorted(found) == list(range(len(history.events))), instance_id


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_an_attempt_lies_within_the_events_of_its_group(hub: RecordedHub) -> None:
    for _, history in recorded(hub):
        for group in groups_of(history):
            for attempt in group.attempts:
                assert {attempt.first, attempt.last} <= set(group.events)


def test_a_recorded_fan_out_is_a_group_for_each_activity() -> None:
    groups = groups_of(recorded_history("finished", "fan-out"))
    activities = of_kind(groups, "activity")
    assert len(activities) == 50
    assert all(len(one.events) == 2 and one.outcome == "completed" for one in activities)
    assert {one.episode for one in activities} == {0}


def test_recorded_retries_are_one_group_with_the_pauses_between() -> None:
    groups = groups_of(recorded_history("finished", "retries"))
    (flaky,) = of_kind(groups, "activity")
    assert [one.outcome for one in flaky.attempts] == ["failed", "failed", "completed"]
    assert flaky.attempts[0].failure == "System.TimeoutException: flaky attempt"
    assert not of_kind(groups, "timer")
    assert (flaky.outcome, flaky.failure) == ("completed", None)


def test_a_recorded_lock_lasts_from_its_request_to_its_last_release() -> None:
    groups = groups_of(recorded_history("entities", "locked-and-released"))
    (lock,) = of_kind(groups, "lock")
    assert lock.name == "@counter@la, @counter@lb"
    assert lock.outcome == "completed"
    assert lock.events == (2, 5, 14, 15)
    assert lock.wait == pytest.approx(0.0968, abs=0.0001)
    assert [one.name for one in of_kind(groups, "entity-call")] == ["add", "add"]


def test_a_recorded_lock_that_is_held_is_open() -> None:
    (lock,) = of_kind(groups_of(recorded_history("entities", "holds-locks")), "lock")
    assert (lock.outcome, lock.end, lock.run) == ("open", None, None)


def test_a_recorded_rewind_has_the_rows_that_it_made_inert_and_what_woke_it() -> None:
    groups = groups_of(recorded_history("finished", "rewound"))
    (rewind,) = of_kind(groups, "rewind")
    assert (rewind.name, rewind.events, rewind.outcome) == ("try again", (2, 5, 6, 9), "completed")
    (activity,) = of_kind(groups, "activity")
    assert activity.events == (10, 13)


def test_a_rewind_that_a_childs_answer_went_on_from_is_complete() -> None:
    (rewind,) = of_kind(groups_of(recorded_history("edges", "rewound-with-children")), "rewind")
    assert (rewind.events, rewind.outcome) == ((6, 10), "completed")


def test_a_rewind_of_durahub_is_a_group_of_its_own() -> None:
    history = live(
        (*turn(0, started()), *turn(5, ExecutionRewound(timestamp=at(5), reason="again")))
    )
    (rewind,) = of_kind(groups_of(history), "rewind")
    assert (rewind.name, rewind.start, rewind.end) == ("again", at(5), at(5))


def test_a_wake_up_without_inert_rows_is_no_rewind() -> None:
    history = live(turn(0, started(), GenericEvent(timestamp=at(0), data="wake up")))
    assert not of_kind(groups_of(history), "rewind")


def test_a_recorded_suspension_lasts_until_its_end() -> None:
    (one,) = of_kind(groups_of(recorded_history("finished", "suspended-and-resumed")), "suspension")
    assert (one.name, one.events, one.outcome) == ("pause for lunch", (4, 10), "completed")


def test_a_suspension_without_an_end_is_open() -> None:
    suspended = ExecutionSuspended(timestamp=at(1), reason="wait")
    (one,) = of_kind(groups_of(live((*turn(0, started()), *turn(1, suspended)))), "suspension")
    assert (one.outcome, one.end) == ("open", None)


def test_a_resumption_without_a_suspension_is_kept() -> None:
    history = live((*turn(0, started()), *turn(1, ExecutionResumed(timestamp=at(1), reason="x"))))
    (one,) = of_kind(groups_of(history), "suspension")
    assert one.events == (4,)


def test_a_recorded_termination_is_the_end() -> None:
    (end,) = of_kind(groups_of(recorded_history("finished", "terminated")), "end")
    assert (end.name, end.outcome, end.events) == ("Terminated", "canceled", (4, 5))


def test_retries_under_the_number_of_the_first_try_are_one_group() -> None:
    history = live(
        (
            *turn(0, started(), TaskScheduled(timestamp=at(0), event_id=1, name="Charge")),
            *turn(
                1,
                TaskFailed(timestamp=at(1), task_scheduled_id=1, failure=BROKE),
                TimerCreated(timestamp=at(1), event_id=2, fire_at=at(6)),
            ),
            *turn(
                6,
                TimerFired(timestamp=at(1), timer_id=2, fire_at=at(6)),
                TaskScheduled(timestamp=at(6), event_id=1, name="Charge"),
            ),
            *turn(7, TaskCompleted(timestamp=at(7), task_scheduled_id=1)),
        )
    )
    groups = groups_of(history)
    (charge,) = of_kind(groups, "activity")
    assert [one.outcome for one in charge.attempts] == ["failed", "completed"]
    assert (charge.start, charge.end) == (at(0), at(7))
    assert not of_kind(groups, "timer")


def test_an_activity_in_the_pause_before_another_try_is_open() -> None:
    failed = (
        *turn(0, started(), TaskScheduled(timestamp=at(0), event_id=0, name="Charge")),
        *turn(
            1,
            TaskFailed(timestamp=at(1), task_scheduled_id=0, failure=BROKE),
            TimerCreated(timestamp=at(1), event_id=1, fire_at=at(6)),
        ),
        *turn(
            6,
            TimerFired(timestamp=at(1), timer_id=1, fire_at=at(6)),
            TaskScheduled(timestamp=at(6), event_id=2, name="Charge"),
        ),
        *turn(
            7,
            TaskFailed(timestamp=at(7), task_scheduled_id=2, failure=BROKE),
            TimerCreated(timestamp=at(7), event_id=3, fire_at=at(17)),
        ),
    )
    (charge,) = of_kind(groups_of(live(failed)), "activity")
    assert (charge.outcome, charge.due, charge.end) == ("open", at(17), None)
    assert charge.failure == "ValueError: it broke"


def test_a_timer_that_an_end_left_behind_is_canceled() -> None:
    history = live(
        turn(0, started(), TimerCreated(timestamp=at(0), event_id=0, fire_at=at(9)), ended(0))
    )
    (timer,) = of_kind(groups_of(history), "timer")
    assert (timer.outcome, timer.due, timer.end) == ("canceled", at(9), None)


def test_a_timer_ends_in_the_turn_that_it_began_not_when_it_was_set() -> None:
    history = live(
        (
            *turn(0, started(), TimerCreated(timestamp=at(0), event_id=0, fire_at=at(9))),
            *turn(12, TimerFired(timestamp=at(0), timer_id=0, fire_at=at(9))),
        )
    )
    (timer,) = of_kind(groups_of(history), "timer")
    assert (timer.outcome, timer.end) == ("fired", at(12))


def test_a_child_has_its_id_and_its_failure() -> None:
    created = SubOrchestrationInstanceCreated(
        timestamp=at(0), event_id=0, name="Ship", instance_id="ship/7"
    )
    failed = SubOrchestrationInstanceFailed(
        timestamp=at(3), task_scheduled_id=0, reason="no truck", details="none at all"
    )
    (child,) = of_kind(groups_of(live((*turn(0, started(), created), *turn(3, failed)))), "child")
    assert (child.instance_id, child.outcome, child.failure) == ("ship/7", "failed", "no truck")


def test_an_event_that_came_and_one_that_was_sent_are_groups() -> None:
    sent = EventSent(timestamp=at(0), event_id=0, instance_id="other", name="Ping")
    raised = EventRaised(timestamp=at(1), name="Approval")
    groups = groups_of(live((*turn(0, started(), sent), *turn(1, raised))))
    assert [(one.name, one.instance_id) for one in of_kind(groups, "sent")] == [("Ping", "other")]
    assert [one.name for one in of_kind(groups, "event")] == ["Approval"]


def test_an_answer_without_a_question_and_a_second_answer_are_kept() -> None:
    scheduled = TaskScheduled(timestamp=at(0), event_id=0, name="Charge")
    history = live(
        (
            *turn(0, started(), scheduled),
            *turn(
                1,
                TaskCompleted(timestamp=at(1), task_scheduled_id=0),
                TaskFailed(timestamp=at(2), task_scheduled_id=0, failure=BROKE),
                TaskCompleted(timestamp=at(3), task_scheduled_id=9),
            ),
        )
    )
    groups = groups_of(history)
    (charge,) = of_kind(groups, "activity")
    assert (charge.outcome, charge.end, charge.events) == ("completed", at(1), (2, 5, 6))
    assert [one.events for one in of_kind(groups, "other")][:-1] == [(7,)]


def test_the_turns_are_the_last_group() -> None:
    turns = groups_of(live((*turn(0, started()), *turn(5, ended(5)))))[-1]
    assert (turns.kind, turns.name, turns.events) == ("other", "turns", (0, 2, 3, 5))
    assert [one.scheduled for one in turns.attempts] == [at(0), at(5)]
