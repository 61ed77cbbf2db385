"""What goes into a bundle comes out of it as it was, but for whether an event was replayed."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durahub.engine.entities.messages import Request, request_text
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    GenericEvent,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.stored import StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import inflight, records
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from tests.bundle.bundles import GIVEN, HUB, NOON, a_history, an_instance, read, written
from tests.unit.scheduler.scheduler_values import any_ticks, events, messages, tags, texts

words = st.sampled_from(["Running", "Completed", "ContinuedAsNew", "Pending", "", "Martian"])
stored_events = st.builds(
    StoredEvent,
    events.map(lambda event: replace(event, is_played=False)),
    st.frozensets(st.sampled_from(["Tags", "Properties"])),
)
instances = st.builds(
    StoredInstance,
    instance_id=texts,
    execution_id=st.none() | texts,
    name=st.none() | texts,
    version=st.none() | texts,
    status=words | texts,
    created=st.none() | any_ticks,
    last_updated=st.none() | any_ticks,
    completed=st.none() | any_ticks,
    scheduled_start=st.none() | any_ticks,
    input=st.none() | texts,
    output=st.none() | texts,
    custom_status=st.none() | texts,
    tags=st.none() | tags,
    generation=st.none() | st.integers(0, 2**40),
    history=st.lists(stored_events, max_size=4).map(tuple),
)


@given(instances)
def test_an_instance_comes_back_from_its_records(instance: StoredInstance) -> None:
    head = records.head_of(instance, "a test")
    parts = list(records.parts_of(instance.history))
    events = [event for part in parts for event in records.events_of(part, "a test")]
    assert replace(records.instance_of(head), history=tuple(events)) == instance


@given(stored_events)
def test_an_event_of_every_kind_comes_back(stored: StoredEvent) -> None:
    [part] = records.parts_of([stored])
    [found] = records.events_of(part, "a test")
    assert found == stored
    assert type(found.event) is type(stored.event)


def test_whether_an_event_was_replayed_is_not_kept() -> None:
    played = GenericEvent(timestamp=NOON, is_played=True)
    [part] = records.parts_of([StoredEvent(played)])
    [found] = records.events_of(part, "a test")
    assert found.event == replace(played, is_played=False)


@given(messages, st.none() | any_ticks, st.binary(max_size=9))
def test_a_message_comes_back_from_its_record(message: Message, due: int, raw: bytes) -> None:
    message = replace(message, due=None, event=replace(message.event, is_played=False))
    stored = StoredMessage(
        queue="orders-control-00", message_id="m1", message=message, deliveries=3, due=due, raw=raw
    )
    assert inflight.message_of(inflight.seen(stored)) == stored


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(instances, max_size=4, unique_by=lambda one: one.instance_id))
def test_a_bundle_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, given: list[StoredInstance]
) -> None:
    folder = tmp_path_factory.mktemp("bundle") / "orders.hub"
    written(folder, given)
    found = {one.instance_id: one for one in read(folder)}
    assert found == {one.instance_id: one for one in given}


LARGE = "é" * 600_000  # 1.2 MB of UTF-8
LONE = "\ud800" + "x" * 1_100_000


@pytest.mark.parametrize(
    "event",
    [
        EventRaised(timestamp=NOON, name="n", input=LARGE),
        EventRaised(timestamp=NOON, name="n", input=LONE),
        TaskFailed(timestamp=NOON, task_scheduled_id=1, reason=LARGE, details="d"),
        TaskFailed(
            timestamp=NOON,
            task_scheduled_id=1,
            failure=Failure(
                error_type="T", message="m", inner=Failure(error_type="U", message=LARGE)
            ),
        ),
    ],
    ids=["input", "with half of a surrogate pair", "reason", "cause"],
)
def test_a_large_text_is_a_file_of_its_own(tmp_path: Path, event: Event) -> None:
    instance = an_instance(history=[*a_history("order-7"), event])
    manifest = written(tmp_path / "b", [instance])
    assert manifest.counts.payloads >= 1  # what protobuf cannot hold stands beside what it can
    [segment] = (tmp_path / "b" / "segments").glob("instances-*")
    assert segment.stat().st_size < 10_000
    assert read(tmp_path / "b") == [instance]


def test_the_path_of_a_large_text_is_that_of_the_page(tmp_path: Path) -> None:
    part = next(records.parts_of([StoredEvent(a_history("a", text=LARGE)[1])]))
    record = hb.Record(part=part)
    records.move_out(record, lambda digest, content: None)
    [extras] = record.part.extras
    assert list(extras.payloads[0].path) == [3, 3, 1]
    assert record.part.events[0].executionStarted.HasField("input")
    assert record.part.ByteSize() < 1_000


def test_a_text_that_is_used_twice_is_kept_once(tmp_path: Path) -> None:
    one = an_instance("a", input=LARGE, history=a_history("a", text=LARGE))
    other = an_instance("b", input=LARGE, history=a_history("b", text=LARGE))
    manifest = written(tmp_path / "b", [one, other])
    assert (manifest.counts.payloads, manifest.counts.payload_bytes) == (1, 1_200_000)
    assert read(tmp_path / "b") == [one, other]


def test_there_is_a_part_for_every_mebibyte_of_events(tmp_path: Path) -> None:
    text = "x" * 400_000
    history = [EventRaised(timestamp=NOON, name=str(n), input=text) for n in range(7)]
    instance = an_instance(history=history)
    parts = list(records.parts_of(instance.history))
    assert [(part.seq, len(part.events)) for part in parts] == [(0, 3), (1, 3), (2, 1)]
    written(tmp_path / "b", [instance])
    assert read(tmp_path / "b") == [instance]


def test_a_message_has_its_time_to_the_tick(tmp_path: Path) -> None:
    event = EventRaised(timestamp=NOON, name="Approval", input="true")
    stored = StoredMessage(
        queue="orders-control-01",
        message_id="m1",
        message=Message(event=event, target=Execution("order-7")),
        due=later(NOON, 30),
        raw=b'{"$type":"..."}',
    )
    written(tmp_path / "b", messages=[stored])
    assert list(BundleReader(tmp_path / "b").seen_messages()) == [stored]


def test_rows_tell_of_open_timers_and_starts_that_wait(tmp_path: Path) -> None:
    timer = TimerCreated(event_id=1, timestamp=NOON, fire_at=later(NOON, 3600))
    running = an_instance("a", status="Running", history=[*a_history("a")[:4], timer])
    waiting = an_instance("b", status="Pending", history=(), scheduled_start=later(NOON, 7200))
    manifest = written(tmp_path / "b", [running, waiting])
    found = [one for _, one in BundleReader(tmp_path / "b").messages()]
    assert manifest.counts.inflight == {"table": 2}
    assert [(one.instance_id, one.event.WhichOneof("eventType")) for one in found] == [
        ("a", "timerFired"),
        ("b", "executionStarted"),
    ]
    assert [inflight.message_of(one).due for one in found] == [later(NOON, 3600), later(NOON, 7200)]


def test_the_tail_tells_what_an_instance_waits_for(tmp_path: Path) -> None:
    more = TaskScheduled(event_id=5, timestamp=NOON, name="Ship")
    history = [*a_history("a")[:6], more]
    written(tmp_path / "b", [an_instance("a", status="Running", history=history)])
    found = next(BundleReader(tmp_path / "b").instances())
    found.whole()
    assert found.tail is not None
    assert list(found.tail.open.activities) == [5]
    assert found.tail.event_count == 7


def test_a_signal_to_an_entity_is_no_call_that_waits_for_an_answer(tmp_path: Path) -> None:
    call = Request(id="0f8fad5b-d9cb-469f-a165-70867728950e", operation="take", parent="a")
    signal = Request(id="7c9e6679-7425-40de-944b-e07fc1f90ae7", operation="take", signal=True)
    sent = [
        EventSent(
            event_id=5 + number,
            timestamp=NOON,
            instance_id="@stock@a",
            name="op",
            input=request_text(request),
        )
        for number, request in enumerate((call, signal))
    ]
    history = [*a_history("a")[:6], *sent]
    written(tmp_path / "b", [an_instance("a", status="Running", history=history)])
    found = next(BundleReader(tmp_path / "b").instances())
    found.whole()
    assert found.tail is not None
    assert list(found.tail.open.entity_requests) == [call.id]


def test_an_instance_that_was_passed_over_does_not_seem_empty(tmp_path: Path) -> None:
    written(tmp_path / "b", [an_instance("a"), an_instance("b")])
    first, _ = BundleReader(tmp_path / "b").instances()
    with pytest.raises(RuntimeError):
        first.whole()


def test_an_instance_may_go_on_in_the_next_segment(tmp_path: Path) -> None:
    instances = [an_instance(f"order-{number}") for number in range(9)]
    with BundleWriter(tmp_path / "b", GIVEN, largest_segment=700) as writer:
        for one in instances:
            writer.add_instance(one, "a test")
        manifest = writer.finish(HUB, NOON)
    segments = [one for one in manifest.files if one.path.startswith("segments/instances")]
    assert any(one.last == after.first for one, after in itertools.pairwise(segments))
    assert all(one.content_size <= 700 for one in segments)
    assert read(tmp_path / "b") == instances
    positions = []
    for found in BundleReader(tmp_path / "b").instances():
        found.whole()
        positions.append(found.position)
    for number, position in enumerate(positions, 1):
        rest = [one.whole() for one in BundleReader(tmp_path / "b").instances(position)]
        assert rest == instances[number:]
