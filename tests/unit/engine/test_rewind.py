"""What a rewind makes of a history: what it takes out, what it asks for, and whom it tells."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    TurnResult,
)
from durahub.engine.commit import Commit, Delivery
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.inbox import judge
from durahub.engine.numbering import RetriesAlike
from durahub.engine.rewind import concerned_children, rewound, rewound_execution_id
from durahub.engine.state import read
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionRewound,
    ExecutionStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.instance import Instance
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
    version_of,
)

NEW = rewound_execution_id(ID, RUN)
FAILED = Complete(id=9, status=Status.Failed, result="no")
PARENT = Parent(name="P", execution=Execution("p-1", "p-run"), task_schedule_id=4)
CLIENTS = arrived(ExecutionRewound(timestamp=NOW, reason="again"), key="rewind")


def history(start: ExecutionStarted, *first: Action, then: tuple[Event, ...] = ()) -> tuple:
    """Return the events of an execution that did *first*, heard *then*, and failed."""
    events = ended(first_turn(start), *first).events
    return (*events, *ended(turn_of(events, *(arrived(e) for e in then)), FAILED).events)


def from_parent(new_run: str = "p-new", sender: str = "p-1") -> Delivery:
    event = ExecutionRewound(timestamp=NOW, parent_execution_id=new_run, instance_id=ID)
    message = Message(event=event, target=Execution(ID), sender=Execution(sender, new_run))
    return Delivery("by-parent", "hub-control-00", message)


def rewind(
    events: tuple[Event, ...],
    delivery: Delivery = CLIENTS,
    children: Mapping[str, Instance | None] | None = None,
) -> Commit:
    found = children if children is not None else dict.fromkeys(concerned_children(events), row())
    return rewound(ID, version_of(events), events, delivery, row(Status.Failed), found, NOW)


def task_failed(number: int) -> TaskFailed:
    failure = Failure(error_type="E", message="no")
    return TaskFailed(timestamp=NOW, task_scheduled_id=number, failure=failure)


def child_failed(number: int, kind: str = "E") -> SubOrchestrationInstanceFailed:
    failure = Failure(error_type=kind, message="no")
    return SubOrchestrationInstanceFailed(timestamp=NOW, task_scheduled_id=number, failure=failure)


def test_what_failed_is_taken_out_and_what_succeeded_stays() -> None:
    events = history(
        started(),
        ScheduleTask(id=1, name="good"),
        ScheduleTask(id=2, name="bad"),
        then=(TaskCompleted(timestamp=NOW, task_scheduled_id=1), task_failed(2)),
    )
    commit = rewind(events)
    assert kinds(commit.events) == [
        "OrchestratorStarted",
        "ExecutionStarted",
        "TaskScheduled",
        "OrchestratorCompleted",
        "OrchestratorStarted",
        "TaskCompleted",
        "OrchestratorCompleted",
        "OrchestratorStarted",
        "ExecutionRewound",
        "OrchestratorCompleted",
    ]
    assert read(commit.events).is_live
    assert commit.consumed == (CLIENTS,)
    assert commit.replaces


def test_the_execution_is_a_new_one_and_always_the_same() -> None:
    events = history(started(), ScheduleTask(id=1, name="bad"), then=(task_failed(1),))
    commit = rewind(events)
    start = commit.events[1]
    assert isinstance(start, ExecutionStarted)
    assert start.execution == Execution(ID, NEW)
    assert commit.execution_id == NEW
    assert commit == rewind(events)


def test_the_row_runs_again_and_forgets_its_end() -> None:
    update = rewind(history(started())).instance
    assert update.status is Status.Running
    assert (update.sets_output, update.output, update.completed) == (True, None, None)
    assert update.execution_id == NEW


def test_an_open_activity_is_asked_for_again_and_an_open_timer_is_armed_again() -> None:
    due = later(NOW, 60)
    events = history(started(), ScheduleTask(id=1, name="open"), CreateTimer(id=2, fire_at=due))
    commit = rewind(events)
    assert not any(isinstance(event, TaskScheduled) for event in commit.events)
    (timer,) = [m for m in commit.outbound if isinstance(m.event, TimerFired)]
    assert (timer.due, timer.target) == (due, Execution(ID, NEW))


def retried_in_vain(*, last_pause: bool) -> tuple[Event, ...]:
    """Return the events of an execution that tried an activity twice and another beside it."""
    task, other = ScheduleTask(id=0, name="bad"), ScheduleTask(id=3, name="good")
    turns: list[tuple[tuple[Event, ...], tuple[Action, ...]]] = [
        ((task_failed(0),), (CreateTimer(id=1, fire_at=NOW),)),
        ((rang(1),), (replace(task, id=2),)),
        ((EventRaised(timestamp=NOW, name="e"),), (other,)),
        ((task_failed(2),), (CreateTimer(id=4, fire_at=NOW),) if last_pause else (FAILED,)),
    ]
    if last_pause:
        turns.append(((rang(4),), (FAILED,)))
    events = ended(first_turn(), task).events
    for arriving, actions in turns:
        batch = [arrived(event, key=str(len(events))) for event in arriving]
        events = (*events, *ended(turn_of(events, *batch), *actions).events)
    return events


def rang(timer: int) -> TimerFired:
    return TimerFired(timestamp=NOW, timer_id=timer, fire_at=NOW)


@pytest.mark.parametrize("last_pause", [False, True])
def test_of_what_was_retried_the_last_try_is_taken_out_and_its_pause(*, last_pause: bool) -> None:
    commit = rewind(retried_in_vain(last_pause=last_pause))
    found = [event for event in commit.events if isinstance(event, TaskScheduled | TimerCreated)]
    assert [event.event_id for event in found] == [0, 1]
    assert kinds(commit.events).count("TaskFailed") == 1
    assert kinds(commit.events).count("TimerFired") == 1


def test_python_s_numbers_stay_when_a_try_is_taken_out() -> None:
    good = TaskCompleted(timestamp=NOW, task_scheduled_id=3)
    events = retried_in_vain(last_pause=False)
    [end] = [place for place, event in enumerate(events) if isinstance(event, ExecutionCompleted)]
    events = (*events[:end], good, *events[end:])
    whole, kept = (RetriesAlike(history) for history in (events, rewind(events).events))
    assert [whole.number_of(number) for number in (0, 1, 2, 3)] == [1, 2, 1, 3]
    assert [kept.number_of(number) for number in (0, 1, 3)] == [1, 2, 3]
    again = kept.stored(TurnResult(actions=(ScheduleTask(id=1, name="bad"),)))
    assert again.actions[0].id == 4
    assert again.noted == {4: 1}


def test_it_wakes_itself_up_where_it_has_something_to_do() -> None:
    events = history(started(), ScheduleTask(id=1, name="bad"), then=(task_failed(1),))
    (wake,) = rewind(events).outbound
    assert isinstance(wake.event, ExecutionRewound)
    assert wake.target == Execution(ID, NEW)


CHILD = CreateSubOrchestration(id=1, name="C", instance_id="kid")


def test_a_failed_child_is_asked_to_rewind_for_the_new_execution() -> None:
    events = history(started(), CHILD, then=(child_failed(1),))
    commit = rewind(events)
    (message,) = commit.outbound
    assert isinstance(message.event, ExecutionRewound)
    assert message.target == Execution("kid")
    assert message.sender == Execution(ID, NEW)
    assert (message.event.parent_execution_id, message.event.instance_id) == (NEW, "kid")
    assert "SubOrchestrationInstanceCreated" in kinds(commit.events)
    assert "SubOrchestrationInstanceFailed" not in kinds(commit.events)


def test_a_child_that_has_not_answered_is_told_of_the_new_execution() -> None:
    events = history(started(), CHILD)
    assert concerned_children(events) == ("kid",)
    assert [m.target.instance_id for m in rewind(events).outbound] == ["kid"]


def test_children_that_answered_or_that_nobody_waits_for_are_left_alone() -> None:
    detached = CreateSubOrchestration(
        id=2, name="C", instance_id="detached", tags={FIRE_AND_FORGET: ""}
    )
    answer = SubOrchestrationInstanceCompleted(timestamp=NOW, task_scheduled_id=1)
    events = history(started(), CHILD, detached, then=(answer,))
    assert concerned_children(events) == ()
    assert kinds(rewind(events).events).count("SubOrchestrationInstanceCreated") == 2


def test_a_child_that_cannot_be_rewound_is_created_anew() -> None:
    refused = history(started(), CHILD, then=(child_failed(1, "OrchestrationAlreadyExists"),))
    purged = history(started(), CHILD, then=(child_failed(1),))
    for commit in (
        rewind(refused),
        rewind(purged, children={"kid": None}),
        rewind(purged, children={"kid": row(Status.Terminated)}),
    ):
        assert "SubOrchestrationInstanceCreated" not in kinds(commit.events)
        (wake,) = commit.outbound
        assert wake.target == Execution(ID, NEW)


def test_a_child_belongs_to_its_parents_new_execution() -> None:
    commit = rewind(history(started(parent=PARENT)), from_parent())
    start = commit.events[1]
    assert isinstance(start, ExecutionStarted)
    assert start.parent == replace(PARENT, execution=Execution("p-1", "p-new"))
    assert start.execution == Execution(ID, NEW)


def test_a_child_that_runs_keeps_its_execution_and_answers_the_new_one() -> None:
    events = ended(first_turn(started(parent=PARENT)), ScheduleTask(id=1, name="t")).events
    commit = rewind(events, from_parent())
    assert (commit.execution_id, kinds(commit.events)) == (RUN, kinds(events))
    turn = turn_of(commit.events, arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1)))
    (answer,) = ended(turn, Complete(id=2, status=Status.Completed)).outbound
    assert answer.target == Execution("p-1", "p-new")


def test_a_child_that_has_completed_answers_again() -> None:
    end = Complete(id=1, status=Status.Completed, result='"r"')
    events = ended(first_turn(started(parent=PARENT)), end).events
    (answer,) = rewind(events, from_parent()).outbound
    assert isinstance(answer.event, SubOrchestrationInstanceCompleted)
    assert answer.target == Execution("p-1", "p-new")


# -- which messages rewind -------------------------------------------------------------------------


def test_a_failed_instance_is_rewound_before_anything_else_is_judged() -> None:
    events = history(started())
    other = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1))
    judged = verdict(events, other, CLIENTS, row=row(Status.Failed))
    assert judged.rewind is CLIENTS
    assert (judged.take, judged.drop, judged.defer) == ([], [], [])


def test_a_running_instance_only_wakes_up() -> None:
    events = ended(first_turn(), ScheduleTask(id=1, name="t")).events
    turn = turn_of(events, CLIENTS, row=row(Status.Running))
    commit = ended(turn)
    assert kinds(turn.new) == ["OrchestratorStarted"]
    assert kinds(commit.events) == ["OrchestratorStarted", "OrchestratorCompleted"]
    assert commit.consumed == (CLIENTS,)


def test_elsewhere_a_rewind_has_no_effect() -> None:
    completed = ended(first_turn(), Complete(id=1, status=Status.Completed)).events
    assert verdict(completed, CLIENTS, row=row(Status.Completed)).drop == [CLIENTS]
    assert verdict((), CLIENTS, row=row()).drop == [CLIENTS]
    assert verdict((), CLIENTS).drop == [CLIENTS]
    of_another_run = arrived(ExecutionRewound(timestamp=NOW), run="0" * 32)
    failed = history(started())
    assert verdict(failed, of_another_run, row=row(Status.Failed)).drop == [of_another_run]


def test_a_stranger_cannot_rewind_a_child() -> None:
    events = history(started(parent=PARENT))
    delivery = from_parent(sender="somebody")
    judged = verdict(events, delivery, row=row(Status.Failed))
    assert (judged.drop, judged.rewind) == ([delivery], None)


def test_a_child_that_was_rewound_already_answers_again_instead() -> None:
    """Its parent's checkpoint was lost, and with it perhaps the answer."""
    again = started(parent=replace(PARENT, execution=Execution("p-1", "p-new")))
    judged = verdict(history(again), from_parent(), row=row(Status.Failed))
    assert judged.rewind is None
    assert [reply.target for reply in judged.replies] == [Execution("p-1", "p-new")]


def test_a_row_that_a_crash_left_behind_a_rewind_is_repaired() -> None:
    commit = rewind(history(started()))
    stored = commit.events
    delivery = replace(CLIENTS, deliveries=2)
    judged = judge(
        version_of(stored),
        read(stored),
        [delivery],
        row(Status.Failed),
        NOW,
        frozenset({delivery.key}),
    )
    assert judged.drop == [delivery]
    assert judged.repair is not None
    assert judged.repair.update.execution_id == NEW
    assert judged.repair.update.status is Status.Running
