"""A batch of an entity: what it takes, what it runs, and the execution it leaves behind."""

from dataclasses import replace

import pytest

from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.entities.batch import (
    EntityLimits,
    begin_batch,
    judge_batch,
    repair_of_entity,
)
from durahub.engine.entities.messages import CONTINUE, Request, delayed_name
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_text
from durahub.engine.entities.work import EntityResult, EntityStatus, OperationResult
from durahub.errors import BadRequest, BadRow
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    ExecutionTerminated,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import later

from .counters import (
    CALLER,
    ENTITY,
    NOW,
    after,
    call,
    count_up,
    finished,
    lock,
    raised,
    released,
    sent,
    signal,
    state_of,
    told,
    turn_of,
)

SUSPENDED = scheduler_state_text(SchedulerState(state="1", suspended=True, queue=(signal(),)))


def history_of(text: str | None) -> tuple[Event, ...]:
    """Return the history of an entity with that scheduler state."""
    started = ExecutionStarted(
        timestamp=NOW, execution=Execution(ENTITY, "run-1"), name=ENTITY, version="", input=text
    )
    return (
        OrchestratorStarted(timestamp=NOW),
        started,
        OrchestratorCompleted(timestamp=NOW),
    )


def names(requests: tuple[Request, ...]) -> list[str | None]:
    return [request.operation for request in requests]


# -- what is written -----------------------------------------------------------------------------


def test_a_batch_leaves_three_events_and_a_new_execution() -> None:
    turn = turn_of((), sent(signal("add", "4")))
    commit = finished(turn)
    first, started, last = commit.events
    assert isinstance(first, OrchestratorStarted)
    assert isinstance(last, OrchestratorCompleted)
    assert started == ExecutionStarted(
        timestamp=NOW,
        execution=Execution(ENTITY, commit.execution_id),
        name=ENTITY,
        version="",
        input='{"state":"4","sorter":{}}',
    )
    assert commit.replaces
    assert commit.base == NO_HISTORY
    assert commit.consumed == turn.sources
    assert commit.activities == ()


def test_the_row_says_running_and_the_entitys_status() -> None:
    update = after(sent(signal("add", "4"))).instance
    assert update.status is Status.Running
    assert update.custom_status == '{"entityExists":true}'
    assert update.started is not None
    assert update.started.generation is None
    assert update.last_updated == NOW
    assert not update.sets_output
    assert update.completed is None


def test_each_batch_has_another_execution_and_a_repeated_one_the_same() -> None:
    message = sent(signal())
    first = after(message)
    assert after(message).execution_id == first.execution_id
    assert after(message, events=first.events).execution_id != first.execution_id
    assert after(sent(signal("add", "2"))).execution_id != first.execution_id


def test_the_next_batch_goes_on_from_the_state_of_the_last_one() -> None:
    first = after(sent(signal("add", "4")))
    turn = turn_of(first.events, sent(signal("add", "3")))
    assert turn.state == "4"
    assert turn.execution_id == first.execution_id
    assert state_of(finished(turn)).state == "7"


def test_a_deleted_entity_has_no_state_and_an_empty_status() -> None:
    commit = after(sent(signal("delete")), events=after(sent(signal())).events)
    assert state_of(commit) == SchedulerState()
    assert commit.instance.custom_status == "{}"


def test_an_empty_text_is_a_state() -> None:
    turn = turn_of((), sent(signal()))
    commit = finished(turn, EntityResult(results=(OperationResult(),), state=""))
    assert state_of(commit).state == ""
    assert state_of(commit).status.exists


def test_what_cannot_be_read_as_a_state_is_not_consumed() -> None:
    with pytest.raises(BadRow, match="@counter@a"):
        turn_of(history_of("{"), sent(signal()))


