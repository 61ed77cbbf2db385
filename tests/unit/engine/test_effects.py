"""Sections 2.4 and 2.5: what each action writes and sends."""

from dataclasses import replace

import pytest

from durahub.engine.actions import (
    Complete,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.answers import ActivityResult, answer
from durahub.engine.commit import Delivery
from durahub.engine.state import read
from durahub.engine.turn import Outcome, Turn, finish
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
    Trace,
)
from durahub.model.message import CLIENT, Message
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
    ID,
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    started,
    turn_of,
    verdict,
)

ME = Execution(ID, RUN)
TRACE = Trace(trace_parent="00-aa-bb-01", trace_state="x=y")


def test_an_activity_has_the_tags_of_its_action_and_its_message_those_of_the_instance() -> None:
    action = ScheduleTask(id=3, name="t", version="2", input="[1]", tags={"a": "1"}, trace=TRACE)
    commit = ended(first_turn(started(tags={"team": "blue"})), action)

    scheduled = TaskScheduled(
        event_id=3, timestamp=NOW, name="t", version="2", tags={"a": "1"}, trace=TRACE
    )
    assert commit.events[2] == scheduled
    assert commit.activities == (
        Message(
            event=replace(scheduled, input="[1]"),
            target=ME,
            sender=ME,
            episode=1,
            tags={"team": "blue"},
        ),
    )
    assert commit.outbound == ()


@pytest.mark.parametrize("seconds", [-60.0, 0.0, 3600.0 * 24 * 30])
def test_a_timer_may_be_as_far_away_as_it_likes_and_in_the_past(seconds: float) -> None:
    due = later(NOW, seconds)
    commit = ended(first_turn(), CreateTimer(id=1, fire_at=due))

    assert commit.events[2] == TimerCreated(event_id=1, timestamp=NOW, fire_at=due)
    (message,) = commit.outbound
    assert (message.due, message.tags) == (due, None)
    fired = Delivery("k", "q", message)
    judged = verdict(commit.events, fired)
    assert judged.take == ([fired] if seconds <= 0 else [])


def test_an_event_goes_to_the_execution_that_the_action_names_or_to_any() -> None:
    anyone = SendEvent(id=1, target=Execution("other"), name="Go", input="1")
    one = SendEvent(id=2, target=Execution("other", "x"), name="Go")
    commit = ended(first_turn(), anyone, one)

    assert [message.target.execution_id for message in commit.outbound] == [None, "x"]
    assert commit.outbound[0].event == EventRaised(timestamp=NOW, name="Go", input="1")
    assert commit.events[2] == EventSent(
        event_id=1, timestamp=NOW, instance_id="other", name="Go", input="1"
    )


def test_the_actions_of_the_last_episode_are_real() -> None:
    commit = ended(
        first_turn(),
        Complete(id=1, status=Status.Completed),
        ScheduleTask(id=2, name="t"),
        SendEvent(id=3, target=Execution("other"), name="Go"),
    )
    assert (len(commit.activities), len(commit.outbound)) == (1, 1)


def test_a_commit_names_the_execution_that_it_writes() -> None:
    assert ended(first_turn()).execution == ME


def test_messages_count_the_episodes_of_their_execution() -> None:
    one = ended(first_turn(), ScheduleTask(id=1, name="t"))
    event = arrived(EventRaised(timestamp=NOW, name="e"))
    two = ended(turn_of(one.events, event), ScheduleTask(id=2, name="t"))

    assert [commit.activities[0].episode for commit in (one, two)] == [1, 2]


def test_a_result_is_kept_apart_from_none_and_empty() -> None:  # L-12
    for result in (None, "", '""'):
        commit = ended(first_turn(), Complete(id=1, status=Status.Completed, result=result))
        end = commit.events[-2]
        assert isinstance(end, ExecutionCompleted)
        assert (end.result, commit.instance.output) == (result, result)


def test_a_completion_may_bring_the_id_minus_one_or_one_that_another_action_has() -> None:  # 1.2
    unlock = SendEvent(id=4, target=Execution("@lock@a"), name="release")
    commit = ended(first_turn(), unlock, Complete(id=4, status=Status.Completed))
    assert [event.event_id for event in commit.events[2:4]] == [4, 4]

    failed = ended(first_turn(), Complete(id=-1, status=Status.Failed))
    assert failed.events[-2].event_id == -1


# -- the orchestration's own span --------------------------------------------------------------


def spanned(turn: Turn) -> Outcome:
    result = TurnResult(actions=(), span_id="cc", span_start="2026-11-21T12:00:00+00:00")
    outcome = finish(turn, result, NOW, NEXT)
    assert isinstance(outcome, Outcome)
    return outcome


def test_the_first_commit_notes_the_orchestrations_span_in_its_start() -> None:  # 7.5
    commit = spanned(first_turn(replace(started(), trace=TRACE))).commit
    start = commit.events[1]

    assert isinstance(start, ExecutionStarted)
    assert start.trace == replace(
        TRACE, span_id="cc", activity_start_time="2026-11-21T12:00:00+00:00"
    )
    assert commit.instance.started == start


def test_a_span_without_a_trace_or_in_a_later_episode_is_not_written() -> None:
    assert spanned(first_turn()).commit.events[1] == started()
    traced = ended(first_turn(replace(started(), trace=TRACE))).events
    later_turn = turn_of(traced, arrived(EventRaised(timestamp=NOW, name="e")))
    assert [type(event) for event in spanned(later_turn).commit.events] == [
        *(OrchestratorStarted, EventRaised, OrchestratorCompleted)
    ]


# -- what DTFx writes by itself ----------------------------------------------------------------


def test_the_timer_with_which_dtfx_splits_an_episode_fires_each_time() -> None:  # id −100
    def split(events: tuple[object, ...]) -> tuple[object, ...]:
        created = TimerCreated(event_id=-100, timestamp=NOW, fire_at=NOW)
        return (*events, created, OrchestratorCompleted(timestamp=NOW))

    fired = arrived(TimerFired(timestamp=NOW, timer_id=-100, fire_at=NOW), run=RUN)
    once = split(ended(first_turn()).events)
    assert verdict(once, fired).take == [fired]  # type: ignore[arg-type]

    twice = split((*once, *ended(turn_of(once, fired)).events))  # type: ignore[arg-type]
    assert verdict(twice, fired).take == [fired]  # type: ignore[arg-type]
    assert read(once).action_ids == {-100}  # type: ignore[arg-type]


# -- activities --------------------------------------------------------------------------------

ACTIVITY = Message(
    event=TaskScheduled(event_id=3, timestamp=NOW, name="t"), target=ME, sender=ME, episode=2
)


def test_an_activitys_result_goes_to_the_execution_that_scheduled_it() -> None:  # 6.1
    for result in ('"r"', None):
        assert answer(ACTIVITY, ActivityResult(result), later(NOW, 1)) == Message(
            event=TaskCompleted(timestamp=later(NOW, 1), task_scheduled_id=3, result=result),
            target=ME,
            sender=ME,
            episode=2,
        )


def test_a_failed_activity_has_its_message_as_reason_and_no_result() -> None:  # F-1
    failure = Failure(error_type="ValueError", message="bad", non_retriable=True)
    message = answer(ACTIVITY, ActivityResult("ignored", failure), NOW)

    assert message.event == TaskFailed(
        timestamp=NOW, task_scheduled_id=3, reason="bad", failure=failure
    )


def test_an_activity_without_an_episode_is_answered_with_minus_one() -> None:
    foreign = replace(ACTIVITY, episode=None, sender=CLIENT)
    assert answer(foreign, ActivityResult(), NOW).episode == -1
