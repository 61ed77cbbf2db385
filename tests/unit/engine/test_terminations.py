"""Section 4.4: an execution that was asked to end has ended, and its children if that was asked for."""

import pytest

from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    ScheduleTask,
    TerminateOther,
)
from durahub.engine.commit import Commit
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorCompleted,
    Parent,
    Status,
    SubOrchestrationInstanceFailed,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
    ID,
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

STOP = ExecutionTerminated(timestamp=NOW, input='"stop"')
RECURSIVE = ExecutionTerminated(timestamp=NOW, input='"all"', recurse=True)


def end_of(commit: Commit) -> ExecutionCompleted:
    (end,) = [event for event in commit.events if isinstance(event, ExecutionCompleted)]
    return end


def test_start_and_termination_in_one_batch_are_an_ordinary_first_episode() -> None:
    said = Complete(id=0, status=Status.Terminated, result='"stop"')
    commit = ended(first_turn(None, arrived(STOP)), said, status='"seen"')

    assert kinds(commit.events) == [
        *("OrchestratorStarted", "ExecutionStarted", "ExecutionTerminated"),
        *("ExecutionCompleted", "OrchestratorCompleted"),
    ]
    assert commit.instance.custom_status == '"seen"'


def test_the_backend_ends_what_the_worker_does_not_with_the_next_free_action_id() -> None:  # [32]
    history = ended(first_turn(), ScheduleTask(id=7, name="t")).events
    suspended = (
        *history,
        *ended(turn_of(history, arrived(ExecutionSuspended(timestamp=NOW)))).events,
    )
    commit = ended(turn_of(suspended, arrived(STOP)))

    assert end_of(commit) == ExecutionCompleted(
        event_id=8, timestamp=commit.events[-1].timestamp, status=Status.Terminated, result='"stop"'
    )
    assert commit.instance.status is Status.Terminated
    assert commit.instance.completed is not None


def test_what_an_execution_says_of_its_end_counts_more_than_the_termination() -> None:
    done = Complete(id=3, status=Status.Completed, result='"done"')
    commit = ended(first_turn(None, arrived(STOP)), done)

    assert end_of(commit).status is Status.Completed
    assert (commit.instance.status, commit.instance.output) == (Status.Completed, '"done"')


def test_a_termination_that_dtfx_stored_without_an_end_ends_the_next_episode() -> None:
    half = (
        *ended(first_turn()).events,
        *(STOP, OrchestratorCompleted(timestamp=NOW)),
    )
    commit = ended(turn_of(half, arrived(EventRaised(timestamp=NOW, name="e"))))

    assert (end_of(commit).status, end_of(commit).result) == (Status.Terminated, '"stop"')


def test_the_first_termination_gives_the_reason() -> None:
    second = ExecutionTerminated(timestamp=NOW, input='"late"')

    assert end_of(ended(first_turn(None, arrived(STOP), arrived(second)))).result == '"stop"'


def test_neither_suspend_nor_resume_changes_the_row_of_what_is_terminated() -> None:
    more = [ExecutionSuspended(timestamp=NOW, reason="s"), ExecutionResumed(timestamp=NOW)]
    commit = ended(first_turn(None, arrived(STOP), *(arrived(event) for event in more)))

    assert (commit.instance.status, commit.instance.output) == (Status.Terminated, '"stop"')


def terminated_by(cause: Event, *children: CreateSubOrchestration) -> list[Message]:
    history = ended(first_turn(), *children).events
    commit = ended(turn_of(history, arrived(cause)), Complete(id=50, status=Status.Terminated))
    return list(commit.outbound)


CHILD = CreateSubOrchestration(id=1, name="A", instance_id="child")


def test_a_recursive_termination_is_passed_on_with_its_reason() -> None:  # [33]
    (message,) = terminated_by(RECURSIVE, CHILD)

    event = message.event
    assert isinstance(event, ExecutionTerminated)
    assert (event.input, event.recurse) == ('"all"', True)
    assert message.target == Execution("child", None)
    assert message.sender == Execution(ID, RUN)


def test_detached_children_and_those_of_a_plain_termination_stay_alive() -> None:
    detached = CreateSubOrchestration(
        id=1, name="A", instance_id="child", tags={FIRE_AND_FORGET: ""}
    )

    assert terminated_by(RECURSIVE, detached) == []
    assert terminated_by(STOP, CHILD) == []


def test_a_child_that_starts_in_the_very_last_episode_is_terminated_as_well() -> None:  # [33]
    commit = ended(first_turn(None, arrived(RECURSIVE)), CHILD)

    kinds_sent = [message.event.type.name for message in commit.outbound]
    assert kinds_sent == ["ExecutionStarted", "ExecutionTerminated"]


def test_children_of_what_completes_by_itself_are_left_alone() -> None:
    done = Complete(id=3, status=Status.Completed)
    commit = ended(first_turn(None, arrived(RECURSIVE)), CHILD, done)

    assert [message.event.type.name for message in commit.outbound] == ["ExecutionStarted"]


def test_a_terminated_child_reports_a_failure_without_details() -> None:  # [33], F-4
    parent = Parent(name="P", execution=Execution("shop", "a"), task_schedule_id=4)
    (message,) = ended(first_turn(started(parent=parent), arrived(STOP))).outbound

    event = message.event
    assert isinstance(event, SubOrchestrationInstanceFailed)
    assert (event.reason, event.details, event.failure) == ('"stop"', None, None)


def test_one_orchestration_terminates_another_without_a_row_of_its_own() -> None:  # 2.5.6
    other = TerminateOther(id=1, instance_id="other", reason='"r"', recurse=True)
    commit = ended(first_turn(), other)

    (message,) = commit.outbound
    assert message.target == Execution("other", None)
    assert message.event == ExecutionTerminated(
        timestamp=commit.events[0].timestamp, input='"r"', recurse=True
    )
    assert kinds(commit.events) == [
        *("OrchestratorStarted", "ExecutionStarted", "OrchestratorCompleted")
    ]


@pytest.mark.parametrize("before", [(), "ended"], ids=["a new ID", "an ID that was used before"])
def test_before_the_start_it_marks_the_row_of_the_start_to_come(before: object) -> None:  # [26]
    history = ()
    if before:
        old = turn_of((), arrived(started(run="old")), row=row(run="old"))
        history = ended(old, Complete(id=1, status=Status.Completed)).events
    pending = row(scheduled_start=later(NOW, 60), custom_status='"c"', tags={"a": "b"})
    late = ExecutionTerminated(timestamp=NOW, input='"late"')
    judged = verdict(history, arrived(STOP), arrived(late), row=pending)

    assert len(judged.drop) == 2
    assert judged.repair is not None
    update = judged.repair.update
    assert (update.execution_id, update.status) == (RUN, Status.Terminated)
    assert (update.output, update.sets_output) == ('"stop"', True)
    assert (update.last_updated, update.completed) == (STOP.timestamp, NOW)
    assert (update.custom_status, update.tags) == ('"c"', {"a": "b"})
    assert update.started is None
    assert not judged.repair.insert
