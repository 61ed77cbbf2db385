"""Situations that are made by hand: what is said of them, and what is not claimed."""

from dataclasses import replace
from typing import Any

from durahub.engine.entities.messages import Request, request_text
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionStarted,
    ExecutionSuspended,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import later
from durahub_migrate.monitor.explaining import HubSeen, InstanceSeen, explain, needs
from durahub_migrate.monitor.explaining.open_work import open_work
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.row import Kind
from durahub_migrate.monitor.waiting import Explanation, Reason, Weight
from tests.monitor.health.seen_hubs import (
    CONTROL,
    NOW,
    WORK,
    ago,
    message,
    owned,
    queue,
    row,
    seen,
)

LOCK = "11111111-2222-3333-4444-555555555555"


def turn(*events: Event, at: float = 3600.0) -> list[Event]:
    """Return a turn in which *events* arrived or were done."""
    moment = ago(at)
    return [OrchestratorStarted(timestamp=moment), *events, OrchestratorCompleted(timestamp=moment)]


def started(instance_id: str = "a", parent: str | None = None) -> ExecutionStarted:
    by = Parent(name="P", execution=Execution(parent, "e"), task_schedule_id=0) if parent else None
    return ExecutionStarted(
        timestamp=ago(3600), execution=Execution(instance_id, "e"), name="Order", parent=by
    )


def instance(instance_id: str, *history: Event, **others: Any) -> InstanceSeen:
    told: dict[str, Any] = {
        "row": row(instance_id, execution_id="e"),
        "queue": CONTROL[0],
        **others,
    }
    return InstanceSeen(
        instance_id=instance_id,
        history=tuple(history),
        execution_id="e",
        checkpoint=ago(3600),
        **told,
    )


def explained(hub: HubSeen, *instances: InstanceSeen) -> Explanation:
    return explain(instances[0].instance_id, {one.instance_id: one for one in instances}, hub)


def told(found: Explanation) -> str:
    return " ".join(one.sentence for one in found.evidence)


def lock_request(instance_id: str, *entities: str) -> EventSent:
    request = Request(id=LOCK, operation=None, parent=instance_id, lock_set=entities)
    return EventSent(
        event_id=0,
        timestamp=ago(3600),
        instance_id=entities[0],
        name="op",
        input=request_text(request),
    )


def entity(entity_id: str, locked_by: str | None) -> InstanceSeen:
    return instance(
        entity_id,
        *turn(started(entity_id)),
        row=row(entity_id, kind=Kind.ENTITY, execution_id="e", locked_by=locked_by),
    )


# -- events --------------------------------------------------------------------------------------


def test_an_event_whose_name_differs_in_case_from_one_that_moved_it_is_pointed_out() -> None:
    found = explained(
        seen(),
        instance(
            "a",
            *turn(started()),
            *turn(
                EventRaised(timestamp=ago(900), name="Approve"),
                TaskScheduled(event_id=0, timestamp=ago(900), name="Note"),
            ),
            *turn(EventRaised(timestamp=ago(600), name="approve")),
            *turn(TaskCompleted(timestamp=ago(300), task_scheduled_id=0)),
        ),
    )
    assert found.reason is Reason.EVENT_OR_ENTITY
    assert "Events that have moved it before: 'Approve'." in told(found)
    assert "differs from 'Approve' in upper and lower case" in told(found)


def test_a_wait_for_an_event_is_never_told_as_a_fact() -> None:
    found = explained(seen(), instance("a", *turn(started())))
    assert found.reason is Reason.EVENT_OR_ENTITY
    assert "probably" in found.sentence
    assert found.evidence[0].weight is Weight.LIKELY
    assert found.next_steps[0].action == "raise-event"


# -- retries -------------------------------------------------------------------------------------


def failing(tries: int) -> list[Event]:
    """Return a history in which an activity has failed so often, and its next pause is set."""
    events: list[Event] = turn(
        started(), TaskScheduled(event_id=0, timestamp=ago(3600), name="Charge")
    )
    number = 0
    for attempt in range(tries):
        failure = Failure(error_type="CardError", message=f"declined {attempt}")
        failed = TaskFailed(timestamp=ago(1000), task_scheduled_id=number, failure=failure)
        pause = TimerCreated(event_id=number + 1, timestamp=ago(1000), fire_at=later(NOW, 60))
        events += turn(failed, pause, at=1000.0)
        if attempt + 1 < tries:
            fired = TimerFired(timestamp=ago(900), timer_id=number + 1, fire_at=ago(900))
            again = TaskScheduled(event_id=number + 2, timestamp=ago(900), name="Charge")
            events += turn(fired, again, at=900.0)
            number += 2
    return events


def test_the_pause_before_a_retry_names_what_failed_how_often_and_why() -> None:
    for tries in (1, 2, 3):
        (one,) = open_work(failing(tries)).open
        assert (one.retries, one.attempt) == ("Charge", tries + 1)
        assert one.last_failure == f"CardError: declined {tries - 1}"
    found = explained(seen(queue(CONTROL[0], hidden=1)), instance("a", *failing(2)))
    assert found.reason is Reason.RETRY_UNTIL
    assert "attempt 3 follows" in found.sentence


