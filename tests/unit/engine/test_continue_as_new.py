"""Continue-as-new: one work item, several generations, of which only the last is written."""

from dataclasses import replace

import pytest

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.commit import Delivery
from durahub.engine.turn import Outcome, Turn, finish, next_execution_id
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorStarted,
    Parent,
    Status,
    TaskCompleted,
    Trace,
)
from durahub.model.ticks import MINIMUM, Ticks, later
from tests.unit.engine.scenes import (
    ID,
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    kinds,
    row,
    started,
    turn_of,
    verdict,
)

AGAIN = Complete(id=9, status=Status.ContinuedAsNew, result='"next"')


def continued(
    turn: Turn,
    *actions: Action,
    end: Complete = AGAIN,
    status: str | None = None,
    run: str = NEXT,
    now: Ticks = NOW,
) -> Turn:
    result = TurnResult(actions=(*actions, end), custom_status=status)
    following = finish(turn, result, now, run)
    assert isinstance(following, Turn)
    return following


def raised(name: str) -> Delivery:
    return arrived(EventRaised(timestamp=NOW, name=name, input="1"), key=name)


def test_the_new_start_copies_name_tags_parent_and_trace_and_nothing_of_the_old_schedule() -> None:
    parent = Parent(name="P", execution=Execution("shop", "a"), task_schedule_id=4)
    trace = Trace(trace_parent="00-aa-bb-01", trace_state="x=y", span_id="cc")
    old = replace(
        started(parent=parent, tags={"team": "blue"}, scheduled=later(NOW, -5)),
        trace=trace,
        correlation="old",
        version="1",
    )
    turn = continued(first_turn(old))

    assert turn.started == ExecutionStarted(
        timestamp=turn.new[0].timestamp,
        execution=Execution(ID, NEXT),
        name="Order",
        version="1",
        input='"next"',
        tags={"team": "blue"},
        parent=parent,
        trace=trace,
    )


def test_a_new_version_is_taken_over_even_an_empty_one() -> None:
    versioned = first_turn(replace(started(), version="1"))

    assert continued(versioned, end=replace(AGAIN, new_version="2")).started.version == "2"
    assert continued(versioned, end=replace(AGAIN, new_version="")).started.version == ""
    assert continued(versioned).started.version == "1"


def test_carried_events_keep_their_time_or_get_the_present_one() -> None:  # L-14
    old = EventRaised(timestamp=later(NOW, -60), name="A", event_id=7)
    timeless = EventRaised(timestamp=MINIMUM, name="B")
    turn = continued(first_turn(), end=replace(AGAIN, carry_over=(old, timeless)))

    first, second = turn.new[2:4]
    assert (first.event_id, first.timestamp) == (-1, old.timestamp)
    assert second.timestamp == turn.new[0].timestamp


def test_a_carried_event_is_spelled_as_it_was_raised() -> None:
    folded = EventRaised(timestamp=NOW, name="approval", input="1")
    turn = continued(first_turn(None, raised("Approval")), end=replace(AGAIN, carry_over=(folded,)))

    (event,) = [one for one in turn.new if isinstance(one, EventRaised)]
    assert event.name == "Approval"


def test_a_generation_without_actions_has_one_closing_row() -> None:
    assert kinds(ended(continued(first_turn())).events) == [
        *("OrchestratorStarted", "ExecutionStarted", "OrchestratorCompleted")
    ]


def test_everything_that_all_generations_sent_goes_out_in_their_order() -> None:  # [16]
    def sends(number: int) -> tuple[Action, Action]:
        event = SendEvent(id=1, target=Execution("other"), name=f"event-{number}")
        return event, ScheduleTask(id=2, name=f"task-{number}")

    second = continued(first_turn(), *sends(1))
    third = continued(second, *sends(2), run="third")
    commit = ended(third, *sends(3))

    assert [m.event.name for m in commit.outbound] == ["event-1", "event-2", "event-3"]  # type: ignore[union-attr]
    assert [m.event.name for m in commit.activities] == ["task-1", "task-2", "task-3"]  # type: ignore[union-attr]
    assert [m.target.execution_id for m in commit.activities] == [RUN, NEXT, "third"]
    assert (commit.execution_id, commit.base) == ("third", first_turn().base)
    assert len(commit.consumed) == 1


@pytest.mark.parametrize(
    ("statuses", "stored"),
    [
        ((None, None), None),
        (('"a"', None), '"a"'),
        (('"a"', '"b"'), '"b"'),
        (('"a"', None, None), '"a"'),
        (('"a"', '"b"', None), '"b"'),
        ((None, '"b"', None), '"b"'),
    ],
)
def test_a_custom_status_is_inherited_from_generation_to_generation(  # [19]
    statuses: tuple[str | None, ...], stored: str | None
) -> None:
    turn = first_turn()
    for status in statuses[:-1]:
        turn = continued(turn, status=status)

    assert ended(turn, status=statuses[-1]).instance.custom_status == stored


