"""Every instance is in a row of the decision table that says what it does; the recorded hubs in these."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine import state as states
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.ticks import later
from durahub_migrate.assessment.classifying import row_of_message, state_of
from durahub_migrate.assessment.decision_table import DECISIONS
from durahub_migrate.assessment.rows import Row, Unit
from durahub_migrate.lint.examples import SOURCE, a_hub, an_instance
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts, Problem
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.target import Given
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.assessment.recorded_hubs import assessed, facts_of

NOW = EXAMPLE_TIME
GIVEN = Given(now=NOW, hub=a_hub())
BEGUN = (
    OrchestratorStarted(timestamp=NOW),
    ExecutionStarted(timestamp=NOW, execution=Execution("i", "e"), name="Order", generation=0),
)
TURNED = OrchestratorCompleted(timestamp=NOW)
SCHEDULED = TaskScheduled(timestamp=NOW, event_id=0, name="Pay")
SET = TimerCreated(timestamp=NOW, event_id=1, fire_at=later(NOW, 60.0))
LARGE = Payload(kind=PayloadKind.INPUT, where="event 1, Input", size=1_048_577)

statuses = st.sampled_from([status.name for status in Status])
histories = st.sampled_from(
    [
        (),
        (*BEGUN, TURNED),
        (*BEGUN, SCHEDULED, TURNED),
        (*BEGUN, SET, SCHEDULED, TURNED),
        (*BEGUN, ExecutionCompleted(timestamp=NOW, status=Status.Completed), TURNED),
    ]
)
entities = st.builds(
    EntityFacts,
    name=st.just("counter"),
    key=st.just("a"),
    state=st.sampled_from([None, "7"]),
    backlog=st.integers(0, 2),
    held=st.integers(0, 1),
    locked_by=st.sampled_from([None, "order-7"]),
    problem=st.sampled_from([None, "not JSON"]),
)


@st.composite
def instances(draw: st.DrawFn) -> InstanceFacts:
    is_entity = draw(st.booleans())
    others = {"entity": draw(entities)} if is_entity else {}
    ids = st.sampled_from(["order-7", "a" * 101, "bestellung-ü"])
    return an_instance(
        draw(ids) if not is_entity else "@counter@a",
        status=draw(statuses),
        history=draw(histories),
        history_is_read=draw(st.booleans()),
        payloads=draw(st.sampled_from([(), (LARGE,)])),
        problems=draw(st.sampled_from([(), (Problem("row", "bad"),)])),
        row=draw(st.sampled_from([{}, {"scheduled_start": later(NOW, 60.0)}])),
        **others,
    )


@given(instances())
def test_every_instance_is_in_a_row_that_says_what_it_does(fact: InstanceFacts) -> None:
    rows = state_of(fact, GIVEN)

    doing = {row for row in rows if not row.is_trait}
    assert doing
    assert (Row.ENDED in doing) <= (doing == {Row.ENDED})
    of_entities = {row for row in doing if row.unit is Unit.ENTITIES}
    assert of_entities == (doing if fact.entity is not None else set())
    assert rows <= DECISIONS.keys()


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (an_instance(status="Completed"), {Row.ENDED}),
        (an_instance(status="Pending"), {Row.PENDING}),
        (
            an_instance(status="Pending", row={"scheduled_start": later(NOW, 1.0)}),
            {Row.SCHEDULED},
        ),
        (an_instance(status="Pending", row={"scheduled_start": NOW}), {Row.PENDING}),
        (an_instance(), {Row.RUNNING_UNREAD}),
        (an_instance(history=(*BEGUN, TURNED), history_is_read=False), {Row.RUNNING_UNREAD}),
        (an_instance(history=(*BEGUN, TURNED)), {Row.EVENT}),
        (an_instance(history=(*BEGUN, SCHEDULED, TURNED)), {Row.ACTIVITY_TAKEN}),
        (an_instance(history=(*BEGUN, SET, SCHEDULED, TURNED)), {Row.ACTIVITY_TAKEN, Row.TIMER}),
        (an_instance(status="Suspended", history=(*BEGUN, TURNED)), {Row.SUSPENDED, Row.EVENT}),
        (an_instance("a" * 101, status="Completed"), {Row.ENDED, Row.BAD_ID}),
        (an_instance("a" * 100, status="Completed"), {Row.ENDED}),
        (an_instance("\x7f", status="Completed"), {Row.ENDED, Row.BAD_ID}),
        (an_instance("~ ", status="Completed"), {Row.ENDED}),
        (an_instance(status="Completed", payloads=[LARGE]), {Row.ENDED, Row.LARGE}),
        (an_instance("@counter@a"), {Row.ENTITY_EMPTY}),
    ],
)
def test_the_rows_of(fact: InstanceFacts, expected: set[Row]) -> None:
    assert state_of(fact, GIVEN) == expected


def test_a_payload_of_one_mib_is_not_large() -> None:
    payload = Payload(kind=PayloadKind.INPUT, where="row, Input", size=1_048_576)

    assert Row.LARGE not in state_of(an_instance(payloads=[payload]), GIVEN)


def test_an_instance_whose_history_has_ended_is_ended_though_its_row_is_behind() -> None:
    done = ExecutionCompleted(timestamp=NOW, status=Status.Completed)

    assert state_of(an_instance(history=(*BEGUN, done, TURNED)), GIVEN) == {Row.ENDED}


def a_message(**fields: object) -> MessageFacts:
    place = Place(source=SOURCE, kind=PlaceKind.MESSAGE, key="q/1")
    return MessageFacts(place=place, queue="q", **fields)  # type: ignore[arg-type]


def test_a_message_is_in_the_row_of_what_is_worst_about_it() -> None:
    event = EventRaised(timestamp=NOW, name="approved")

    assert row_of_message(a_message(problem="not JSON", deliveries=9), GIVEN) is Row.UNREADABLE
    assert row_of_message(a_message(event=event, deliveries=5), GIVEN) is Row.POISON
    assert row_of_message(a_message(event=event, deliveries=4), GIVEN) is Row.EVENT_QUEUED
    to_entity = a_message(event=event, target="@counter@a")
    assert row_of_message(to_entity, GIVEN) is Row.MESSAGE


EXPECTED = {
    "crash-history": {"ended": 1, "other-message": 5},
    "crash-instance": {"ended": 1, "other-message": 5},
    "crash-outbox": {"pending": 1, "other-message": 8},
    "dtfx": {
        "ended": 20,
        "pending": 2,
        "awaiting-activity-not-picked-up": 1,
        "awaiting-timer": 3,
        "awaiting-event": 2,
        "awaiting-sub-orchestration": 1,
        "event-not-processed": 1,
        "other-message": 7,
        "id-the-scheduler-refuses": 1,
    },
    "edges": {
        "ended": 10,
        "pending-scheduled": 1,
        "awaiting-event": 3,
        "entity-idle": 1,
        "event-not-processed": 4,
        "other-message": 9,
        "id-the-scheduler-refuses": 3,
    },
    "entities": {
        "ended": 4,
        "awaiting-event": 1,
        "awaiting-entity": 2,
        "entity-idle": 8,
        "entity-with-queued-operations": 2,
        "entity-locked": 3,
        "entity-without-state": 2,
        "other-message": 4,
        "id-the-scheduler-refuses": 1,
    },
    "extended": {"ended": 38, "other-message": 1, "id-the-scheduler-refuses": 1},
    "finished": {"ended": 38, "other-message": 1, "id-the-scheduler-refuses": 1},
    "functions": {
        "ended": 41,
        "pending": 2,
        "pending-scheduled": 1,
        "awaiting-activity-not-picked-up": 3,
        "awaiting-timer": 4,
        "awaiting-event": 8,
        "awaiting-sub-orchestration": 2,
        "awaiting-entity": 2,
        "suspended": 1,
        "eternal": 1,
        "entity-idle": 17,
        "entity-with-queued-operations": 2,
        "entity-locked": 3,
        "entity-without-state": 2,
        "delayed-signal-of-an-orchestrator": 3,
        "event-not-processed": 1,
        "other-message": 23,
        "id-the-scheduler-refuses": 1,
    },
    "killed": {
        "ended": 1,
        "pending-scheduled": 1,
        "awaiting-activity-not-picked-up": 2,
        "awaiting-timer": 5,
        "awaiting-event": 6,
        "awaiting-sub-orchestration": 1,
        "suspended": 1,
        "eternal": 1,
        "other-message": 10,
    },
    "tracking": {"ended": 38, "other-message": 1, "id-the-scheduler-refuses": 1},
    "waiting": {
        "ended": 1,
        "pending": 4,
        "pending-scheduled": 1,
        "awaiting-activity-not-picked-up": 2,
        "awaiting-timer": 5,
        "awaiting-event": 6,
        "awaiting-sub-orchestration": 1,
        "suspended": 1,
        "eternal": 1,
        "event-not-processed": 3,
        "other-message": 16,
    },
}
EXPECTED["legacy1x"] = EXPECTED["safe1x"] = EXPECTED["dtfx"]


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_what_is_in_a_recorded_hub(hub: RecordedHub) -> None:
    report = await assessed(await facts_of(hub))

    found = {group.row: group.count for group in report.hubs[0].groups if group.count is not None}
    found.pop(Row.STRAY.value, None)  # counted by rules
    assert found == EXPECTED[hub.name]


NAMED = {
    "awaits-activity": Row.ACTIVITY_QUEUED,
    "awaits-some-activities": Row.ACTIVITY_QUEUED,
    "awaits-event": Row.EVENT,
    "awaits-second-event": Row.EVENT,
    "awaits-timer-far": Row.TIMER,
    "awaits-timer-soon": Row.TIMER,
    "awaits-retry": Row.TIMER,
    "awaits-child": Row.CHILD,
    "awaits-10-days": Row.TIMER,
    "continued-as-new": Row.ETERNAL,
    "continued-waits": Row.ETERNAL,
    "never-started": Row.PENDING,
    "scheduled-far": Row.SCHEDULED,
    "scheduled-3-days": Row.SCHEDULED,
    "suspended": Row.SUSPENDED,
    "call-waits-for-lock": Row.ENTITY_ANSWER,
    "waits-for-locks": Row.ENTITY_ANSWER,
    "@counter@deleted": Row.ENTITY_EMPTY,
    "@counter@x": Row.ENTITY_LOCKED,
    "@counter@plain": Row.ENTITY_IDLE,
}
"""What the recorder called instances after, and the row that this means."""


@pytest.mark.parametrize("name", ["waiting", "killed", "functions", "entities"])
async def test_recorded_instances_are_in_the_rows_that_they_are_named_for(name: str) -> None:
    facts = await facts_of(next(hub for hub in HUBS if hub.name == name))
    given = Given(now=facts[0].now, hub=facts[0])
    instances = {fact.instance_id: fact for fact in facts if isinstance(fact, InstanceFacts)}
    live = {one for one in NAMED if one in instances and not instances[one].is_terminal}

    assert len(live) >= 4
    for instance_id in live:
        assert NAMED[instance_id] in state_of(instances[instance_id], given), instance_id


async def test_a_result_that_lies_in_a_queue_is_told_from_one_that_is_to_come() -> None:
    hub = next(hub for hub in HUBS if hub.name == "crash-history")
    facts = await facts_of(hub)
    fan_out = next(fact for fact in facts if isinstance(fact, InstanceFacts))
    cut = next(n for n, one in enumerate(fan_out.history) if isinstance(one, TaskCompleted))
    before = replace(
        fan_out,
        row=replace(fan_out.row, status="Running"),
        history=fan_out.history[:cut],
        state=states.read(fan_out.history[:cut]),
    )

    rows = state_of(before, Given(now=facts[0].now, hub=facts[0]))

    assert Row.RESULT_QUEUED in rows
    assert Row.EVENT not in rows
