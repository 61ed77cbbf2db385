"""Payloads are measured as their text is, once each, and without what DTFx wraps around them."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import (
    Release,
    Request,
    Response,
    release_text,
    request_text,
    response_text,
)
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_text
from durahub.model.failure import Failure
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
)
from durahub.stored import StoredInstance
from durahub_migrate.lint.examples import STARTED, an_instance
from durahub_migrate.lint.facts.measuring import (
    event_payloads,
    instance_payloads,
    message_payloads,
    row_payloads,
)
from durahub_migrate.lint.facts.payloads import Mark, Payload, PayloadKind

GUID = "b8625ec5-44f2-4a4b-a748-62cd8f46b981"
T = STARTED

texts = st.text(min_size=1, max_size=40)


def a_row(instance_id: str = "order-7", **fields: object) -> StoredInstance:
    row = an_instance(instance_id, row=dict(fields)).row
    assert row is not None
    return row


def started(text: str | None, instance_id: str = "order-7") -> ExecutionStarted:
    return ExecutionStarted(
        timestamp=T, execution=Execution(instance_id, "e"), name="Order", input=text
    )


CARRIERS: tuple[tuple[Callable[[str], Event], PayloadKind], ...] = (
    (started, PayloadKind.INPUT),
    (
        lambda text: ExecutionCompleted(timestamp=T, status=Status.Completed, result=text),
        PayloadKind.OUTPUT,
    ),
    (
        lambda text: ContinueAsNew(timestamp=T, status=Status.ContinuedAsNew, result=text),
        PayloadKind.INPUT,
    ),
    (
        lambda text: ExecutionCompleted(timestamp=T, status=Status.Failed, result=text),
        PayloadKind.FAILURE,
    ),
    (
        lambda text: TaskScheduled(event_id=0, timestamp=T, name="Pay", input=text),
        PayloadKind.ACTIVITY_INPUT,
    ),
    (
        lambda text: TaskCompleted(timestamp=T, task_scheduled_id=0, result=text),
        PayloadKind.ACTIVITY_OUTPUT,
    ),
    (lambda text: TaskFailed(timestamp=T, task_scheduled_id=0, details=text), PayloadKind.FAILURE),
    (
        lambda text: SubOrchestrationInstanceCreated(
            event_id=0, timestamp=T, instance_id="c", name="Child", input=text
        ),
        PayloadKind.INPUT,
    ),
    (
        lambda text: SubOrchestrationInstanceCompleted(
            timestamp=T, task_scheduled_id=0, result=text
        ),
        PayloadKind.OUTPUT,
    ),
    (lambda text: EventRaised(timestamp=T, name="approved", input=text), PayloadKind.EVENT),
    (
        lambda text: EventSent(event_id=0, timestamp=T, instance_id="other", name="x", input=text),
        PayloadKind.EVENT,
    ),
    (lambda text: ExecutionTerminated(timestamp=T, input=text), PayloadKind.EVENT),
    (lambda text: ExecutionSuspended(timestamp=T, reason=text), PayloadKind.EVENT),
    (lambda text: GenericEvent(timestamp=T, data=text), PayloadKind.EVENT),
)


@pytest.mark.parametrize(("carrier", "kind"), CARRIERS)
@given(texts)
def test_an_events_text_is_measured_in_bytes_of_utf_8(
    carrier: Callable[[str], Event], kind: PayloadKind, text: str
) -> None:
    (payload,) = event_payloads(3, carrier(text))
    assert payload.size == len(text.encode("utf-8", "surrogatepass"))
    assert payload.kind is kind
    assert payload.event == 3
    assert payload.where.startswith("event 3, ")


@given(st.lists(st.tuples(st.sampled_from(CARRIERS), texts), max_size=12), texts, texts, texts)
def test_nothing_is_measured_twice(
    carried: list[tuple[tuple[Callable[[str], Event], PayloadKind], str]],
    row_input: str,
    row_output: str,
    custom_status: str,
) -> None:
    history = [carrier(text) for (carrier, _), text in carried]
    row = a_row(input=row_input, output=row_output, custom_status=custom_status)
    payloads = list(instance_payloads(row, history))
    expected = [text for _, text in carried]
    if not any(isinstance(one, ExecutionStarted) for one in history):
        expected.append(row_input)
    if not any(isinstance(one, ExecutionCompleted) for one in history):
        expected.append(row_output)
    if custom_status != "null":
        expected.append(custom_status)
    assert [one.size for one in payloads] == [len(text.encode()) for text in expected]
    assert len({one.where for one in payloads}) == len(payloads)


@given(texts, texts)
def test_of_an_entity_its_state_is_measured_and_what_waits_for_it(state: str, asked: str) -> None:
    request = Request(id=GUID, operation="add", signal=True, input=asked)
    wrapped = scheduler_state_text(SchedulerState(state=state, queue=(request,)))
    payloads = list(event_payloads(1, started(wrapped, "@counter@a")))
    assert _sizes(payloads) == [
        (PayloadKind.ENTITY_STATE, len(state.encode()), ""),
        (PayloadKind.ENTITY_OPERATION, len(asked.encode()), "add"),
    ]
    row = a_row("@counter@a", input=wrapped, custom_status='{"entityExists":true}')
    assert _sizes(row_payloads(row)) == _sizes(payloads)
    assert list(row_payloads(row, [started(wrapped, "@counter@a")])) == []


@given(texts)
def test_of_an_entitys_operation_the_input_is_measured(asked: str) -> None:
    text = request_text(Request(id=GUID, operation="add", parent="order-7", input=asked))
    sent = EventSent(event_id=0, timestamp=T, instance_id="@counter@a", name="op", input=text)
    arrived = EventRaised(timestamp=T, name="op@2026-11-01T12:00:00.0000000Z", input=text)
    expected = [(PayloadKind.ENTITY_OPERATION, len(asked.encode()), "add")]
    assert _sizes(event_payloads(0, sent)) == expected
    assert _sizes(event_payloads(0, arrived, of_entity=True)) == expected
    assert _sizes(message_payloads(arrived, "@counter@a")) == expected


def test_an_event_for_an_orchestration_may_be_called_like_an_operation() -> None:
    text = request_text(Request(id=GUID, operation="add", input="12"))
    arrived = EventRaised(timestamp=T, name="opened", input=text)
    assert _sizes(event_payloads(0, arrived)) == [(PayloadKind.EVENT, len(text), "opened")]


@given(texts)
def test_of_an_entitys_answer_the_result_is_measured(result: str) -> None:
    answer = EventRaised(timestamp=T, name=GUID, input=response_text(Response(result=result)))
    (payload,) = event_payloads(0, answer)
    assert (payload.kind, payload.size) == (PayloadKind.ENTITY_OPERATION, len(result.encode()))


def test_an_event_that_is_only_named_like_an_answer_is_a_users() -> None:
    for text in ('{"amount":1}', "[1]", "{}", "no JSON"):
        (payload,) = event_payloads(0, EventRaised(timestamp=T, name=GUID, input=text))
        assert (payload.kind, payload.size) == (PayloadKind.EVENT, len(text))


def test_locks_and_releases_carry_no_payload() -> None:
    lock = request_text(Request(id=GUID, operation=None, lock_set=("@counter@a",)))
    release = release_text(Release("order-7", GUID))
    for name, text in (("op", lock), ("release", release)):
        sent = EventSent(event_id=0, timestamp=T, instance_id="@counter@a", name=name, input=text)
        assert list(event_payloads(0, sent)) == []


def test_a_scheduler_state_that_cannot_be_read_is_measured_as_it_is() -> None:
    (payload,) = event_payloads(0, started("[1,2]", "@counter@a"))
    assert (payload.kind, payload.size) == (PayloadKind.ENTITY_STATE, 5)


def test_a_failure_counts_once_though_its_texts_repeat_it() -> None:
    failure = Failure(error_type="E", message="m", stack_trace="s")
    failed = TaskFailed(timestamp=T, task_scheduled_id=0, reason="m", details="s", failure=failure)
    ended = ExecutionCompleted(timestamp=T, status=Status.Failed, result="E: m", failure=failure)
    for event in (failed, ended):
        (payload,) = event_payloads(0, event)
        assert payload.kind is PayloadKind.FAILURE


def test_a_result_has_the_name_of_its_activity() -> None:
    history = [
        OrchestratorStarted(timestamp=T),
        started("1"),
        TaskScheduled(event_id=0, timestamp=T, name="Pay", tags={"a": "b" * 50}),
        OrchestratorCompleted(timestamp=T),
        TaskCompleted(timestamp=T, task_scheduled_id=0, result="true"),
        TimerCreated(event_id=1, timestamp=T, fire_at=T),
    ]
    result = list(instance_payloads(a_row(), history))[-1]
    assert (result.name, result.where) == ("Pay", "event 4, Result")


def test_a_payload_names_its_blob() -> None:
    event = TaskCompleted(timestamp=T, task_scheduled_id=0, result="true")
    (payload,) = event_payloads(0, event, {"Result": "a/history-1.json.gz"})
    assert (payload.blob, payload.problem) == ("a/history-1.json.gz", None)


def test_a_blob_without_its_text_could_not_be_read() -> None:
    event = TaskCompleted(timestamp=T, task_scheduled_id=0, result="true")
    for text in ("", None):
        lost = replace(event, result=text)
        (payload,) = event_payloads(0, lost, {"Result": "a/history-1.json.gz"})
        assert (payload.size, payload.blob) == (0, "a/history-1.json.gz")
        assert payload.problem


def test_a_checkpoint_that_set_no_status_has_none() -> None:
    assert list(row_payloads(a_row(custom_status="null"))) == []


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("\ud83d", Mark.LONE_SURROGATE),
        (r'"\ud83d"', Mark.ESCAPED_SURROGATE),
        (r'"\uDE00"', Mark.ESCAPED_SURROGATE),
        (r'"\uD83Dx\uDE00"', Mark.ESCAPED_SURROGATE),
        (r'"\uD83D\n\uDE00"', Mark.ESCAPED_SURROGATE),
        (r'"\uD83D\uD83D\uDE00"', Mark.ESCAPED_SURROGATE),
        ('{"$type":"Shop.Order, Shop"}', Mark.TYPE_NAME),
        ('{ "$type" : "Shop.Order, Shop"}', Mark.TYPE_NAME),
        ('"/Date(1700000000000)/"', Mark.DOTNET_DATE),
        ('"\\/Date(-62135596800000)\\/"', Mark.DOTNET_DATE),
        ("blob:v1:payloads:a", Mark.PAYLOAD_TOKEN),
        ('"blob:v2:https://x.example/a"', Mark.PAYLOAD_TOKEN),
        (
            "https://orders.blob.core.windows.net/orders-largemessages/a/history-1.json.gz",
            Mark.BLOB_ADDRESS,
        ),
    ],
)
def test_what_is_seen_in_a_payload_is_marked(text: str, mark: Mark) -> None:
    (payload,) = row_payloads(a_row(input=text))
    assert payload.marks == {mark}


@pytest.mark.parametrize(
    "text",
    [
        r'"\ud83d\ude00"',
        r'"\\ud83d"',
        r'"\\\ud83d\ude00"',
        '"$types"',
        '"€ 😀"',
        '"https://example.com/a.json.gz"',
        '{"type":"blob:v1:"}',
    ],
)
def test_ordinary_texts_have_no_mark(text: str) -> None:
    (payload,) = row_payloads(a_row(input=text))
    assert payload.marks == frozenset()


def _sizes(payloads: object) -> list[tuple[PayloadKind, int, str]]:
    assert hasattr(payloads, "__iter__")
    found: list[Payload] = list(payloads)
    return [(one.kind, one.size, one.name) for one in found]


@given(st.text(st.characters(exclude_categories=()), max_size=6))
def test_an_escape_without_its_other_half_is_marked(text: str) -> None:
    read = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    lone = any("\ud800" <= one <= "\udfff" for one in read)
    written = json.dumps(text)
    (payload,) = row_payloads(a_row(input=written))
    assert (Mark.ESCAPED_SURROGATE in payload.marks) == lone