def test_what_durable_functions_had_begun_is_done_too() -> None:
    request = raised("op", '{"op":"add","signal":true,"input":"5","id":"1"}').message.event
    turn = turn_of((*history_of('{"exists":true,"state":"1"}'), request), sent(signal("add", "2")))
    assert [operation.input for operation in turn.operations] == ["5", "2"]
    (_, started, _) = finished(turn).events
    assert isinstance(started, ExecutionStarted)
    assert started.input == '{"exists":true,"state":"8","sorter":{}}'


def test_an_entity_that_durable_functions_calls_says_that_it_exists() -> None:
    old = raised("op", '{"op":"add","signal":true,"input":"5","id":"1"}')
    started = after(old).instance.started
    assert started is not None
    assert started.input == '{"exists":true,"state":"5","sorter":{}}'


def test_a_new_entity_in_a_hub_of_durable_functions_says_that_it_exists() -> None:
    limits = EntityLimits(for_functions=True)
    delivery = sent(signal("add", "5"))
    turn = begin_batch(ENTITY, NO_HISTORY, (), (delivery,), NOW, limits=limits)
    started = finished(turn).instance.started
    assert started is not None
    assert started.input == '{"exists":true,"state":"5","sorter":{}}'


# -- what runs -----------------------------------------------------------------------------------


def test_an_operation_tells_the_worker_who_calls_and_when_it_was_due() -> None:
    due = later(NOW, -1)
    request = replace(call("add", "4"), due=due)
    (operation,) = turn_of((), sent(request, name=delayed_name(due, NOW))).operations
    assert operation.name == "add"
    assert operation.input == "4"
    assert operation.request_id == request.id
    assert operation.parent_instance_id == CALLER
    assert operation.scheduled == due
    assert not operation.signal


def test_operations_run_in_the_order_in_which_they_came() -> None:
    turn = turn_of((), *(sent(signal("add", str(n), number=n)) for n in range(5)))
    assert [operation.input for operation in turn.operations] == list("01234")


def test_what_is_early_is_sent_again_and_what_is_due_runs() -> None:
    soon, far = later(NOW, 0.05), later(NOW, 5)
    turn = turn_of(
        (),
        sent(replace(signal("soon"), due=soon), name=delayed_name(soon, NOW)),
        sent(replace(signal("far"), due=far), name=delayed_name(far, NOW)),
    )
    assert names(turn.requests) == ["soon"]
    (message,) = finished(turn).outbound
    assert message.due == far
    assert message.target == Execution(ENTITY)
    assert isinstance(message.event, EventRaised)
    assert message.event.name == "op@2026-11-21T12:00:05.0000000Z"
    assert '"due":"2026-11-21T12:00:05Z"' in (message.event.input or "")


def test_what_is_due_in_more_than_six_days_is_sent_on_in_steps() -> None:
    due = later(NOW, 100 * 86_400)
    (message,) = after(sent(replace(signal(), due=due), name="op@")).outbound
    assert message.due == later(NOW, 6 * 86_400)
    assert isinstance(message.event, EventRaised)
    assert '"due":"2027-03-01T12:00:00Z"' in (message.event.input or "")


def test_the_limit_of_operations_ends_a_batch_which_then_goes_on() -> None:
    turn = turn_of((), *(sent(signal(number=n)) for n in range(5)), operations=2)
    assert len(turn.operations) == 2
    commit = finished(turn)
    assert told(commit) == [(ENTITY, CONTINUE, None)]
    assert state_of(commit).status == EntityStatus(exists=True, backlog=3)
    wake_up = raised(CONTINUE, None)
    again = turn_of(commit.events, wake_up, operations=2)
    assert len(again.operations) == 2
    last = finished(turn_of(finished(again).events, wake_up, operations=2))
    assert last.outbound == ()
    assert state_of(last).state == "5"


def test_no_limit_takes_all() -> None:
    turn = turn_of((), *(sent(signal(number=n)) for n in range(50)), operations=None)
    assert len(turn.operations) == 50


