"""Section 6.3 of the classic layout: what an episode changes in the instance row, and how it is repaired."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from durahub.engine.actions import Complete, ScheduleTask
from durahub.engine.commit import InstanceUpdate
from durahub.engine.inbox import judge
from durahub.engine.instance_updates import update_of
from durahub.engine.repairs import Repair
from durahub.engine.state import read
from durahub.engine.turn import standing_of
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
)
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, later
from tests.unit.engine.scenes import (
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

LAST = later(NOW, 2)
CLOSE = OrchestratorCompleted(timestamp=LAST)
TAGS = {"team": "blue"}


def update(*events: Event) -> InstanceUpdate:
    return update_of(RUN, started(tags=TAGS), (*events, CLOSE), '"c"', NOW)


STOP = ExecutionTerminated(timestamp=NOW, input="stop")
PAUSE = ExecutionSuspended(timestamp=NOW, reason="wait")
GO_ON = ExecutionResumed(timestamp=NOW, reason="go")
DONE = ExecutionCompleted(event_id=1, timestamp=NOW, status=Status.Completed, result="r")
FAILURE = Failure(error_type="E", message="m")
FAILED = replace(DONE, status=Status.Failed, failure=FAILURE)


@pytest.mark.parametrize(
    ("events", "status", "completed", "output"),
    [
        ([EventRaised(timestamp=NOW, name="e")], None, None, ()),
        ([started()], Status.Running, None, ()),
        ([PAUSE], Status.Suspended, None, ("wait",)),
        ([GO_ON], Status.Running, None, ("go",)),
        ([PAUSE, GO_ON], Status.Running, None, ("go",)),
        ([GO_ON, PAUSE], Status.Suspended, None, ("wait",)),
        ([started(), PAUSE], Status.Suspended, None, ("wait",)),
        ([DONE], Status.Completed, NOW, ("r",)),
        ([FAILED], Status.Failed, NOW, ("E: m",)),
        ([replace(FAILED, failure=None)], Status.Failed, NOW, ("r",)),
        ([replace(DONE, status=Status.Canceled)], Status.Canceled, NOW, ("r",)),
        ([STOP], Status.Terminated, NOW, ("stop",)),
        ([STOP, PAUSE], Status.Terminated, NOW, ("stop",)),
        ([PAUSE, DONE], Status.Completed, NOW, ("r",)),
        ([DONE, PAUSE], Status.Completed, NOW, ("r",)),
        ([STOP, replace(DONE, status=Status.Terminated)], Status.Terminated, NOW, ("r",)),
    ],
)
def test_the_events_of_an_episode_decide_status_completion_and_output(
    events: Sequence[Event],
    status: Status | None,
    completed: Ticks | None,
    output: tuple[str, ...],
) -> None:
    found = update(*events)

    assert (found.status, found.completed) == (status, completed)
    assert (found.sets_output, found.output) == (bool(output), output[0] if output else None)
    assert (found.started is not None) == any(isinstance(e, ExecutionStarted) for e in events)


def test_every_episode_writes_execution_custom_status_tags_and_the_time_of_its_last_event() -> None:
    found = update(EventRaised(timestamp=NOW, name="e"))

    assert (found.execution_id, found.custom_status, found.tags) == (RUN, '"c"', TAGS)
    assert found.last_updated == LAST


def test_completed_never_lies_before_the_end_in_the_history() -> None:
    # the clock was set back while the worker worked
    history = ended(first_turn()).events
    turn = turn_of(history, arrived(STOP), now=later(NOW, 60))
    commit = ended(turn)

    assert commit.instance.completed == later(NOW, 60)
    assert commit.instance.last_updated == later(NOW, 60)


# -- repairs -----------------------------------------------------------------------------------

PARENT = Parent(name="P", execution=Execution("shop", "a"), task_schedule_id=4)
START = started(tags=TAGS)
LIVE = ended(first_turn(START), ScheduleTask(id=1, name="t")).events
PAUSED = (*LIVE, *ended(turn_of(LIVE, arrived(PAUSE))).events)
OVER = (
    OrchestratorStarted(timestamp=NOW),
    START,
    replace(FAILED, timestamp=later(NOW, 1)),
    CLOSE,
)


def repair(
    events: Sequence[Event], event: Event, found: Instance | None, run: str | None = None
) -> Repair | None:
    return verdict(events, arrived(event, run=run), row=found).repair


def test_a_repair_writes_what_the_checkpoint_would_have_written() -> None:
    found = repair(OVER, EventRaised(timestamp=NOW, name="e"), row(custom_status='"kept"'))

    assert found == Repair(
        InstanceUpdate(
            execution_id=RUN,
            last_updated=LAST,  # of the last event
            custom_status='"kept"',
            tags=TAGS,
            started=START,
            status=Status.Failed,
            completed=later(NOW, 1),  # of ExecutionCompleted, not now
            sets_output=True,
            output="E: m",
        ),
        insert=False,
    )


def test_a_missing_row_is_inserted() -> None:
    found = repair(OVER, EventRaised(timestamp=NOW, name="e"), None)

    assert found is not None
    assert found.insert
    assert found.update.custom_status is None


@pytest.mark.parametrize(
    ("events", "event", "status"),
    [
        (LIVE, START, Status.Running),
        (PAUSED, PAUSE, Status.Suspended),
        (PAUSED, START, Status.Suspended),
    ],
)
@pytest.mark.parametrize("lagging", [Status.Pending, Status.Completed])
def test_a_row_that_lags_behind_a_live_history_is_repaired(
    events: Sequence[Event], event: Event, status: Status, lagging: Status
) -> None:
    found = repair(events, event, row(lagging))

    assert found is not None
    assert (found.update.status, found.update.started) == (status, START)
    assert (found.update.completed, found.update.sets_output) == (None, False)


def test_the_row_of_a_child_whose_first_row_was_lost_gets_its_name_in_the_end() -> None:
    child = started(parent=PARENT)
    history = ended(first_turn(child), Complete(id=1, status=Status.Completed)).events
    nameless = row(Status.Completed, name=None, created=Ticks(0))
    found = repair(history, child, nameless)

    assert found is not None
    assert found.update.started == child


def test_a_row_of_an_earlier_generation_is_behind() -> None:
    second = replace(START, execution=Execution(START.execution.instance_id, NEXT))
    history = (OVER[0], second, *OVER[2:])
    before = row(Status.Running, created=later(START.timestamp, -9))

    assert repair(history, EventRaised(timestamp=NOW, name="e"), before) is not None


@pytest.mark.parametrize(
    ("events", "found"),
    [
        (OVER, row(Status.Failed)),
        (LIVE, row(Status.Running)),
        ((*LIVE, STOP, CLOSE), row(Status.Terminated)),  # DTFx writes it with the termination
        (OVER, row(run=NEXT, created=NOW)),  # of a start that is to come
        (OVER, row(run=NEXT, created=later(NOW, -9))),  # … by a client whose clock is behind
        (OVER, row(Status.Terminated, run=NEXT, created=NOW)),  # … and was terminated before
        ((), row(Status.Running)),
    ],
)
def test_a_row_that_agrees_or_belongs_to_another_start_is_left_alone(
    events: Sequence[Event], found: Instance | None
) -> None:
    assert repair(events, EventRaised(timestamp=NOW, name="e"), found, run="old") is None
    assert repair(events, START, found) is None


def test_a_pending_row_whose_start_is_known_to_have_been_consumed_is_behind() -> None:
    # it continued as new and ended within one work item, and a crash came between history and row
    last = replace(START, execution=Execution(START.execution.instance_id, NEXT))
    history = (OVER[0], last, *OVER[2:])
    client = arrived(START, key="seen")
    consumed = frozenset({"seen"})
    judged = judge(version_of(history), read(history), [client], row(), NOW, consumed)

    assert judged.drop == [client]
    assert judged.repair is not None
    assert judged.repair.update.execution_id == NEXT
    assert judged.repair.update.status is Status.Failed
    other = row(run="another")
    assert judge(version_of(history), read(history), [client], other, NOW, consumed).repair is None


def test_only_a_message_that_is_dropped_causes_a_repair() -> None:
    # the start of another execution is held: nothing says that anything crashed
    held = verdict(OVER, arrived(started(run=NEXT)), row=row(Status.Running))
    assert held.defer
    assert held.repair is None


def test_a_row_that_may_be_behind_is_told_how_the_execution_stands() -> None:
    one = ended(first_turn(), ScheduleTask(id=0, name="reserve"))
    update = ended(turn_of(one.events, arrived(EventRaised(timestamp=NOW, name="e")))).instance
    assert (update.started, update.status) == (None, None)
    caught_up = update.caught_up
    assert (caught_up.started, caught_up.status) == (started(), Status.Running)


def test_a_row_of_a_suspended_execution_is_caught_up_as_suspended() -> None:
    one = ended(first_turn(), ScheduleTask(id=0, name="reserve"))
    two = ended(turn_of(one.events, arrived(ExecutionSuspended(timestamp=NOW, reason="wait"))))
    history = (*one.events, *two.events)
    update = ended(turn_of(history, arrived(EventRaised(timestamp=NOW, name="e")))).instance
    assert update.caught_up.status is Status.Suspended
    resumed = ended(turn_of(history, arrived(ExecutionResumed(timestamp=NOW)))).instance
    assert resumed.caught_up.status is Status.Running


def test_a_row_that_dtfx_has_ended_while_its_execution_goes_on_stays_so() -> None:
    one = ended(first_turn(), ScheduleTask(id=0, name="reserve"))
    terminated = ExecutionTerminated(timestamp=NOW, input="enough")
    history = (*one.events, OrchestratorStarted(timestamp=NOW), terminated)
    history = (*history, OrchestratorCompleted(timestamp=NOW))
    turn = turn_of(history, arrived(EventRaised(timestamp=NOW, name="e")))
    written = (*turn.new, OrchestratorCompleted(timestamp=NOW))
    standing = standing_of(turn)
    update = update_of(RUN, turn.started, written, None, NOW, standing)
    assert update.caught_up == update
