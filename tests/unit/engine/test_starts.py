"""Sections 2.1, 3.1 and 3.3: which start of a root instance runs, and when."""

from dataclasses import replace

import pytest

from durahub.engine.actions import Complete
from durahub.engine.inbox import backoff, needs_row
from durahub.engine.state import State, read
from durahub.engine.turn import begin
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    OrchestratorStarted,
    Parent,
    Status,
    TaskCompleted,
)
from durahub.model.ticks import Ticks, later
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
    turn_of,
    verdict,
    version_of,
)

LIVE = ended(first_turn()).events
OVER = ended(first_turn(), Complete(id=1, status=Status.Completed)).events
RAISED = EventRaised(timestamp=NOW, name="e")


def test_a_row_without_execution_id_matches_every_start() -> None:
    old_client = replace(row(), execution_id=None)
    assert verdict((), arrived(started()), row=old_client).start is not None

    ended_row = replace(row(Status.Completed), execution_id=None)
    assert verdict((), arrived(started()), row=ended_row).start is not None


def test_execution_ids_of_starts_and_rows_are_compared_without_case() -> None:
    assert verdict((), arrived(started(run=RUN.upper())), row=row()).start is not None
    assert verdict(LIVE, arrived(started(run=RUN.upper())), row=row(Status.Running)).drop


def test_a_start_is_stale_only_if_the_pending_row_of_its_generation_is_older() -> None:  # [25]
    lost = arrived(replace(started(run=NEXT), timestamp=NOW))
    older, newer = later(NOW, -1), later(NOW, 1)

    assert verdict((), lost, row=row(created=older)).drop == [lost]
    assert verdict((), lost, row=row(created=newer)).defer
    assert verdict((), lost, row=row(created=older, generation=1)).defer
    assert verdict((), lost, row=row(Status.Running, created=older)).defer


def test_a_start_that_waits_for_its_row_backs_off() -> None:
    assert verdict((), arrived(started(), times=3)).defer[0][1] == backoff(3)


def test_a_start_runs_from_its_time_on() -> None:  # [26], 3.3
    def start(at: Ticks) -> bool:
        scheduled = arrived(started(scheduled=at))
        return verdict((), scheduled, row=row(scheduled_start=at)).start is not None

    assert start(NOW)
    assert start(later(NOW, -1))
    assert not start(Ticks(NOW + 1))


def test_messages_of_a_scheduled_instance_wait_until_just_after_its_start() -> None:  # [26]
    pending = row(scheduled_start=later(NOW, 60))
    assert verdict((), arrived(RAISED, times=9), row=pending).defer[0][1] == 61.0
    assert verdict((), arrived(RAISED, times=3), row=row()).defer[0][1] == backoff(3)


def test_a_new_start_takes_the_messages_of_its_batch_with_it() -> None:  # 3.5
    event, start = arrived(RAISED), arrived(started(run=NEXT))
    late = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1), run=RUN)
    judged = verdict(OVER, event, late, start, row=row(run=NEXT))

    assert judged.take == [start, event]
    assert judged.drop == [late]


def test_a_start_over_a_running_execution_replaces_it_where_the_row_says_so() -> None:
    # .NET clients overwrite running instances
    new = arrived(replace(started(run=NEXT), timestamp=later(NOW, 5)))
    turn = turn_of(LIVE, new, row=row(run=NEXT, generation=1))

    assert (turn.replaces, turn.past, turn.execution_id) == (True, (), NEXT)


def test_a_first_turn_begins_at_the_present_time_with_the_start() -> None:
    turn = first_turn()

    assert turn.new == (OrchestratorStarted(timestamp=NOW), started())
    assert (turn.past, turn.execution_id, turn.base.length) == ((), RUN, 0)


def test_a_later_turn_puts_the_messages_behind_the_history() -> None:
    event = arrived(RAISED)
    turn = turn_of(LIVE, event, now=later(NOW, 9))

    assert turn.new == (OrchestratorStarted(timestamp=later(NOW, 9)), RAISED)
    assert (turn.past, turn.replaces, turn.execution_id) == (LIVE, False, RUN)
    assert turn.sources == (event,)
    assert turn.started == started()


def test_the_orchestrators_clock_stays_at_whole_microseconds() -> None:  # TIME-2
    odd = Ticks(NOW + 7)  # as .NET writes it
    history = (OrchestratorStarted(timestamp=odd), started())
    state = read(history)
    turn = begin(ID, version_of(history), history, state, None, [arrived(RAISED)], NOW)

    assert turn.new[0].timestamp == NOW + 10


def test_a_redelivered_start_is_dropped_whatever_the_row_says() -> None:
    for found in (None, row(), row(Status.Terminated), row(run=NEXT)):
        assert len(verdict(LIVE, arrived(started()), row=found).drop) == 1


CHILD = started(run=NEXT, parent=Parent(name="P", execution=Execution("p"), task_schedule_id=1))


@pytest.mark.parametrize(
    ("events", "event", "needed"),
    [
        ((), RAISED, True),
        (OVER, RAISED, True),
        (LIVE, RAISED, False),
        (LIVE, started(), True),
        (LIVE, CHILD, True),
        ((), CHILD, False),
        ((), replace(CHILD, scheduled_start=NOW), True),
        (OVER, CHILD, True),
        (LIVE, ExecutionRewound(timestamp=NOW), True),
        (LIVE, ExecutionSuspended(timestamp=NOW), False),
        ((*LIVE, ExecutionSuspended(timestamp=NOW)), ExecutionSuspended(timestamp=NOW), True),
        (LIVE, ExecutionResumed(timestamp=NOW), False),
        (LIVE, TaskCompleted(timestamp=NOW, task_scheduled_id=1), False),
    ],
)
def test_the_row_is_needed_for_starts_and_where_nothing_runs(
    events: tuple[Event, ...], event: Event, needed: bool
) -> None:
    assert needs_row(read(events), [arrived(event)]) is needed


def test_the_row_is_needed_for_what_comes_again_and_for_one_suspension_too_many() -> None:
    answer = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1), key="k")
    assert needs_row(read(LIVE), [answer], frozenset({"k"}))
    pause = ExecutionSuspended(timestamp=NOW)
    assert needs_row(read(LIVE), [arrived(pause, key="a"), arrived(pause, key="b")])
    assert needs_row(State(), [arrived(CHILD, key="a"), arrived(started(), key="b")])


def test_a_new_child_begins_whatever_its_row_tells() -> None:
    for found in (None, row(), row(Status.Terminated), row(run=NEXT), row(Status.Running)):
        judged = verdict((), arrived(CHILD), arrived(RAISED, key="e"), row=found)
        assert judged == verdict((), arrived(CHILD), arrived(RAISED, key="e"), row=None)
        assert judged.start == CHILD


def test_no_history_is_a_pending_instance_that_is_not_live() -> None:
    assert (State().status, State().is_live) == (Status.Pending, False)
    assert isinstance(read(LIVE).started, ExecutionStarted)
