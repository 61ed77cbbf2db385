"""How an instance stands: what is kept, what is open, what is asked for again."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from durahub.engine.entities.messages import Request, request_text
from durahub.model import history as h
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.stored import StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import inflight
from durahub_migrate.bundle.records import Digests
from durahub_migrate.moving.content import Held
from durahub_migrate.targets.endpoint.standing import Standing, standing_of

ME = h.Execution("order", "run-2")
AT = Ticks(637_000_000_000_000_000)
STARTED = h.ExecutionStarted(timestamp=AT, execution=ME, name="Order", input='"in"')
TASK = h.TaskScheduled(event_id=0, timestamp=AT, name="pay")
TIMER = h.TimerCreated(event_id=1, timestamp=AT, fire_at=AT)
CHILD = h.SubOrchestrationInstanceCreated(event_id=2, timestamp=AT, name="pack", instance_id="kid")
CALL = h.EventSent(
    event_id=3,
    timestamp=AT,
    instance_id="@counter@a",
    name="op",
    input=request_text(Request(id="1" * 32, operation="get", parent="order")),
)
ANSWER = h.EventRaised(timestamp=AT, name="11111111-1111-1111-1111-111111111111", input="{}")
PAID = h.TaskCompleted(timestamp=AT, task_scheduled_id=0, result='"paid"')


@dataclass
class Records:
    """A content that has messages to one instance."""

    messages: list[hb.InFlight] = field(default_factory=list)
    kind: str = "classic"

    @property
    def manifest(self) -> Any:
        return SimpleNamespace(source=SimpleNamespace(kind=self.kind))

    def messages_to(self, instance_id: str) -> tuple[hb.InFlight, ...]:
        return tuple(self.messages)


def seen(event: h.Event, execution: str | None = "run-2", deliveries: int = 0) -> hb.InFlight:
    message = Message(event=event, target=h.Execution("order", execution))
    stored = StoredMessage(queue="q", message_id="m", message=message, deliveries=deliveries)
    return inflight.seen(stored)


def standing(
    *events: h.Event,
    messages: tuple[hb.InFlight, ...] = (),
    kind: str = "classic",
    inside: frozenset[str] = frozenset({"order", "kid"}),
    **how: Any,
) -> Standing:
    instance = StoredInstance(
        instance_id="order",
        execution_id="run-2",
        name="Order",
        version=None,
        status="Running",
        created=AT,
        last_updated=AT,
        completed=None,
        scheduled_start=None,
        input='"in"',
        output=None,
        custom_status="null",
        tags=None,
        generation=None,
        history=tuple(map(StoredEvent, (STARTED, *events))),
    )
    held = Held(
        instance=instance,
        entity=None,
        digests=Digests(b"", b""),
        open_work=hb.OpenWork(),
        place="",
        root_id="order",
        depth=0,
        numbering_base=0,
    )
    return standing_of(held, Records(list(messages), kind), inside=inside, **how)  # type: ignore[arg-type]


def test_an_activity_whose_input_was_seen_is_handed_over_with_it() -> None:
    found = standing(TASK, messages=(seen(replace(TASK, input='"cup"')),))
    assert [task.input for task in found.tasks] == ['"cup"']
    assert found.history == (STARTED, TASK)
    assert not found.must_wake


def test_an_activity_whose_input_nobody_knows_is_asked_for_again() -> None:
    found = standing(TASK)
    assert found.tasks == ()
    assert found.history == (STARTED,)
    assert found.must_wake


def test_an_endpoint_tells_the_inputs_of_activities() -> None:
    assert standing(TASK, kind="endpoint").tasks == (TASK,)


def test_timers_and_children_of_the_tree_are_handed_over() -> None:
    found = standing(TIMER, CHILD)
    assert (found.timers, found.children) == ((TIMER,), (CHILD,))
    assert found.history == (STARTED, TIMER, CHILD)


def test_where_the_app_asks_again_only_children_are_kept() -> None:
    found = standing(TASK, TIMER, CHILD, CALL, asks_again=True)
    assert found.history == (STARTED, CHILD)
    assert (found.tasks, found.timers, found.children) == ((), (), (CHILD,))


def test_a_child_that_is_missing_is_made_again_by_the_app() -> None:
    found = standing(CHILD, inside=frozenset({"order"}))
    assert found.history == (STARTED,)
    assert found.must_wake


def test_a_call_of_an_entity_without_an_answer_is_made_again() -> None:
    assert standing(CALL).history == (STARTED,)
    answered = standing(CALL, ANSWER)
    assert answered.history == (STARTED, CALL, ANSWER)
    waiting = standing(CALL, messages=(seen(ANSWER),))
    assert waiting.history == (STARTED, CALL)
    assert waiting.inbox == (ANSWER,)


def test_an_answer_on_its_way_closes_what_it_answers() -> None:
    found = standing(TASK, messages=(seen(PAID),), asks_again=True)
    assert found.history == (STARTED, TASK)
    assert found.inbox == (PAID,)
    assert found.tasks == ()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (seen(PAID), "seen twice"),
        (seen(replace(PAID, task_scheduled_id=7)), "for nobody"),
        (
            seen(h.EventRaised(timestamp=AT, name="Go"), execution="run-1"),
            "for an earlier execution",
        ),
        (seen(h.EventRaised(timestamp=AT, name="Go"), deliveries=10), "poison"),
        (seen(h.GenericEvent(timestamp=AT)), "rewinds"),
    ],
)
def test_what_is_not_delivered_is_told(message: hb.InFlight, reason: str) -> None:
    found = standing(TASK, PAID, messages=(message,))
    assert found.inbox == ()
    assert dict(found.left) == {reason: 1}


def test_nothing_is_delivered_to_what_has_ended() -> None:
    end = h.ExecutionCompleted(event_id=1, timestamp=AT, status=h.Status.Completed)
    found = standing(TASK, end, messages=(seen(PAID),))
    assert found.history == (STARTED, TASK, end)  # what it waited for stays as it was
    assert dict(found.left) == {"for nobody": 1}
    assert found.end == end


def test_what_a_row_implies_is_not_delivered() -> None:
    fired = h.TimerFired(timestamp=AT, timer_id=1, fire_at=AT)
    assert standing(TIMER, messages=(seen(fired),)).inbox == ()


@pytest.mark.parametrize(("numbering", "numbers"), [(None, (0, 0)), (0, (0, 0)), (1, (1, 1))])
def test_actions_get_the_numbers_of_the_app(
    numbering: int | None, numbers: tuple[int, int]
) -> None:
    found = standing(TASK, messages=(seen(PAID),), numbering=numbering)
    answer = found.inbox[0]
    assert isinstance(answer, h.TaskCompleted)
    assert (found.history[1].event_id, answer.task_scheduled_id) == numbers


def test_one_that_pauses_is_not_woken() -> None:
    pause = h.ExecutionSuspended(timestamp=AT, reason="lunch")
    found = standing(TASK, pause)
    assert found.pause == pause
    assert found.pause_reason == "lunch"
    assert not found.must_wake


def test_events_come_in_the_order_in_which_they_were_sent() -> None:
    first = h.EventRaised(timestamp=AT, name="Go")
    second = h.EventRaised(timestamp=Ticks(AT + 1), name="Come")
    assert standing(messages=(seen(second), seen(first))).inbox == (first, second)