def test_an_activity_that_is_tried_again_knows_its_attempt() -> None:
    history = failing(2)[:-4]
    (one,) = open_work(history).open
    assert (one.attempt, one.last_failure) == (2, "CardError: declined 0")


# -- what is not claimed -------------------------------------------------------------------------


def test_nothing_is_lost_while_anything_is_hidden_where_it_may_be() -> None:
    history = turn(started(), TaskScheduled(event_id=0, timestamp=ago(3600), name="Charge"))
    gone = explained(seen(), instance("a", *history))
    assert gone.reason is Reason.MESSAGE_LOST
    for hidden in (queue(WORK, hidden=1), queue(CONTROL[0], hidden=1)):
        assert Reason.MESSAGE_LOST not in explained(seen(hidden), instance("a", *history)).reasons


def test_what_was_asked_for_a_moment_ago_is_not_lost() -> None:
    history = turn(started(), TaskScheduled(event_id=0, timestamp=ago(5), name="Charge"), at=5.0)
    assert explained(seen(), instance("a", *history)).reason is Reason.WORKING


def test_an_activity_of_a_server_without_messages_is_not_lost() -> None:
    history = turn(started(), TaskScheduled(event_id=0, timestamp=ago(600), name="Charge"))
    found = explained(seen(), instance("a", *history, unposted=frozenset({0})))
    assert found.reason is Reason.ACTIVITY_RUNNING
    assert found.pending[0].message == "none"
    gone = explained(
        seen(owners=dict.fromkeys(CONTROL, owned(holding=Holding.EXPIRED)), workers=()),
        instance("a", *history, unposted=frozenset({0})),
    )
    assert gone.reason is Reason.NO_WORKERS
    assert any("durahub hub settle" in (one.command or "") for one in gone.next_steps)


def test_without_queues_nothing_is_said_of_messages() -> None:
    history = turn(started(), TaskScheduled(event_id=0, timestamp=ago(600), name="Charge"))
    blind = HubSeen(name="h", address="dts:x/h", now=NOW, unread=("Nothing is told of queues.",))
    found = explained(blind, instance("a", *history))
    assert found.reason is Reason.ACTIVITY_RUNNING
    assert "queued or runs" in found.sentence
    assert found.pending[0].message == "unknown"
    assert any(one.weight is Weight.NOT_READ for one in found.evidence)


# -- chains --------------------------------------------------------------------------------------


def child_of(parent: str, child: str) -> list[Event]:
    created = SubOrchestrationInstanceCreated(
        event_id=0, timestamp=ago(3600), instance_id=child, name="Ship"
    )
    return turn(started(parent), created)


def test_a_chain_leads_from_the_parent_over_the_child_and_the_entity_to_the_holder() -> None:
    instances = [
        instance("a", *child_of("a", "b")),
        instance("b", *turn(started("b", "a"), lock_request("b", "@box@1"))),
        entity("@box@1", locked_by="c"),
        instance("c", *turn(started("c"))),
    ]
    assert needs("a", {}) == ("a",)
    known = {}
    for one in instances:
        (wanted,) = needs("a", known)
        assert wanted == one.instance_id
        known[wanted] = one
    assert needs("a", known) == ()
    found = explained(seen(), *instances)
    assert found.reason is Reason.CHILD_RUNNING
    assert [one.instance_id for one in found.chain] == ["b", "c"]
    assert found.chain[0].reason is Reason.ENTITY_LOCK_HELD_BY
    assert found.sentence == (
        "Waiting 1 h for child 'b' ('Ship'). The child: waiting 1 h for the lock of entity '@box@1'; "
        "'c' holds its lock. That one: waiting 1 h, probably for an external event: nothing that it has "
        "scheduled is open."
    )


def test_two_that_hold_each_others_locks_are_a_deadlock() -> None:
    found = explained(
        seen(),
        instance("a", *turn(started("a"), lock_request("a", "@box@1", "@box@2"))),
        entity("@box@1", locked_by="a"),
        entity("@box@2", locked_by="b"),
        instance("b", *turn(started("b"), lock_request("b", "@box@2", "@box@1"))),
    )
    assert found.reason is Reason.ENTITY_LOCK_HELD_BY
    assert found.is_stuck
    assert "deadlock" in found.sentence


def test_an_instance_of_the_childs_id_that_is_another_ones_child_is_no_child() -> None:
    found = explained(
        seen(),
        instance("a", *child_of("a", "b")),
        instance("b", *turn(started("b", "somebody-else"))),
    )
    assert found.reason is Reason.CHILD_MISSING
    assert "somebody-else" in told(found)


