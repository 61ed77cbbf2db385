"""What has to be on its way to an instance: all that was seen, and what was hidden, each once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from durahub.engine.entities.messages import Release, Request, release_text, request_text
from durahub.engine.entities.scheduler_state import SchedulerState, Sorting, scheduler_state_text
from durahub.engine.entities.sorter import Sender
from durahub.engine.entities.stamps import Stamp
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    GenericEvent,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from durahub.stored import StoredInstance, StoredMessage
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.targets.complete import Complete
from durahub_migrate.targets.entity_messages import ANSWER_LOST, UNLABELLED
from durahub_migrate.targets.open_messages import (
    MENDED,
    POISONOUS,
    RUNS_AGAIN,
    STARTED_AGAIN,
    complete,
)
from durahub_migrate.targets.source import Source
from tests.bundle.bundles import HUB, NOON, a_history, an_instance, written
from tests.moving.loaded import load

LATER = later(NOON, 10_000)
CALL = Request(id="0f8fad5b-d9cb-469f-a165-70867728950e", operation="take", parent="a")


class Given:
    """A hub of these, as an import looks at it."""

    def __init__(
        self,
        folder: Path,
        instances: Sequence[StoredInstance],
        messages: Sequence[StoredMessage] = (),
        **source: object,
    ) -> None:
        written(folder / "bundle", instances, messages)
        content = load(BundleReader(folder / "bundle"))
        manifest = replace(content.manifest, source=replace(HUB, **source))  # type: ignore[arg-type]
        self.source = Source(replace(content, manifest=manifest))

    def complete(self, instance_id: str) -> Complete:
        held = self.source.member(instance_id)
        assert held is not None
        return complete(held, self.source)


def begun(*more: Event, instance_id: str = "a", parent: Parent | None = None) -> StoredInstance:
    """Return an instance that runs and has done *more*."""
    start = ExecutionStarted(
        timestamp=NOON,
        execution=Execution(instance_id, "e1"),
        name="Order",
        input='"in"',
        parent=parent,
        generation=0,
    )
    history = (OrchestratorStarted(timestamp=NOON), start, *more)
    return an_instance(instance_id, status="Running", completed=None, output=None, history=history)


def seen(event: Event, target: str = "a", **others: int) -> StoredMessage:
    """Return a message that was seen in a queue."""
    message = Message(event=event, target=Execution(target))
    return StoredMessage(queue="q", message_id="1", message=message, **others)  # type: ignore[arg-type]


def events_of(found: Complete) -> list[Event]:
    return [one.message.event for one in found.messages]


PAY = TaskScheduled(event_id=0, timestamp=NOON, name="Pay")
PAID = TaskCompleted(timestamp=LATER, task_scheduled_id=0, result='"paid"')
TIMER = TimerCreated(event_id=0, timestamp=NOON, fire_at=LATER)
FIRED = TimerFired(timestamp=NOON, timer_id=0, fire_at=LATER)
CHILD = SubOrchestrationInstanceCreated(event_id=0, timestamp=NOON, instance_id="a:0", name="Ship")
BY_A = Parent(name="Order", execution=Execution("a", "e1"), task_schedule_id=0)


def test_a_pending_instance_gets_its_start_once(tmp_path: Path) -> None:
    pending = an_instance(
        "a", status="Pending", history=(), scheduled_start=LATER, completed=None, output=None
    )
    [made] = Given(tmp_path / "1", [pending]).complete("a").messages
    assert isinstance(made.message.event, ExecutionStarted)
    assert (made.due, made.message.event.input) == (LATER, '"in"')

    there = Given(tmp_path / "2", [pending], [seen(made.message.event)]).complete("a")
    assert len(there.messages) == 1


def test_an_open_timer_fires_when_it_was_due_and_once(tmp_path: Path) -> None:
    [made] = Given(tmp_path / "1", [begun(TIMER)]).complete("a").messages
    assert (made.message.event, made.due) == (FIRED, LATER)
    there = Given(tmp_path / "2", [begun(TIMER)], [seen(FIRED)]).complete("a")
    assert events_of(there) == [FIRED]


def test_an_activity_that_was_seen_is_no_doubt(tmp_path: Path) -> None:
    task = replace(PAY, input='"x"')
    found = Given(tmp_path, [begun(PAY)], [seen(task)]).complete("a")
    assert [one.message.event for one in found.activities] == [task]
    assert (found.messages, dict(found.doubts)) == ([], {})


def test_an_activity_whose_result_is_on_its_way_does_not_run(tmp_path: Path) -> None:
    found = Given(tmp_path, [begun(PAY)], [seen(PAID)]).complete("a")
    assert (events_of(found), found.activities, dict(found.doubts)) == ([PAID], [], {})


def test_an_activity_that_was_hidden_is_scheduled_again_by_its_orchestrator(
    tmp_path: Path,
) -> None:
    found = Given(tmp_path, [begun(PAY)]).complete("a")
    assert found.doubts == {RUNS_AGAIN: 1}
    assert found.activities == []
    [wake_up] = events_of(found)
    assert isinstance(wake_up, GenericEvent)
    assert isinstance(found.instance.history[-1].event, GenericEvent)


def test_an_activity_whose_input_is_known_runs_again(tmp_path: Path) -> None:
    task = replace(PAY, input='"x"')
    found = Given(tmp_path, [begun(task)]).complete("a")
    [made] = found.activities
    assert made.message.event == task
    assert (made.message.tags, found.messages, found.doubts) == ({}, [], {RUNS_AGAIN: 1})


def test_an_activity_that_failed_and_was_scheduled_again_is_open(tmp_path: Path) -> None:
    found = Given(tmp_path, [begun(PAY, PAID, PAY)]).complete("a")
    assert found.doubts == {RUNS_AGAIN: 1}
    assert found.instance.history[2].event == PAY  # the first has its answer


def test_a_child_that_has_ended_answers_again(tmp_path: Path) -> None:
    end = ExecutionCompleted(event_id=1, timestamp=LATER, status=Status.Completed, result='"sent"')
    child = replace(begun(end, instance_id="a:0", parent=BY_A), status="Completed", output='"sent"')
    found = Given(tmp_path / "1", [begun(CHILD), child]).complete("a")
    answer = SubOrchestrationInstanceCompleted(
        timestamp=LATER, task_scheduled_id=0, result='"sent"'
    )
    assert events_of(found) == [answer]
    assert found.messages[0].message.target == Execution("a", "e1")
    there = Given(tmp_path / "2", [begun(CHILD), child], [seen(answer)]).complete("a")
    assert events_of(there) == [answer]


def test_a_child_that_runs_needs_nothing(tmp_path: Path) -> None:
    child = begun(instance_id="a:0", parent=BY_A)
    assert Given(tmp_path, [begun(CHILD), child]).complete("a").messages == []


def test_a_child_that_is_nowhere_is_started_again_by_its_orchestrator(tmp_path: Path) -> None:
    found = Given(tmp_path, [begun(CHILD)]).complete("a")
    assert found.doubts == {STARTED_AGAIN: 1}
    assert [type(one) for one in events_of(found)] == [GenericEvent]


def test_the_start_of_a_child_goes_with_its_parent(tmp_path: Path) -> None:
    start = begun(instance_id="a:0", parent=BY_A).history[1].event
    told = EventRaised(timestamp=NOON, name="More")
    given = Given(tmp_path, [begun(CHILD)], [seen(start, "a:0"), seen(told, "a:0")])
    found = given.complete("a")
    assert (events_of(found), dict(found.doubts)) == ([start, told], {})
    assert given.source.strays.for_nobody == 0


def test_messages_are_in_the_order_in_which_they_were_sent(tmp_path: Path) -> None:
    told = [
        EventRaised(timestamp=later(NOON, number), name="More", input=str(number))
        for number in range(9)
    ]
    found = Given(tmp_path, [begun()], [seen(event) for event in reversed(told)]).complete("a")
    assert events_of(found) == told


def test_poison_is_left(tmp_path: Path) -> None:
    told = EventRaised(timestamp=NOON, name="More")
    found = Given(tmp_path, [begun()], [seen(told, deliveries=10)]).complete("a")
    assert (found.messages, found.left) == ([], {POISONOUS: 1})


def test_a_start_without_a_row_begins_an_orchestration_with_all_that_is_told_to_it(
    tmp_path: Path,
) -> None:
    start = begun(instance_id="new").history[1].event
    told = EventRaised(timestamp=NOON, name="More")
    given = Given(tmp_path, [begun()], [seen(told, "new"), seen(start, "new")])
    assert given.source.strays.for_nobody == 0
    assert [one.message.event for one in given.source.strays.of_clients] == [start, told]


def test_a_start_that_an_entity_has_sent_goes_with_the_entity(tmp_path: Path) -> None:
    start = begun(instance_id="new").history[1].event
    message = Message(event=start, target=Execution("new"), sender=Execution("@stock@a"))
    sent = StoredMessage(queue="q", message_id="1", message=message)
    given = Given(tmp_path, [entity(SchedulerState(state="1"))], [sent])
    assert (given.source.strays.for_nobody, given.source.strays.of_clients) == (0, ())
    assert events_of(given.complete("@stock@a")) == [start]


@pytest.mark.parametrize(("deliveries", "parent"), [(10, None), (0, BY_A)])
def test_a_start_that_is_poison_or_whose_parent_is_not_there_is_for_nobody(
    tmp_path: Path, deliveries: int, parent: Parent | None
) -> None:
    start = begun(instance_id="new", parent=parent).history[1].event
    given = Given(tmp_path, [begun(instance_id="b")], [seen(start, "new", deliveries=deliveries)])
    assert (given.source.strays.for_nobody, given.source.strays.of_clients) == (1, ())


def test_what_begins_nothing_is_for_nobody(tmp_path: Path) -> None:
    told = EventRaised(timestamp=NOON, name="More")
    op = EventRaised(timestamp=NOON, name="op", input=request_text(CALL))
    given = Given(tmp_path, [begun()], [seen(told, "nobody"), seen(op, "@stock@new")])
    assert given.source.strays.for_nobody == 1
    assert [one.message.event for one in given.source.strays.of_clients] == [op]


def test_a_row_behind_its_history_is_mended(tmp_path: Path) -> None:
    behind = replace(an_instance("a"), status="Running", completed=None, output=None)
    found = Given(tmp_path, [behind]).complete("a")
    assert found.doubts == {MENDED: 1}
    assert (found.instance.status, found.instance.output) == ("Completed", '"out"')
    assert found.instance.completed == an_instance("a").completed


def test_of_a_store_that_hides_nothing_nothing_is_made(tmp_path: Path) -> None:
    given = Given(tmp_path, [begun(PAY, replace(TIMER, event_id=1))], kind="scheduler")
    found = given.complete("a")
    assert (found.messages, found.activities, dict(found.doubts)) == ([], [], {})
    assert found.instance.history[2].event == PAY


# -- entities ------------------------------------------------------------------------------------


def entity(state: SchedulerState, instance_id: str = "@stock@a") -> StoredInstance:
    """Return an entity between two batches."""
    text = scheduler_state_text(state)
    history = a_history(instance_id, text=text)[:2]
    return an_instance(
        instance_id, status="Running", input=text, history=history, completed=None, output=None
    )


def sent(request: Request, at: Ticks = LATER) -> EventSent:
    return EventSent(
        event_id=1, timestamp=at, instance_id="@stock@a", name="op", input=request_text(request)
    )


LABELLED = replace(CALL, parent_execution="e1", timestamp=Stamp(LATER))


@pytest.mark.parametrize("signal", [False, True])
def test_a_request_that_its_entity_has_not_had_is_sent_again(tmp_path: Path, signal: bool) -> None:
    request = replace(LABELLED, signal=signal)
    given = Given(tmp_path, [begun(sent(request)), entity(SchedulerState(state="1"))])
    [made] = given.complete("a").messages
    assert made.message.target.instance_id == "@stock@a"
    assert made.message.event == EventRaised(
        timestamp=LATER, name="op", input=request_text(request)
    )


def received(last: Ticks) -> Sorting:
    return Sorting(senders={"a": Sender(last=Stamp(last), execution_id="e1")})


@pytest.mark.parametrize(
    "state",
    [
        SchedulerState(state="1", queue=(LABELLED,), locked_by="b"),
        SchedulerState(state="1", sorting=received(LATER)),
    ],
    ids=["it waits", "it was let through"],
)
def test_a_request_that_its_entity_has_had_is_not(tmp_path: Path, state: SchedulerState) -> None:
    found = Given(tmp_path, [begun(sent(LABELLED)), entity(state)]).complete("a")
    assert found.messages == []
    assert found.doubts.get(ANSWER_LOST, 0) == (not state.queue)


def test_a_request_that_was_seen_is_not_sent_again(tmp_path: Path) -> None:
    raised = EventRaised(timestamp=LATER, name="op", input=request_text(LABELLED))
    given = Given(
        tmp_path,
        [begun(sent(LABELLED)), entity(SchedulerState(state="1"))],
        [seen(raised, "@stock@a")],
    )
    assert given.complete("a").messages == []
    assert events_of(given.complete("@stock@a")) == [raised]


def test_nothing_is_sent_again_where_nothing_was_hidden(tmp_path: Path) -> None:
    stock = entity(SchedulerState(state="1"))
    given = Given(tmp_path, [begun(sent(LABELLED)), stock], queues={"q": 0})
    assert given.complete("a").messages == []


def test_a_call_without_a_label_is_a_doubt(tmp_path: Path) -> None:
    given = Given(tmp_path, [begun(sent(CALL)), entity(SchedulerState(state="1"))])
    found = given.complete("a")
    assert (found.messages, found.doubts) == ([], {UNLABELLED: 1})


def test_a_delayed_signal_comes_when_it_is_due(tmp_path: Path) -> None:
    due = later(NOON, 10**6)
    request = replace(CALL, signal=True, due=due)
    event = replace(sent(request), name="op@2026-11-13T01:46:40.0000003Z")
    given = Given(tmp_path, [begun(event), entity(SchedulerState(state="1"))])
    [made] = given.complete("a").messages
    assert made.due == due


def test_a_lock_request_goes_on_where_it_was(tmp_path: Path) -> None:
    lock = replace(LABELLED, operation=None, lock_set=("@stock@a", "@stock@b"))
    first = entity(SchedulerState(state="1", locked_by="a"))
    given = Given(
        tmp_path / "1", [begun(sent(lock)), first, entity(SchedulerState(state="1"), "@stock@b")]
    )
    [made] = given.complete("a").messages
    assert made.message.target.instance_id == "@stock@b"
    second = entity(SchedulerState(state="1", locked_by="a"), "@stock@b")
    [made] = Given(tmp_path / "2", [begun(sent(lock)), first, second]).complete("a").messages
    assert made.message.target.instance_id == "a"
    assert isinstance(made.message.event, EventRaised)
    assert made.message.event.name == lock.id


def test_a_release_that_its_entity_has_not_had_is_sent_again(tmp_path: Path) -> None:
    lock = replace(LABELLED, operation=None, lock_set=("@stock@a",))
    granted = EventRaised(timestamp=LATER, name=lock.id, input='{"result":"ok"}')
    release = EventSent(
        event_id=2,
        timestamp=LATER,
        instance_id="@stock@a",
        name="release",
        input=release_text(Release("a", lock.id)),
    )
    locked = entity(SchedulerState(state="1", locked_by="a"))
    given = Given(tmp_path / "1", [begun(sent(lock), granted, release), locked])
    [made] = given.complete("a").messages
    assert made.message.event == EventRaised(timestamp=LATER, name="release", input=release.input)
    again = replace(sent(replace(lock, id="7c9e6679-7425-40de-944b-e07fc1f90ae7")), event_id=3)
    holds = Given(tmp_path / "2", [begun(sent(lock), granted, release, again), locked])
    assert not any(
        isinstance(one, EventRaised) and one.name == "release"
        for one in events_of(holds.complete("a"))
    )


def test_an_entity_goes_on_with_what_waits(tmp_path: Path) -> None:
    waits = replace(CALL, parent=None, signal=True)
    given = Given(tmp_path / "1", [entity(SchedulerState(state="1", queue=(waits,)))])
    [wake_up] = events_of(given.complete("@stock@a"))
    assert isinstance(wake_up, EventRaised)
    assert wake_up.name == "continue"
    locked = SchedulerState(state="1", queue=(waits,), locked_by="b")
    assert Given(tmp_path / "2", [entity(locked)]).complete("@stock@a").messages == []


def test_a_poisonous_operation_begins_no_entity(tmp_path: Path) -> None:
    op = EventRaised(timestamp=NOON, name="op", input=request_text(CALL))
    given = Given(tmp_path, [begun()], [seen(op, "@stock@new", deliveries=10)])
    assert given.source.strays.for_nobody == 1
    assert given.source.strays.of_clients == ()


def test_a_poisonous_start_of_a_child_is_left_and_starts_it_no_second_time(tmp_path: Path) -> None:
    start = begun(instance_id="a:0", parent=BY_A).history[1].event
    found = Given(tmp_path, [begun(CHILD)], [seen(start, "a:0", deliveries=10)]).complete("a")
    assert (found.messages, found.left, dict(found.doubts)) == ([], {POISONOUS: 1}, {})
