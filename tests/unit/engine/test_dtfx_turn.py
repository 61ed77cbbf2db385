"""What becomes of a turn whose worker computed the history by itself (semantics 2.12)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    SendEvent,
    TurnResult,
)
from durahub.engine.commit import Commit
from durahub.engine.dtfx_messages import Posted
from durahub.engine.dtfx_turn import HistoryResult, accept
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.turn import Outcome, Turn, finish
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionTerminated,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
    TimerFired,
    Trace,
)
from durahub.model.message import Message
from durahub.model.ticks import later, parse
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
)

T0 = later(NOW, 1)
BEGIN = OrchestratorStarted(timestamp=T0)
END = OrchestratorCompleted(timestamp=T0)
TASK = TaskScheduled(event_id=0, timestamp=T0, name="reserve", version="", input='"sku"')
PAST: tuple[Event, ...] = (
    OrchestratorStarted(timestamp=later(NOW, -1)),
    started(),
    replace(TASK, input=None),
    OrchestratorCompleted(timestamp=later(NOW, -1)),
)


def accepted(turn: Turn, *history: Event | Action, **more: object) -> Commit:
    outcome = accept(turn, HistoryResult(new_history=history, **more), T0)  # type: ignore[arg-type]
    assert isinstance(outcome, Outcome)
    return outcome.commit


def done(result: str | None = None, status: Status = Status.Completed) -> ExecutionCompleted:
    return ExecutionCompleted(event_id=1, timestamp=T0, status=status, result=result)


# --- the history ----------------------------------------------------------------------------------


def test_the_events_of_the_worker_are_appended_as_they_stand() -> None:
    turn = turn_of(PAST, arrived(TaskCompleted(timestamp=NOW, task_scheduled_id=0, result="1")))
    answer = TaskCompleted(timestamp=NOW, task_scheduled_id=0, result="1")
    commit = accepted(turn, BEGIN, answer, done("2"), END, status=Status.Completed)
    assert commit.events == (BEGIN, answer, done("2"), END)
    assert not commit.replaces
    assert commit.base == turn.base
    assert commit.consumed == turn.sources


def test_what_was_sent_is_stored_as_it_was_not_as_it_came_back() -> None:
    start = replace(started(), correlation="c", trace=Trace(trace_parent="00-a-b-01", id="x"))
    raised = EventRaised(timestamp=NOW, name="Go", input="1", trace=Trace(trace_parent="00-c-d-01"))
    turn = first_turn(start, arrived(raised))
    back = ExecutionStarted(timestamp=NOW, execution=start.execution, name="Order")
    commit = accepted(turn, BEGIN, back, replace(raised, trace=None), END)
    assert commit.events == (BEGIN, start, raised, END)


def test_two_events_of_one_name_keep_their_order() -> None:
    both = [EventRaised(timestamp=NOW, name="Go", input=text) for text in "12"]
    turn = turn_of(PAST, *(arrived(event, key=event.input or "") for event in both))
    assert accepted(turn, BEGIN, *both, END).events == (BEGIN, *both, END)


def test_rows_leave_out_the_inputs_of_activities_and_children() -> None:
    child = SubOrchestrationInstanceCreated(
        event_id=1, timestamp=T0, instance_id="c", name="Child", input="9"
    )
    commit = accepted(first_turn(), BEGIN, started(), TASK, child, END, new_tasks=(TASK,))
    assert commit.events[2:4] == (replace(TASK, input=None), replace(child, input=None))
    assert commit.activities[0].event == TASK


def test_a_history_without_begin_start_and_end_is_given_them() -> None:
    turn = first_turn()
    commit = accepted(turn, TASK)
    assert kinds(commit.events) == [
        "OrchestratorStarted",
        "ExecutionStarted",
        "TaskScheduled",
        "OrchestratorCompleted",
    ]
    assert commit.events[1] == turn.started


def test_a_start_that_comes_twice_is_stored_once() -> None:
    commit = accepted(first_turn(), BEGIN, started(), started(), END)
    assert kinds(commit.events).count("ExecutionStarted") == 1
    assert commit.execution_id == RUN


def test_the_span_of_the_orchestration_goes_into_its_start() -> None:
    start = replace(started(), trace=Trace(trace_parent="00-a-b-01"))
    commit = accepted(first_turn(start), BEGIN, start, END, span_id="s", span_start="t")
    stored = commit.events[1]
    assert isinstance(stored, ExecutionStarted)
    assert stored.trace is not None
    assert (stored.trace.span_id, stored.trace.activity_start_time) == ("s", "t")


# --- the row --------------------------------------------------------------------------------------


def test_the_row_follows_the_history_and_the_custom_status_is_replaced() -> None:
    failed = ExecutionCompleted(
        event_id=1,
        timestamp=T0,
        status=Status.Failed,
        result="no",
        failure=Failure(error_type="E", message="no"),
    )
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    row = accepted(turn, BEGIN, failed, END, status=Status.Failed, custom_status='"s"').instance
    assert (row.status, row.output, row.custom_status) == (Status.Failed, "E: no", '"s"')
    assert row.completed is not None


def test_the_status_beside_the_history_counts_where_a_converter_wrote_completed() -> None:
    turn = turn_of(PAST, arrived(ExecutionTerminated(timestamp=NOW, input="stop")))
    stop = ExecutionTerminated(timestamp=NOW, input="stop")
    commit = accepted(turn, BEGIN, stop, done("stop"), END, status=Status.Terminated)
    assert commit.events[2] == done("stop", Status.Terminated)
    assert commit.instance.status is Status.Terminated


def test_a_terminal_status_without_an_end_is_given_one() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    commit = accepted(turn, BEGIN, END, status=Status.Failed)
    assert kinds(commit.events) == [
        "OrchestratorStarted",
        "ExecutionCompleted",
        "OrchestratorCompleted",
    ]
    assert commit.events[1].event_id == 1  # after the highest that is stored


# --- messages -------------------------------------------------------------------------------------


def test_a_timer_fires_at_its_time_whichever_way_it_is_told() -> None:
    due = later(NOW, 60)
    created = TimerCreated(event_id=3, timestamp=T0, fire_at=due)
    fired = TimerFired(timestamp=T0, timer_id=3, fire_at=due)
    for told in (created, fired):
        commit = accepted(first_turn(), BEGIN, started(), created, END, new_timers=(told,))
        [message] = commit.outbound
        assert (message.event, message.due, message.target) == (fired, due, Execution(ID, RUN))


def test_a_task_that_is_told_twice_is_scheduled_once() -> None:
    commit = accepted(first_turn(), BEGIN, started(), TASK, END, new_tasks=(TASK, TASK))
    [activity] = commit.activities
    assert (activity.target, activity.sender) == (Execution(ID, RUN), Execution(ID, RUN))
    assert activity.tags == {}


def test_a_child_gets_the_execution_of_its_parent_and_one_of_its_own() -> None:
    parent = Parent(name="Order", execution=Execution(ID), task_schedule_id=0)
    child = ExecutionStarted(timestamp=T0, execution=Execution("c"), name="Child", parent=parent)
    posted = Posted(Execution("c"), child)
    commits = [accepted(first_turn(), BEGIN, started(), END, new_messages=(posted,)) for _ in "12"]
    [message] = commits[0].outbound
    assert isinstance(message.event, ExecutionStarted)
    assert message.event.parent is not None
    assert message.event.parent.execution == Execution(ID, RUN)
    assert message.event.execution.execution_id
    assert message.target == message.event.execution
    assert commits[0].outbound == commits[1].outbound  # the same child when the turn is run again


def test_a_start_without_a_parent_is_one_that_nobody_waits_for() -> None:
    start = ExecutionStarted(timestamp=T0, execution=Execution("c", "e9"), name="Child")
    posted = Posted(Execution("c"), start)
    [message] = accepted(first_turn(), BEGIN, started(), END, new_messages=(posted,)).outbound
    assert isinstance(message.event, ExecutionStarted)
    assert message.event.parent is not None
    assert FIRE_AND_FORGET in (message.event.tags or {})
    assert message.target == Execution("c", "e9")


def test_an_entity_message_of_dtfx_is_kept_until_the_time_in_its_name() -> None:
    due = parse("2026-11-22T12:00:00Z")
    raised = EventRaised(timestamp=T0, name="op@2026-11-22T12:00:00.0000000Z", input="{}")
    for target, wanted in (("@counter@a", due), ("other", None)):
        posted = Posted(Execution(target), raised)
        [message] = accepted(first_turn(), BEGIN, started(), END, new_messages=(posted,)).outbound
        assert (message.event, message.due) == (raised, wanted)


def test_an_answer_keeps_the_execution_that_it_is_meant_for() -> None:
    answer = SubOrchestrationInstanceCompleted(timestamp=T0, task_scheduled_id=4, result="1")
    for target in (Execution("p", "e"), Execution("p")):
        posted = Posted(target, answer)
        [message] = accepted(first_turn(), BEGIN, started(), END, new_messages=(posted,)).outbound
        assert (message.target, message.event, message.due) == (target, answer, None)


def test_a_termination_goes_down_the_tree_when_it_was_asked_to() -> None:
    child = SubOrchestrationInstanceCreated(event_id=5, timestamp=T0, instance_id="c", name="C")
    stop = ExecutionTerminated(timestamp=NOW, input="stop", recurse=True)
    turn = turn_of((*PAST[:3], child, PAST[3]), arrived(stop))
    back = replace(stop, recurse=False)  # histories do not tell it
    commit = accepted(
        turn, BEGIN, back, done(status=Status.Terminated), END, status=Status.Terminated
    )
    [message] = commit.outbound
    assert message.target == Execution("c")
    assert isinstance(message.event, ExecutionTerminated)
    assert message.event.recurse


def test_an_action_stands_for_its_event_and_its_message() -> None:
    tell = SendEvent(id=3, target=Execution("other"), name="Hi", input="1")
    commit = accepted(first_turn(), BEGIN, started(), tell, END)
    assert kinds(commit.events)[2:] == ["EventSent", "OrchestratorCompleted"]
    assert commit.events[2].event_id == 3
    [message] = commit.outbound
    assert (message.target, message.sender) == (Execution("other"), Execution(ID, RUN))


def test_locks_that_the_worker_did_not_give_back_are_released_at_the_end() -> None:
    locks = ("@account@a", "@account@b")
    guid = "0b5cc9e3-6c1f-4d4c-8b8b-3a7d2f4e9a10"
    ask = SendEntityMessage(id=0, kind="lock", request_id=guid, target=locks[0], lock_set=locks)
    free = SendEntityMessage(id=1, kind="unlock", request_id=guid, target=locks[0])
    commit = accepted(
        first_turn(), BEGIN, started(), ask, free, done(), END, status=Status.Completed
    )
    raised = [(m.target.instance_id, m.event) for m in commit.outbound]
    names = [(target, e.name) for target, e in raised if isinstance(e, EventRaised)]
    assert names == [("@account@a", "op"), ("@account@a", "release"), ("@account@b", "release")]


def test_an_action_that_left_no_event_is_sent_only() -> None:
    tell = SendEvent(id=-1, target=Execution("other"), name="Hi")
    commit = accepted(first_turn(), BEGIN, started(), END, sent=(tell,))
    assert commit.events == (BEGIN, started(), END)
    assert [message.target.instance_id for message in commit.outbound] == ["other"]


# --- continue-as-new ------------------------------------------------------------------------------


def next_start(run: str | None = NEXT) -> ExecutionStarted:
    return ExecutionStarted(timestamp=T0, execution=Execution(ID, run), name="Order", input="2")


def test_the_start_of_another_execution_replaces_the_history() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    begin = OrchestratorStarted(timestamp=later(T0, 1))
    for before in ((), (BEGIN, EventRaised(timestamp=NOW, name="Go"))):
        commit = accepted(turn, *before, begin, next_start(), END, TASK, END, new_tasks=(TASK,))
        assert commit.replaces
        assert commit.execution_id == NEXT
        assert commit.events == (begin, next_start(), END, replace(TASK, input=None), END)
        assert commit.activities[0].target == Execution(ID, NEXT)
        assert commit.instance.started == next_start()
        assert commit.consumed == turn.sources


def test_a_new_execution_without_an_id_of_its_own_is_given_one() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    for run in (None, RUN):
        commit = accepted(turn, BEGIN, next_start(run), END, status=Status.ContinuedAsNew)
        assert commit.replaces
        assert commit.execution_id not in (RUN, None, "")


def test_the_first_start_of_an_execution_is_no_continue_as_new() -> None:
    commit = accepted(first_turn(), BEGIN, started(), END, status=Status.ContinuedAsNew)
    assert commit.execution_id == RUN


def test_an_event_that_is_carried_over_is_stored_as_it_was_sent() -> None:
    raised = EventRaised(timestamp=NOW, name="Go", input="1", trace=Trace(trace_parent="00-c-d-01"))
    turn = turn_of(PAST, arrived(raised))
    commit = accepted(turn, BEGIN, next_start(), replace(raised, trace=None), END)
    assert commit.events == (BEGIN, next_start(), raised, END)


def test_a_child_stays_its_parents_when_it_continues_as_new() -> None:
    parent = Parent(name="P", execution=Execution("p", "e"), task_schedule_id=2)
    turn = first_turn(started(parent=parent))
    commit = accepted(turn, BEGIN, turn.started, BEGIN, next_start(), END)
    begun = commit.instance.started
    assert begun is not None
    assert begun.parent == parent


def test_an_end_that_continues_as_new_makes_the_next_turn() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    end = done('"again"', Status.ContinuedAsNew)
    posted = Posted(Execution("other"), EventRaised(timestamp=T0, name="Hi"))
    result = HistoryResult(
        new_history=(BEGIN, end, END), new_messages=(posted,), status=Status.ContinuedAsNew
    )
    following = accept(turn, result, T0)
    assert isinstance(following, Turn)
    assert following.started.input == '"again"'
    assert following.generation == 1
    assert [message.target.instance_id for message in following.outbound] == ["other"]


def test_a_lock_that_the_next_generation_knows_nothing_of_is_given_back_once() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    entity, section = "@counter@a", "00000000-0000-0000-0000-000000000abc"
    asks = SendEntityMessage(
        id=1, kind="lock", request_id=section, target=entity, lock_set=(entity,)
    )
    lets_go = SendEntityMessage(id=2, kind="unlock", request_id=section, target=entity)
    end = done('"again"', Status.ContinuedAsNew)
    for given_history in ((BEGIN, asks, end, END), (BEGIN, asks, lets_go, end, END)):
        result = HistoryResult(new_history=given_history, status=Status.ContinuedAsNew)
        following = accept(turn, result, T0)
        assert isinstance(following, Turn)
        names = [m.event.name for m in following.outbound if isinstance(m.event, EventRaised)]
        assert names == ["op", "release"]


def test_a_start_that_is_posted_to_the_instance_itself_makes_the_next_turn() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    result = HistoryResult(
        new_history=(BEGIN, END),
        new_messages=(Posted(Execution(ID, NEXT), next_start()),),
        status=Status.ContinuedAsNew,
    )
    following = accept(turn, result, T0)
    assert isinstance(following, Turn)
    assert following.started.input == "2"
    assert following.outbound == ()


def test_a_generation_that_a_worker_of_actions_began_is_ended_by_a_history() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    tell = SendEvent(id=1, target=Execution("other"), name="Hi")
    again = Complete(id=2, status=Status.ContinuedAsNew, result="2")
    following = finish(turn, TurnResult(actions=(tell, again), custom_status='"s"'), T0, NEXT)
    assert isinstance(following, Turn)
    commit = accepted(following, BEGIN, following.started, TASK, END, new_tasks=(TASK,))
    assert commit.execution_id == NEXT
    assert kinds(commit.events) == [
        "OrchestratorStarted",
        "ExecutionStarted",
        "TaskScheduled",
        "OrchestratorCompleted",
    ]
    assert [message.target.instance_id for message in commit.outbound] == ["other"]
    assert commit.instance.custom_status == '"s"'
    assert commit.consumed == turn.sources


# --- giving back ----------------------------------------------------------------------------------


def test_messages_that_were_not_used_are_returned() -> None:
    events = [EventRaised(timestamp=NOW, name=name) for name in ("a", "b", "c")]
    turn = turn_of(PAST, *(arrived(event, key=event.name or "") for event in events))
    outcome = accept(
        turn, HistoryResult(new_history=(BEGIN, events[0], END), events_processed=1), T0
    )
    assert isinstance(outcome, Outcome)
    assert [delivery.key for delivery in outcome.commit.consumed] == ["a"]
    assert [delivery.key for delivery in outcome.returned] == ["b", "c"]


def test_an_answer_without_any_event_gives_the_turn_back() -> None:
    turn = turn_of(PAST, arrived(EventRaised(timestamp=NOW, name="Go")))
    assert accept(turn, HistoryResult(new_history=(), events_processed=0), T0) is turn


# --- the judge: what the server itself makes of the same actions ----------------------------------

texts = st.none() | st.text(max_size=3)
tasks = st.builds(ScheduleTask, id=st.just(0), name=st.just("a"), input=texts)
timers = st.builds(CreateTimer, id=st.just(0), fire_at=st.sampled_from([NOW, later(NOW, 9)]))
children = st.builds(
    CreateSubOrchestration, id=st.just(0), name=st.just("c"), instance_id=st.just("k"), input=texts
)
sends = st.builds(SendEvent, id=st.just(0), target=st.just(Execution("o")), name=st.just("e"))
ends = st.builds(
    Complete,
    id=st.just(99),
    status=st.sampled_from([Status.Completed, Status.Failed, Status.Terminated]),
    result=texts,
)


@st.composite
def answers(draw: st.DrawFn) -> list[Action]:
    """Actions with IDs of their own, perhaps with an end."""
    found = draw(st.lists(st.one_of(tasks, timers, children, sends), max_size=6))
    numbered: list[Action] = [replace(action, id=n) for n, action in enumerate(found)]
    return [*numbered, draw(ends)] if draw(st.booleans()) else numbered


def told_as_history(commit: Commit) -> HistoryResult:
    """Return what a worker says that comes to *commit* by itself."""
    inputs = {message.event.event_id: message.event for message in commit.activities}
    timers = [m.event for m in commit.outbound if isinstance(m.event, TimerFired)]
    return HistoryResult(
        new_history=tuple(
            inputs.get(event.event_id, event) if isinstance(event, TaskScheduled) else event
            for event in commit.events
        ),
        new_tasks=tuple(e for e in inputs.values() if isinstance(e, TaskScheduled)),
        new_timers=tuple(timers),
        new_messages=tuple(
            Posted(m.target, m.event)
            for m in commit.outbound
            if not isinstance(m.event, TimerFired)
        ),
        status=commit.instance.status or Status.Running,
        custom_status=commit.instance.custom_status,
    )


def unordered(commit: Commit) -> tuple[Commit, list[str]]:
    messages: list[Message] = list(commit.outbound)
    return replace(commit, outbound=()), sorted(map(repr, messages))


@given(answers(), st.booleans(), st.booleans())
def test_a_history_comes_to_the_same_as_the_actions_it_was_made_of(
    actions: list[Action], first: bool, is_child: bool
) -> None:
    parent = Parent(name="P", execution=Execution("p", "e"), task_schedule_id=1)
    start = started(parent=parent if is_child else None)
    turn = (
        first_turn(start)
        if first
        else turn_of((PAST[0], start, *PAST[2:]), arrived(EventRaised(timestamp=NOW, name="Go")))
    )
    commit = ended(turn, *actions, status='"s"')
    outcome = accept(turn, told_as_history(commit), NOW)
    assert isinstance(outcome, Outcome)
    assert unordered(outcome.commit) == unordered(commit)
