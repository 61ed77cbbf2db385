"""What an episode writes and sends; checklist lines of the semantics' section 9 in brackets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.state import read
from durahub.engine.turn import Outcome, Turn, begin, finish
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskScheduled,
    TimerFired,
)
from durahub.model.ticks import later
from tests.unit.engine.scenes import (
    ID,
    NEXT,
    NOW,
    RUN,
    arrived,
    ended,
    first_turn,
    kinds,
    started,
    turn_of,
    version_of,
)

PARENT = Parent(name="Shop", execution=Execution("shop", "0c" * 16), task_schedule_id=4, version="")


def test_a_sequence_of_two_activities_leaves_the_rows_of_the_worked_example() -> None:  # [1]
    one = ended(first_turn(), ScheduleTask(id=0, name="reserve"))
    first = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=0, result='"a"'), run=RUN)
    two = ended(turn_of(one.events, first), ScheduleTask(id=1, name="ship"))
    history = (*one.events, *two.events)
    second = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=1, result='"b"'), run=RUN)
    three = ended(turn_of(history, second), Complete(id=2, status=Status.Completed, result='"c"'))

    assert kinds(one.events) == [
        *("OrchestratorStarted", "ExecutionStarted", "TaskScheduled", "OrchestratorCompleted")
    ]
    assert kinds(two.events) == [
        *("OrchestratorStarted", "TaskCompleted", "TaskScheduled", "OrchestratorCompleted")
    ]
    assert kinds(three.events) == [
        *("OrchestratorStarted", "TaskCompleted", "ExecutionCompleted", "OrchestratorCompleted")
    ]
    assert one.replaces
    assert not two.replaces
    assert three.instance.status is Status.Completed
    assert three.instance.output == '"c"'


@given(st.permutations([0, 1, 2, 3]), st.integers(0, 1))
def test_actions_are_stored_by_their_own_ids_with_the_completion_last(
    order: list[int], base: int
) -> None:  # [2] [3]
    actions = [ScheduleTask(id=base + n, name=f"task-{n}") for n in order]
    end = Complete(id=base + 4, status=Status.Completed)
    commit = ended(first_turn(), end, *actions)

    ids = [event.event_id for event in commit.events if event.event_id >= 0]
    assert ids == [base, base + 1, base + 2, base + 3, base + 4]
    assert isinstance(commit.events[-2], ExecutionCompleted)


def test_rows_have_no_inputs_of_activities_and_children_but_their_messages_do() -> None:  # [6]
    commit = ended(
        first_turn(),
        ScheduleTask(id=1, name="reserve", input="[1]"),
        CreateSubOrchestration(id=2, name="Ship", input='"x"', instance_id="ship"),
    )

    scheduled, created = commit.events[2:4]
    assert (scheduled.input, created.input) == (None, None)  # type: ignore[union-attr]
    (activity,) = commit.activities
    (child,) = commit.outbound
    assert activity.event == replace(scheduled, input="[1]")  # type: ignore[arg-type]
    assert isinstance(child.event, ExecutionStarted)
    assert child.event.input == '"x"'


def test_a_timer_is_sent_to_its_own_execution_for_its_time() -> None:  # [7]
    due = later(NOW, 3600)
    (message,) = ended(first_turn(), CreateTimer(id=1, fire_at=due)).outbound

    assert message.event == TimerFired(timestamp=NOW, timer_id=1, fire_at=due)
    assert message.target == Execution(ID, RUN)
    assert message.due == due


def test_a_failure_keeps_its_causes_and_is_a_line_in_the_row() -> None:  # [8] [10]
    cause = Failure(error_type="KeyError", message="'qty'", properties={"row": 3})
    failure = Failure(error_type="ValueError", message="bad", inner=cause, non_retriable=True)
    commit = ended(first_turn(), Complete(id=1, status=Status.Failed, failure=failure))

    completed = commit.events[-2]
    assert isinstance(completed, ExecutionCompleted)
    assert completed.failure == failure
    assert commit.instance.output == "ValueError: bad"
    assert commit.instance.status is Status.Failed


def continued(turn: Turn, *actions: object, result: str = '"next"', **more: object) -> Turn:
    end = Complete(id=9, status=Status.ContinuedAsNew, result=result, **more)  # type: ignore[arg-type]
    outcome = finish(turn, TurnResult(actions=(*actions, end)), NOW, NEXT)  # type: ignore[arg-type]
    assert isinstance(outcome, Turn)
    return outcome


def test_continue_as_new_leaves_only_the_last_generation_from_row_0() -> None:  # [14] [17]
    first = EventRaised(timestamp=NOW, name="A", input="1")
    second = EventRaised(timestamp=NOW, name="B", input="2")
    turn = continued(first_turn(), carry_over=(first, second))
    commit = ended(turn, ScheduleTask(id=0, name="reserve"))

    assert turn.past == ()
    assert kinds(commit.events) == [
        *("OrchestratorStarted", "ExecutionStarted", "EventRaised", "EventRaised"),
        *("OrchestratorCompleted", "TaskScheduled", "OrchestratorCompleted"),
    ]
    assert commit.events[2:4] == (first, second)
    assert commit.replaces
    assert commit.execution_id == NEXT
    assert commit.instance.started is not None
    assert commit.instance.started.input == '"next"'
    assert commit.instance.started.generation is None
    assert commit.consumed == first_turn().sources or len(commit.consumed) == 1


def test_what_the_continuing_episode_sent_is_sent_all_the_same() -> None:  # [15] [16]
    own = SendEvent(id=1, target=Execution(ID), name="Again", input="1")
    turn = continued(first_turn(), own, ScheduleTask(id=2, name="log"))
    commit = ended(turn, Complete(id=0, status=Status.Completed))

    (event,) = commit.outbound
    (activity,) = commit.activities
    assert event.target == Execution(ID, None)
    assert activity.target == Execution(ID, RUN)


def test_a_custom_status_is_inherited_by_a_new_generation_until_it_sets_one() -> None:  # [19]
    end = Complete(id=1, status=Status.ContinuedAsNew)
    turn = finish(first_turn(), TurnResult(actions=(end,), custom_status='"old"'), NOW, NEXT)
    assert isinstance(turn, Turn)

    assert ended(turn).instance.custom_status == '"old"'
    assert ended(turn, status='"new"').instance.custom_status == '"new"'
    assert ended(first_turn()).instance.custom_status is None


def test_an_execution_ends_terminated_even_if_its_worker_does_not_say_so() -> None:  # [32]
    terminated = arrived(ExecutionTerminated(timestamp=NOW, input='"stop"'))
    turn = first_turn(None, terminated)
    commit = ended(turn, ScheduleTask(id=5, name="late"))

    completed = commit.events[-2]
    assert isinstance(completed, ExecutionCompleted)
    assert (completed.event_id, completed.status) == (6, Status.Terminated)
    assert commit.instance.status is Status.Terminated
    assert commit.instance.output == '"stop"'


def test_terminate_wins_over_continue_as_new_in_one_answer() -> None:
    terminated = Complete(id=1, status=Status.Terminated, result='"stop"')
    again = Complete(id=2, status=Status.ContinuedAsNew)

    assert ended(first_turn(), terminated, again).instance.status is Status.Terminated


@pytest.mark.parametrize("recurse", [True, False])
def test_a_recursive_termination_goes_to_the_open_children_only(recurse: bool) -> None:  # [33]
    one = ended(
        first_turn(),
        CreateSubOrchestration(id=1, name="A", instance_id="done"),
        CreateSubOrchestration(id=2, name="B", instance_id="open"),
    )
    done = arrived(SubOrchestrationInstanceCompleted(timestamp=NOW, task_scheduled_id=1), run=RUN)
    stop = arrived(ExecutionTerminated(timestamp=NOW, input='"x"', recurse=recurse))
    commit = ended(turn_of(one.events, done, stop), Complete(id=3, status=Status.Terminated))

    sent = [message.target.instance_id for message in commit.outbound]
    assert sent == (["open"] if recurse else [])


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (Status.Completed, SubOrchestrationInstanceCompleted),
        (Status.Failed, SubOrchestrationInstanceFailed),
        (Status.Terminated, SubOrchestrationInstanceFailed),
    ],
)
def test_a_child_tells_the_execution_that_started_it(status: Status, answer: type) -> None:  # [33]
    failure = Failure(error_type="E", message="m") if status is Status.Failed else None
    end = Complete(id=1, status=status, result='"r"' if not failure else None, failure=failure)
    (message,) = ended(first_turn(started(parent=PARENT)), end).outbound

    assert type(message.event) is answer
    assert message.event.task_scheduled_id == 4  # type: ignore[union-attr]
    assert message.target == PARENT.execution
    assert message.sender == Execution(ID, RUN)


def test_tags_go_to_children_and_activities_and_fire_and_forget_does_not() -> None:  # [28]
    event = started(parent=PARENT, tags={"team": "blue", FIRE_AND_FORGET: ""})
    commit = ended(
        first_turn(event),
        CreateSubOrchestration(id=1, name="A", tags={"team": "red"}),
        ScheduleTask(id=2, name="t"),
        Complete(id=3, status=Status.Completed),
    )

    (child,) = commit.outbound
    assert isinstance(child.event, ExecutionStarted)
    assert child.event.tags == {"team": "red"}
    assert commit.activities[0].tags == {"team": "blue", FIRE_AND_FORGET: ""}


def test_a_parent_that_runs_again_starts_the_same_child_again() -> None:
    child = CreateSubOrchestration(id=1, name="A")
    one, two = (ended(first_turn(), child).outbound[0] for _ in range(2))

    assert one.target == two.target
    assert one.target.instance_id == f"{ID}:0001"


def test_suspend_and_resume_put_their_reasons_into_the_output() -> None:  # [31]
    one = ended(first_turn())
    paused = ended(turn_of(one.events, arrived(ExecutionSuspended(timestamp=NOW, reason="stock"))))
    history = (*one.events, *paused.events)
    resumed = ended(turn_of(history, arrived(ExecutionResumed(timestamp=NOW, reason="ok"))))

    assert (paused.instance.status, paused.instance.output) == (Status.Suspended, "stock")
    assert (resumed.instance.status, resumed.instance.output) == (Status.Running, "ok")


def test_the_clock_of_the_orchestrator_never_goes_back() -> None:  # [4], TIME-5
    ahead = ended(first_turn())
    before = later(NOW, -60)
    turn = turn_of(ahead.events, arrived(EventRaised(timestamp=NOW, name="e")), now=before)

    first = ahead.events[0]
    again = turn.new[0]
    assert isinstance(first, OrchestratorStarted)
    assert isinstance(again, OrchestratorStarted)
    assert again.timestamp > first.timestamp


def test_events_that_the_worker_did_not_use_are_given_back_in_order() -> None:
    one = ended(first_turn())
    batch = [arrived(EventRaised(timestamp=NOW, name=n), key=n) for n in "abc"]
    result = TurnResult(actions=(), events_processed=2)
    outcome = finish(turn_of(one.events, *batch), result, NOW, NEXT)

    assert isinstance(outcome, Outcome)
    assert [d.key for d in outcome.commit.consumed] == ["a"]
    assert [d.key for d in outcome.returned] == ["b", "c"]
    assert kinds(outcome.commit.events) == [
        *("OrchestratorStarted", "EventRaised", "OrchestratorCompleted")
    ]


def test_an_unversioned_activity_is_written_with_an_empty_version_as_dotnet_does() -> None:
    (activity,) = ended(first_turn(), ScheduleTask(id=1, name="t")).activities

    assert isinstance(activity.event, TaskScheduled)
    assert activity.event.version == ""


def test_the_rest_of_an_episode_that_is_stored_in_part_is_written_behind_it() -> None:
    one = ended(first_turn(), ScheduleTask(id=0, name="reserve"))
    answer = TaskCompleted(timestamp=NOW, task_scheduled_id=0, result='"a"')
    past = (*one.events, OrchestratorStarted(timestamp=NOW), answer)
    again = arrived(answer, run=RUN)
    turn = begin(ID, version_of(past), past, read(past), None, [], later(NOW, 60), [again])
    rest = ended(turn, ScheduleTask(id=1, name="ship"))
    assert kinds(rest.events) == ["OrchestratorStarted", "TaskScheduled", "OrchestratorCompleted"]
    assert rest.consumed == (again,)
    assert [one.event.event_id for one in rest.activities] == [1]


def test_a_commit_tells_which_of_its_events_caused_it() -> None:
    first = ended(first_turn(), ScheduleTask(id=0, name="reserve"))
    answer = arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=0), run=RUN)
    second = ended(turn_of(first.events, answer), ScheduleTask(id=1, name="ship"))
    assert kinds(second.events[: second.causes]) == ["OrchestratorStarted", "TaskCompleted"]
    assert first.causes == 0  # there is no history yet of which they could be a part