def test_a_suspended_instance_tells_what_it_waits_for_besides() -> None:
    timer = TimerCreated(event_id=0, timestamp=ago(60), fire_at=later(NOW, 600))
    history = turn(started(), timer) + turn(ExecutionSuspended(timestamp=ago(50), reason="audit"))
    one = instance("a", *history)
    assert one.row is not None
    found = explained(
        seen(queue(CONTROL[0], hidden=1)),
        replace(one, row=replace(one.row, status="Suspended")),
    )
    assert found.reasons[:2] == (Reason.SUSPENDED, Reason.TIMER_UNTIL)
    assert not found.is_stuck


def test_secrets_in_failures_are_taken_out() -> None:
    failure = Failure(error_type="E", message="Server=x;Password=hunter2;AccountKey=abcdef")
    history = [
        *turn(started(), TaskScheduled(event_id=0, timestamp=ago(3600), name="Charge")),
        *turn(
            TaskFailed(timestamp=ago(900), task_scheduled_id=0, failure=failure),
            TimerCreated(event_id=1, timestamp=ago(900), fire_at=later(NOW, 60)),
        ),
    ]
    found = explained(seen(queue(CONTROL[0], hidden=1)), instance("a", *history))
    assert found.pending[0].last_failure is not None
    assert "hunter2" not in str(found)
    assert "abcdef" not in str(found)


def test_commands_are_quoted_as_a_shell_takes_them() -> None:
    one = instance("it's; rm -rf /", *turn(started()))
    found = explained(seen(), one)
    (command,) = {step.command for step in found.next_steps}
    assert command == ("durahub instance raise-event --hub orders 'it'\"'\"'s; rm -rf /' NAME DATA")


def test_a_message_in_the_queue_of_an_owner_that_drains_is_told_with_it() -> None:
    waiting = queue(CONTROL[0], message("a", EventRaised(timestamp=ago(900), name="Go")))
    owners = dict.fromkeys(CONTROL, owned(holding=Holding.DRAINING, next_owner="w2"))
    found = explained(seen(waiting, owners=owners), instance("a", *turn(started())))
    assert "is giving up partition" in told(found)


def test_a_failure_stands_in_the_evidence_and_not_in_the_sentence_which_lists_show_alone() -> None:
    found = explained(seen(queue(CONTROL[0], hidden=1)), instance("a", *failing(2)))
    assert "declined" not in found.sentence
    assert found.pending[0].last_failure == "CardError: declined 1"
    assert any("CardError: declined 1" in one.sentence for one in found.evidence)


def test_of_a_file_it_is_told_that_the_server_knows_whether_a_worker_is_connected() -> None:
    event = EventRaised(timestamp=ago(900), name="Go")
    waiting = queue(CONTROL[0], replace(message("a", event), taken=None, inserted=ago(900)))
    one = instance("a", *turn(started()))
    server = "process 7"
    found = explained(seen(waiting, owners={}, workers=(server,), server=server), one)
    assert "no worker is connected, others come first, or" in found.sentence
    assert server in found.next_steps[0].sentence
    connected = explained(seen(waiting, owners={}, workers=("connected worker 1",)), one)
    assert "no worker is connected" not in connected.sentence


def test_an_activity_of_a_file_that_nobody_ends_leads_to_the_server() -> None:
    asked = TaskScheduled(timestamp=ago(900), event_id=0, name="Pay")
    one = instance("a", *turn(started(), asked))
    work = queue(WORK, replace(message("a", asked), taken=None))
    server = "process 7"
    found = explained(seen(work, owners={}, workers=(server,), server=server), one)
    assert found.reason is Reason.ACTIVITY_RUNNING
    assert [server in step.sentence for step in found.next_steps] == [True]
    connected = explained(seen(work, owners={}, workers=("connected worker 1",)), one)
    assert connected.next_steps == ()


def test_a_timer_waits_in_its_queue_since_it_was_due() -> None:
    created = TimerCreated(timestamp=ago(3600), event_id=0, fire_at=ago(60))
    fired = TimerFired(timestamp=ago(3600), timer_id=0, fire_at=ago(60))
    waiting = queue(CONTROL[0], replace(message("a", fired), inserted=ago(3600)))
    found = explained(seen(waiting, workers=()), instance("a", *turn(started(), created)))
    assert "Its message has been in the queue for 1 min" in told(found)


def test_a_start_that_is_hidden_for_long_is_probably_with_a_worker_that_hangs() -> None:
    waiting = row(status="Pending", execution_id="e")
    one = InstanceSeen(instance_id="a", row=waiting, history=(), queue=CONTROL[0])
    found = explained(seen(queue(CONTROL[0], hidden=1)), one)
    assert found.reason is Reason.NEVER_STARTED
    assert "hangs in the first turn" in found.sentence


def test_of_a_file_nothing_is_advised_that_its_server_keeps_from_it() -> None:
    waiting = queue(CONTROL[0], message("a", EventRaised(timestamp=ago(900), name="Go")))
    hub = replace(seen(waiting, owners={}, workers=()), address="sqlite:hub.db/orders")
    step = explained(hub, instance("a", *turn(started()))).next_steps[0]
    assert "Start a durahub server with this file" in step.sentence
    assert step.command is None