def test_a_batch_as_large_as_the_limit_needs_no_other_behind_it() -> None:
    assert after(sent(signal()), sent(signal())).outbound == ()
    turn = turn_of((), sent(signal()), sent(signal()), operations=2)
    assert finished(turn).outbound == ()


def test_fewer_results_than_operations_leave_the_rest_in_the_queue() -> None:
    turn = turn_of(
        (), *(sent(signal("add", str(n), number=n)) for n in (1, 2, 3)), sent(lock("@x@a"))
    )
    commit = finished(turn, count_up(None, turn.operations[:1]))
    state = state_of(commit)
    assert state.state == "1"
    assert [request.input for request in state.queue] == ["2", "3", None]
    assert state.queue[2].is_lock
    assert state.locked_by is None
    assert told(commit) == [(ENTITY, CONTINUE, None)]


def test_more_results_than_operations_are_an_error_of_the_worker() -> None:
    turn = turn_of((), sent(signal()))
    with pytest.raises(BadRequest, match="1 operations and answered with 2"):
        finished(turn, EntityResult(results=(OperationResult(),) * 2, state="1"))


def test_no_result_at_all_is_an_error_for_the_state_beside_it_means_nothing() -> None:
    turn = turn_of((), sent(signal()))
    with pytest.raises(BadRequest):
        finished(turn, EntityResult(results=(), state=None))


def test_a_batch_without_operations_keeps_its_state() -> None:
    first = after(sent(signal("add", "4")))
    turn = turn_of(first.events, raised("release", '{"parent":"nobody","id":"x"}'))
    assert turn.operations == ()
    commit = finished(turn, EntityResult(results=(), state=None))
    assert state_of(commit).state == "4"


# -- suspended -----------------------------------------------------------------------------------


def test_a_suspended_entity_runs_nothing_and_keeps_what_comes() -> None:
    turn = turn_of(history_of(SUSPENDED), sent(signal("add", "2")))
    assert turn.operations == ()
    state = state_of(finished(turn))
    assert state.suspended
    assert len(state.queue) == 2


def test_any_other_event_wakes_it_up() -> None:
    turn = turn_of(history_of(SUSPENDED), raised("anything", None))
    assert len(turn.operations) == 1
    assert not state_of(finished(turn)).suspended


# -- locks ---------------------------------------------------------------------------------------


def locked(*more: Delivery) -> Commit:
    return after(sent(lock(ENTITY)), *more)


def test_a_lock_is_taken_behind_the_operations_before_it_and_ends_the_batch() -> None:
    turn = turn_of((), sent(signal(number=1)), sent(lock(ENTITY)), sent(signal(number=2)))
    assert len(turn.operations) == 1
    commit = finished(turn)
    state = state_of(commit)
    assert state.locked_by == CALLER
    assert len(state.queue) == 1
    assert commit.instance.custom_status == (
        f'{{"entityExists":true,"queueSize":1,"lockedBy":"{CALLER}"}}'
    )


def test_the_last_lock_of_a_set_is_answered_with_its_critical_section() -> None:
    commit = locked()
    assert told(commit) == [(CALLER, lock().id, '{"result":"Lock Acquisition Completed"}')]
    assert commit.outbound[0].target.execution_id == lock().parent_execution


def test_another_lock_of_the_set_is_asked_of_the_next_entity() -> None:
    commit = after(sent(lock(ENTITY, "@counter@b")))
    ((target, name, text),) = told(commit)
    assert (target, name) == ("@counter@b", "op")
    assert text is not None
    assert '"pos":1' in text
    assert '"Timestamp":"2026-11-21T12:00:00Z","Predecessor":"0001-01-01T00:00:00"' in text
    assert f'"parent":"{CALLER}"' in text
    assert list(state_of(commit).sorting.sent or {}) == ["@counter@b"]


