"""Stored events: the protocol's own messages, and nothing lost."""

import contextlib
import json
from dataclasses import replace

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st
from scheduler_values import events, failures

from durahub.errors import BadRow
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    Parent,
    TaskCompleted,
    TaskFailed,
    TimerCreated,
    Trace,
)
from durahub.model.ticks import UNIX_EPOCH, Ticks
from durahub.scheduler.event_proto import StoredEvent, decode, encode

NOON = Ticks(638_000_000_000_000_003)  # 100 ns are seen in the last digit


def restored(stored: StoredEvent) -> Event:
    return decode(stored.body, stored.extra, "a test")


@given(events)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    found = restored(encode(event))
    assert found == event
    assert type(found) is type(event)  # a ContinueAsNew is an ExecutionCompleted, too


@given(failures)
def test_the_numbers_of_a_failures_properties_keep_their_kind(failure: Failure) -> None:
    found = restored(encode(TaskFailed(timestamp=NOON, task_scheduled_id=1, failure=failure)))
    assert isinstance(found, TaskFailed)
    assert repr(found.failure) == repr(failure)  # == takes 1, 1.0 and True for the same


@given(events)
def test_the_body_is_what_any_reader_of_the_protocol_understands(event: Event) -> None:
    message = pb.HistoryEvent.FromString(encode(event).body)
    arm = message.WhichOneof("eventType")
    assert arm is not None
    assert arm.casefold() == event.type.name.casefold()
    stamp = message.timestamp
    assert UNIX_EPOCH + stamp.seconds * 10_000_000 + stamp.nanos // 100 == event.timestamp


def test_what_the_protocol_can_say_it_says_and_nothing_stands_beside() -> None:
    started = ExecutionStarted(
        timestamp=NOON,
        execution=Execution("order-1", "e1"),
        name="ProcessOrder",
        version="2",
        input='{"total":42}',
        tags={"shop": "é"},
        parent=Parent(name="Day", execution=Execution("day", "e0"), task_schedule_id=3),
        trace=Trace(trace_parent="00-a-b-01", trace_state="s", span_id="b"),
        scheduled_start=NOON,
    )
    stored = encode(started)
    body = pb.HistoryEvent.FromString(stored.body).executionStarted
    assert stored.extra is None
    assert (body.name, body.version.value, body.input.value) == (
        "ProcessOrder",
        "2",
        '{"total":42}',
    )
    assert dict(body.tags) == {"shop": "é"}
    assert body.parentInstance.orchestrationInstance.instanceId == "day"
    assert body.parentTraceContext.traceParent == "00-a-b-01"
    assert body.orchestrationSpanID.value == "b"
    assert body.scheduledStartTimestamp.nanos % 1000 == 300


def test_only_what_the_protocol_cannot_say_stands_beside() -> None:
    started = ExecutionStarted(
        timestamp=NOON, execution=Execution("order-1"), name=None, tags={}, generation=2
    )
    extra = encode(started).extra
    assert extra is not None
    assert json.loads(extra) == {"name": None, "tags": {}, "generation": 2}


def test_null_is_not_an_empty_text() -> None:
    for result in (None, ""):
        event = TaskCompleted(timestamp=NOON, task_scheduled_id=0, result=result)
        stored = encode(event)
        assert stored.extra is None
        assert restored(stored) == event


def test_half_of_a_surrogate_pair_is_a_question_mark_only_to_others() -> None:
    event = EventRaised(timestamp=NOON, name="Approval", input='"\ud83d"')
    stored = encode(event)
    assert pb.HistoryEvent.FromString(stored.body).eventRaised.input.value == '"?"'
    assert restored(stored) == event


@pytest.mark.parametrize("causes", [63, 64, 500])
def test_a_failure_may_have_more_causes_than_a_message_is_deep(causes: int) -> None:
    failure = Failure(error_type="Root", message="no")
    for number in range(causes):
        failure = Failure(error_type="Outer", message=str(number), inner=failure)
    found = restored(encode(TaskFailed(timestamp=NOON, task_scheduled_id=1, failure=failure)))

    def chain(one: Failure | None) -> list[tuple[str, str]]:
        texts = []
        while one is not None:
            texts.append((one.error_type, one.message))
            one = one.inner
        return texts

    assert isinstance(found, TaskFailed)
    assert chain(found.failure) == chain(failure)


def test_the_first_moment_of_1970_is_a_time() -> None:
    event = TimerCreated(event_id=0, timestamp=UNIX_EPOCH, fire_at=UNIX_EPOCH)
    assert restored(encode(event)) == event


@given(st.binary(), st.none() | st.text(max_size=10))
def test_other_bytes_are_a_bad_row_or_an_event(body: bytes, extra: str | None) -> None:
    with contextlib.suppress(BadRow):
        decode(body, extra, "table events")


@pytest.mark.parametrize(
    "message",
    [
        pb.HistoryEvent(eventId=1),
        pb.HistoryEvent(orchestratorStarted=pb.OrchestratorStartedEvent()),
        pb.HistoryEvent(timerFired=pb.TimerFiredEvent(timerId=1)),
        pb.HistoryEvent(entityOperationCalled=pb.EntityOperationCalledEvent(requestId="1")),
        pb.HistoryEvent(
            executionCompleted=pb.ExecutionCompletedEvent(orchestrationStatus=99)  # type: ignore[arg-type]
        ),
    ],
    ids=["no event", "no timestamp", "no time to fire", "of another backend", "unknown status"],
)
def test_an_event_that_is_none_of_ours_is_a_bad_row(message: pb.HistoryEvent) -> None:
    with pytest.raises(BadRow):
        decode(message.SerializeToString(), None, "a test")


@pytest.mark.parametrize("extra", ["", "[1]", '{"nonsense":1}', '{"is_played":'])
def test_a_damaged_side_column_is_a_bad_row(extra: str) -> None:
    stored = encode(OrchestratorStarted(timestamp=NOON))
    with pytest.raises(BadRow):
        decode(stored.body, extra, "a test")


def test_a_bad_row_does_not_tell_the_payload() -> None:
    stored = encode(replace(OrchestratorStarted(timestamp=NOON), is_played=True))
    with pytest.raises(BadRow) as refused:
        decode(stored.body, '{"secret":"42"}', "a test")
    assert "42" not in str(refused.value)