def test_the_episode_after_a_continue_as_new_clears_the_custom_status_if_it_sets_none() -> None:
    one = ended(continued(first_turn(), status='"a"'))  # [19]
    two = ended(turn_of(one.events, raised("x")))

    assert (one.instance.custom_status, two.instance.custom_status) == ('"a"', None)


def test_an_event_to_itself_reaches_the_new_generation() -> None:  # [15] [18]
    own = SendEvent(id=1, target=Execution(ID), name="Again", input="1")
    commit = ended(continued(first_turn(), own))
    (message,) = commit.outbound

    assert verdict(commit.events, Delivery("k", "q", message)).take[0].message is message


def test_an_answer_to_the_old_generation_is_dropped_by_the_new_one() -> None:  # [16]
    commit = ended(
        continued(first_turn(), ScheduleTask(id=1, name="t")), ScheduleTask(id=1, name="t")
    )
    late = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1), run=RUN)
    own = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1), run=NEXT)
    judged = verdict(commit.events, late, own)

    assert (judged.drop, judged.take) == ([late], [own])


def test_the_clock_of_a_new_generation_is_later_than_that_of_the_old_one() -> None:  # TIME-5
    old = first_turn()
    turn = continued(old, now=later(NOW, -60))
    clock, start = turn.new[:2]

    assert isinstance(clock, OrchestratorStarted)
    assert clock.timestamp > old.new[0].timestamp
    assert clock.timestamp == start.timestamp


def test_a_suspended_execution_that_continues_as_new_runs() -> None:
    paused = arrived(ExecutionSuspended(timestamp=NOW, reason="x"))
    commit = ended(continued(turn_of(ended(first_turn()).events, paused)))

    assert commit.instance.status is Status.Running
    assert not commit.instance.sets_output


def test_a_termination_in_the_batch_ends_the_execution_that_wants_to_continue() -> None:
    stop = arrived(ExecutionTerminated(timestamp=NOW, input='"stop"'))
    outcome = finish(first_turn(None, stop), TurnResult(actions=(AGAIN,)), NOW, NEXT)

    assert isinstance(outcome, Outcome)
    (end,) = [e for e in outcome.commit.events if isinstance(e, ExecutionCompleted)]
    assert (end.status, end.result) == (Status.Terminated, '"stop"')
    assert outcome.commit.execution_id == RUN


def test_events_that_the_continuing_generation_did_not_use_are_given_back() -> None:
    turn = turn_of(ended(first_turn()).events, raised("a"), raised("b"))
    following = finish(turn, TurnResult(actions=(AGAIN,), events_processed=2), NOW, NEXT)
    assert isinstance(following, Turn)
    outcome = finish(following, TurnResult(actions=()), NOW, "unused")

    assert isinstance(outcome, Outcome)
    assert [d.key for d in outcome.commit.consumed] == ["a"]
    assert [d.key for d in outcome.returned] == ["b"]


def test_the_same_events_lead_to_the_same_next_execution_and_others_to_another() -> None:  # [22]
    history = ended(first_turn()).events
    one = turn_of(history, raised("a"), raised("b"))
    answered_later = [
        raised("a"),
        arrived(replace(raised("b").message.event, timestamp=later(NOW, 1))),
    ]
    again = turn_of(history, *answered_later, now=later(NOW, 300))
    swapped = turn_of(history, raised("b"), raised("a"))

    assert next_execution_id(one) == next_execution_id(again)
    assert len({next_execution_id(turn) for turn in (one, swapped, first_turn())}) == 3
    assert len(next_execution_id(one)) == 32
    assert int(next_execution_id(one), 16)


def test_after_a_lost_commit_the_new_generation_starts_the_same_children() -> None:  # [22]
    child = CreateSubOrchestration(id=1, name="A", instance_id="fixed")

    def sent(now: Ticks) -> Execution:
        turn = turn_of(ended(first_turn()).events, raised("a"), now=now)
        commit = ended(continued(turn, run=next_execution_id(turn), now=now), child)
        return commit.outbound[0].target

    assert sent(NOW) == sent(later(NOW, 300))


def test_a_redelivered_start_of_an_execution_that_has_continued_since_is_dropped() -> None:
    commit = ended(continued(first_turn(), now=later(NOW, 1)))
    # the row was left behind by a crash: it still has the client's start
    judged = verdict(commit.events, arrived(started()), row=row())

    assert len(judged.drop) == 1
    assert judged.repair is not None
    assert judged.repair.update.execution_id == NEXT
    assert judged.repair.update.status is Status.Running