def test_only_the_holder_of_the_lock_gets_in_and_before_all_others() -> None:
    first = locked(sent(signal("waits")))
    turn = turn_of(first.events, sent(call("mine", at=later(NOW, 1), after=NOW)))
    assert names(turn.requests) == ["mine"]
    assert names(turn.scheduler.queue) == ["waits"]


def test_a_release_lets_the_others_in() -> None:
    first = locked(sent(signal("waits")))
    turn = turn_of(first.events, released())
    assert names(turn.requests) == ["waits"]
    assert state_of(finished(turn)).locked_by is None


def test_a_release_by_anybody_else_means_nothing() -> None:
    turn = turn_of(locked(sent(signal("waits"))).events, released(parent="order-8"))
    assert turn.operations == ()
    assert state_of(finished(turn)).locked_by == CALLER


# -- judging -------------------------------------------------------------------------------------


def test_only_raised_events_are_taken_and_what_was_consumed_is_dropped() -> None:
    taken, done = sent(signal(), key="m-a"), sent(signal(), key="m-b")
    strange = Delivery(
        "m-c", "", Message(event=ExecutionTerminated(timestamp=NOW), target=Execution(ENTITY))
    )
    wake_up = raised(CONTINUE, None)
    take, drop = judge_batch(NO_HISTORY, (), [taken, done, strange, wake_up], {"m-b"})
    assert take == [taken, wake_up]
    assert drop == [done, strange]


def test_what_nobody_can_read_is_dropped_for_it_would_stop_the_entity_for_ever() -> None:
    unreadable = [raised("op", "{"), raised("release", "[]"), raised("op@", None)]
    take, drop = judge_batch(NO_HISTORY, (), unreadable, frozenset())
    assert (take, drop) == ([], unreadable)


def test_a_lock_that_comes_twice_does_not_leave_its_holder_waiting() -> None:
    # forwarded again by an entity whose checkpoint was lost: it passes the sorter
    first = locked(sent(signal("waits")))
    doubled = replace(lock(ENTITY, ENTITY), position=1)
    mine = call("mine", at=later(NOW, 1), after=NOW)

    commit = after(sent(doubled), sent(mine), events=first.events)

    assert names(state_of(commit).queue) == ["mine", "waits"]
    assert (ENTITY, "continue", None) in told(commit)
    again = after(raised("continue", None), events=commit.events)
    assert names(state_of(again).queue) == ["waits"]
    assert not [one for one in told(again) if one[1] == "continue"]


def test_who_was_granted_a_lock_by_a_lost_batch_does_not_wait_behind_those_whom_it_keeps_out() -> (
    None
):
    # the grant was sent, the checkpoint was lost: the holder's call comes with the lock request
    mine = call("mine", at=later(NOW, 1), after=NOW)

    commit = after(sent(lock(ENTITY)), sent(signal("waits")), sent(mine))

    assert state_of(commit).locked_by == CALLER
    assert names(state_of(commit).queue) == ["mine", "waits"]
    assert (ENTITY, "continue", None) in told(commit)


def test_a_row_that_a_crash_left_behind_its_batch_is_put_right() -> None:
    first = after(sent(signal()))
    second = after(sent(signal("later")), events=first.events)
    version = HistoryVersion(second.execution_id, len(second.events), "token")
    behind = row_of(first)

    update = repair_of_entity(version, second.events, behind)

    assert update is not None
    assert (update.execution_id, update.started) == (second.execution_id, second.instance.started)
    assert update.custom_status == second.instance.custom_status
    assert repair_of_entity(version, second.events, None) == update
    assert repair_of_entity(version, second.events, row_of(second)) is None


def row_of(commit: Commit) -> Instance:
    """Return the row that *commit* leaves."""
    return Instance(
        instance_id=commit.instance_id,
        execution_id=commit.execution_id,
        name=commit.instance_id,
        version="",
        status=Status.Running,
        created=NOW,
        last_updated=NOW,
    )
