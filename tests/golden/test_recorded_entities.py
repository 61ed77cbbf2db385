"""Every recorded entity message and scheduler state is read, and written again letter for letter.

Where the recorded histories tell what an entity was sent, its batches are run again: what they leave is
what .NET left. Texts that Durable Functions 2.x wrote carry types, which are not kept.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

import pytest
from recorded import HUBS, RecordedHub

from durahub.classic.columns import from_odata
from durahub.classic.envelope import Envelope, decode, from_queue_text
from durahub.classic.history_rows import decode as decode_row
from durahub.classic.instance_rows import checkpoint
from durahub.classic.instance_rows import decode as decode_instance
from durahub.classic.keys import unescape
from durahub.engine.actions import SendEntityMessage
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.entities.batch import EntityLimits, begin_batch, finish_batch, judge_batch
from durahub.engine.entities.calls import (
    EntityCallDone,
    EntityCallFailed,
    EntityLockGranted,
    NativeEvent,
    native_events,
    request_sent,
)
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    Response,
    is_request_name,
    release_of,
    release_text,
    request_of,
    request_text,
    response_of,
    response_text,
)
from durahub.engine.entities.reading import entity_of
from durahub.engine.entities.releases import locks_held
from durahub.engine.entities.scheduler_state import (
    scheduler_state_of,
    scheduler_state_text,
    status_of,
    status_text,
)
from durahub.engine.entities.work import EntityResult, Operation, OperationResult
from durahub.engine.state import read
from durahub.model.failure import Failure
from durahub.model.history import Event, EventRaised, EventSent, Execution, ExecutionCompleted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import MINIMUM, Ticks, parse

TYPE = re.compile(r'"\$type":"[^"]*",')
FUNCTIONS = "functions"  # the hub of Durable Functions 2.x, whose requests have fewer members
HUBS_OF_DTFX = tuple(hub for hub in HUBS if hub.name != FUNCTIONS)


def named(name: str) -> RecordedHub:
    return next(hub for hub in HUBS if hub.name == name)


def rows_of_entities(hub: RecordedHub) -> list[Instance]:
    rows = [decode_instance(from_odata(found)).instance for found in hub.instances]
    return [row for row in rows if is_entity(row.instance_id)]


def scheduler_texts(hub: RecordedHub) -> dict[str, str]:
    """Return the scheduler state of each entity, large ones from their blobs."""
    found: dict[str, str] = {}
    for key, rows in hub.current_history.items():
        if key.startswith("@"):
            (text,) = (row["Input"] for row in rows if row["EventType"] == "ExecutionStarted")
            found[unescape(key)] = str(text)
    return found


def histories(hub: RecordedHub) -> dict[str, list[Event]]:
    """Return the events of each orchestration."""
    return {
        unescape(key): [decode_row(row).event for row in rows]
        for key, rows in hub.current_history.items()
        if not key.startswith("@")
    }


def queued(hub: RecordedHub) -> list[EventRaised]:
    """Return the events that wait in queues for entities."""
    found = []
    for message in hub.messages:
        read = decode(from_queue_text(message.text))
        if isinstance(read, Envelope):
            event, target = read.message.event, read.message.target.instance_id
            if isinstance(event, EventRaised) and is_entity(target):
                found.append(event)
    return found


def sent(hub: RecordedHub) -> list[EventSent]:
    """Return what orchestrations have sent to entities."""
    return [
        event
        for events in histories(hub).values()
        for event in events
        if isinstance(event, EventSent) and is_entity(event.instance_id)
    ]


def test_there_is_enough_of_everything() -> None:
    assert sum(len(scheduler_texts(hub)) for hub in HUBS) >= 35
    assert sum(len(sent(hub)) for hub in HUBS) >= 35
    assert sum(len(queued(hub)) for hub in HUBS) >= 15


# -- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_scheduler_state_is_written_again(hub: RecordedHub) -> None:
    for text in scheduler_texts(hub).values():
        assert scheduler_state_text(scheduler_state_of(text)) == text


@pytest.mark.parametrize("hub", HUBS_OF_DTFX, ids=str)
def test_queued_requests_of_dtfx_are_written_by_us_as_by_it(hub: RecordedHub) -> None:
    for text in scheduler_texts(hub).values():
        state = scheduler_state_of(text)
        anew = tuple(replace(request, stored=None) for request in state.queue)
        assert scheduler_state_text(replace(state, queue=anew)) == text


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_status_is_written_again_and_agrees_with_the_state(hub: RecordedHub) -> None:
    states = scheduler_texts(hub)
    for row in rows_of_entities(hub):
        assert status_text(status_of(row.custom_status)) == row.custom_status
        assert scheduler_state_of(states[row.instance_id]).status == status_of(row.custom_status)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_requests_and_releases_are_written_again(hub: RecordedHub) -> None:
    for event in (*sent(hub), *queued(hub)):
        assert event.input is not None
        untyped = TYPE.sub("", event.input)
        assert (untyped == event.input) or hub.name == FUNCTIONS
        if is_request_name(event.name):
            request = request_of(event.input)
            assert request_text(request) == untyped
            if hub.name != FUNCTIONS:
                assert request_text(replace(request, stored=None)) == untyped
        else:
            assert release_text(release_of(event.input)) == untyped


def answered(events: Sequence[Event]) -> Iterator[tuple[EventRaised, NativeEvent]]:
    for event, native in zip(events, native_events(events), strict=True):
        if isinstance(event, EventRaised) and native is not None:
            yield event, native


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_answer_is_known_as_one_and_written_again(hub: RecordedHub) -> None:
    for events in histories(hub).values():
        for event, native in answered(events):
            assert isinstance(native, EntityCallDone | EntityCallFailed | EntityLockGranted)
            if not (hub.name == FUNCTIONS and isinstance(native, EntityCallFailed)):
                assert event.input is not None
                text = response_text(response_of(event.input))
                assert text == TYPE.sub("", event.input)


def test_the_failure_of_a_functions_entity_is_that_of_its_exception() -> None:
    events = histories(named(FUNCTIONS))["call-fails"]
    ((_, native),) = answered(events)
    assert isinstance(native, EntityCallFailed)
    failure: Failure | None = native.failure
    messages = []
    while failure is not None:
        messages.append(failure.message)
        failure = failure.inner
    assert messages == [
        "Exception has been thrown by the target of an invocation.",
        "account: on purpose",
        "inner of the entity",
    ]


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_request_of_an_orchestration_is_labelled_as_it_was(hub: RecordedHub) -> None:
    for instance_id, events in histories(hub).items():
        for index, event in enumerate(events):
            request = request_sent(event)
            if request is None or request.due is not None:
                continue
            assert isinstance(event, EventSent)
            action = SendEntityMessage(
                id=event.event_id,
                kind="lock" if request.is_lock else "signal" if request.signal else "call",
                request_id=request.id,
                target=event.instance_id or "",
                operation=request.operation,
                input=request.input,
                lock_set=request.lock_set or (),
            )
            me = Execution(instance_id, request.parent_execution)
            anew = read(events[:index]).calls().event(action, me, event.timestamp)
            if hub.name == FUNCTIONS:
                again = request_of(anew.input)
                assert (again.timestamp, again.predecessor) == (
                    request.timestamp,
                    request.predecessor,
                )
            else:
                assert anew == replace(event, is_played=False)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_an_orchestration_that_has_ended_holds_no_lock(hub: RecordedHub) -> None:
    held = {}
    for instance_id, events in histories(hub).items():
        if any(isinstance(event, ExecutionCompleted) for event in events):
            assert locks_held(events) == ()
        elif locks_held(events):
            held[instance_id] = len(locks_held(events))
    expected = {"holds-locks": 2, "waits-for-locks": 2}
    assert held == (expected if hub.name in ("entities", FUNCTIONS) else {})


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_an_entity_is_what_dotnet_says_of_it(hub: RecordedHub) -> None:
    states = scheduler_texts(hub)
    for row in rows_of_entities(hub):
        entity = entity_of(replace(row, input=states[row.instance_id]), with_state=True)
        assert entity.status.exists is (entity.state is not None)
        assert entity.last_modified == row.created


# -- batches -------------------------------------------------------------------------------------

NUMBERS = count()


def deliver(entity: str, name: str, text: str | None) -> Delivery:
    event = EventRaised(timestamp=MINIMUM, name=name, input=text)
    message = Message(event=event, target=Execution(entity))
    return Delivery(f"m-{next(NUMBERS)}", "", message)


def from_orchestration(hub: RecordedHub, instance_id: str, entity: str) -> list[Delivery]:
    """Return what an orchestration has sent to an entity, in order."""
    return [
        deliver(entity, event.name or "", event.input)
        for event in histories(hub)[instance_id]
        if isinstance(event, EventSent) and event.instance_id == entity
    ]


def counter(state: str | None, operations: Sequence[Operation]) -> EntityResult:
    """Run the entity ``counter`` of the recorded app."""
    results = []
    for operation in operations:
        if operation.name == "add":
            value = int(state.split(":")[1][:-1]) if state else 0
            state = f'{{"value":{value + int(operation.input or "0")}}}'
        results.append(
            OperationResult(failure=Failure(error_type="x", message="y"))
            if operation.name == "fail"
            else OperationResult(result=state)
        )
    return EntityResult(results=tuple(results), state=state)


class Replayed:
    """An entity whose batches are run again, one message at a time."""

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self.commits: list[Commit] = []

    def receive(self, *deliveries: Delivery, now: Ticks = MINIMUM) -> "Replayed":
        for delivery in deliveries:
            last = self.commits[-1] if self.commits else None
            events = last.events if last else ()
            version = HistoryVersion(last.execution_id, 3, "") if last else NO_HISTORY
            take, _ = judge_batch(version, events, [delivery], frozenset())
            turn = begin_batch(self.entity, version, events, take, now, limits=EntityLimits())
            answer = counter(turn.state, turn.operations)
            self.commits.append(finish_batch(turn, answer, now, new_ids()))
        return self

    @property
    def text(self) -> str:
        started = self.commits[-1].instance.started
        assert started is not None
        return started.input or ""

    def forwarded(self, target: str) -> list[Delivery]:
        """Return what the entity has sent to another."""
        return [
            deliver(target, message.event.name or "", message.event.input)
            for commit in self.commits
            for message in commit.outbound
            if message.target.instance_id == target and isinstance(message.event, EventRaised)
        ]


def new_ids() -> Callable[[], str]:
    numbers = count()
    return lambda: f"00000000-0000-0000-0000-{next(numbers):012}"


def test_an_entity_that_was_signalled_and_called_is_left_as_it_was() -> None:
    hub = named("entities")
    called = Replayed("@counter@called")
    called.receive(*from_orchestration(hub, "calls", "@counter@called"))
    assert called.text == scheduler_texts(hub)["@counter@called"]


def test_entities_that_were_locked_and_released_are_left_as_they_were() -> None:
    hub = named("entities")
    first, second = Replayed("@counter@la"), Replayed("@counter@lb")
    first.receive(
        *from_orchestration(hub, "locked-and-released", "@counter@la"),
        now=parse("2026-11-21T02:40:37.0550577Z"),
    )
    assert first.text == scheduler_texts(hub)["@counter@la"]
    second.receive(*first.forwarded("@counter@lb"))
    second.receive(*from_orchestration(hub, "locked-and-released", "@counter@lb"))
    assert second.text == scheduler_texts(hub)["@counter@lb"]


def test_locked_entities_with_a_backlog_are_left_as_they_were() -> None:
    hub = named("entities")
    texts = scheduler_texts(hub)
    x, y, w = (Replayed(f"@counter@{key}") for key in "xyw")
    sent_by_holder = from_orchestration(hub, "holds-locks", "@counter@x")
    (stamp,) = (scheduler_state_of(texts["@counter@x"]).sorting.sent or {}).values()
    x.receive(sent_by_holder[0], now=stamp.ticks)
    y.receive(*x.forwarded("@counter@y"))
    x.receive(*sent_by_holder[1:])
    y.receive(*from_orchestration(hub, "holds-locks", "@counter@y"))
    by_clients = [r for r in scheduler_state_of(texts["@counter@x"]).queue if r.parent is None]
    assert len(by_clients) == 2
    x.receive(*(deliver("@counter@x", "op", request_text(request)) for request in by_clients))
    x.receive(*from_orchestration(hub, "call-waits-for-lock", "@counter@x"))
    assert x.text == texts["@counter@x"]

    (stamp,) = (scheduler_state_of(texts["@counter@w"]).sorting.sent or {}).values()
    w.receive(*from_orchestration(hub, "waits-for-locks", "@counter@w"), now=stamp.ticks)
    assert w.text == texts["@counter@w"]
    y.receive(*w.forwarded("@counter@y"))
    assert y.text == texts["@counter@y"]


def test_the_answers_of_entities_are_those_that_were_recorded() -> None:
    hub = named("entities")
    called = Replayed("@counter@called")
    called.receive(*from_orchestration(hub, "calls", "@counter@called"))
    recorded = [event for event, _ in answered(histories(hub)["calls"])]
    ours = [message.event for commit in called.commits for message in commit.outbound]
    assert all(isinstance(event, EventRaised) for event in ours)
    texts = [response_text(Response(result=result)) for result in ("12", "12")]
    assert [event.input for event in recorded] == texts
    assert [e.name for e in ours if isinstance(e, EventRaised)] == [e.name for e in recorded]


def test_the_columns_of_an_entitys_row_are_those_that_were_recorded() -> None:
    hub = named("entities")
    ours = checkpoint(
        "@counter@called",
        Replayed("@counter@called")
        .receive(*from_orchestration(hub, "calls", "@counter@called"))
        .commits[-1]
        .instance,
        hub.settings["hub"],
        input_text=scheduler_texts(hub)["@counter@called"],
    )
    (recorded,) = (
        from_odata(found) for found in hub.instances if found["PartitionKey"] == "@counter@called"
    )
    recorded.pop("Timestamp")
    assert list(ours) == list(recorded)
    volatile = {"ExecutionId", "LastUpdatedTime", "CreatedTime"}
    assert {k: v for k, v in ours.items() if k not in volatile} == {
        k: v for k, v in recorded.items() if k not in volatile
    }
