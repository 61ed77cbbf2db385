import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from event_strategies import json_values, messages, texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.dialect import (
    CORELIB_DICTIONARY,
    DTFX_1_17,
    DTFX_2_9,
    DTFX_2_9_BASE64,
    Dialect,
)
from durahub.classic.envelope import (
    Envelope,
    Wrapper,
    decode,
    encode,
    encode_wrapper,
    from_queue_text,
    to_queue_text,
)
from durahub.errors import BadMessage
from durahub.model.failure import Failure
from durahub.model.history import EventRaised, Execution, TaskFailed, TaskScheduled
from durahub.model.message import CLIENT, Message
from durahub.model.ticks import parse

NOW = parse("2026-01-15T09:30:08.123456Z")
GUID = "00000008-4e5f-4071-8293-a4b5c6d7e8f9"
RAISED = Envelope(
    message=Message(
        event=EventRaised(timestamp=NOW, name="Approval", input='{"ok":true}'),
        target=Execution("order-42"),
    ),
    activity_id=GUID,
    sequence_number=8,
)
envelopes = st.builds(
    Envelope,
    message=messages,
    activity_id=st.uuids().map(str),
    sequence_number=st.integers(0, 2**63 - 1),
    trace_context=st.none() | texts,
)


@given(envelopes)
def test_an_envelope_survives_its_text(envelope: Envelope) -> None:
    assert decode(encode(envelope, DTFX_2_9)) == envelope


@given(envelopes, st.sampled_from([DTFX_2_9, DTFX_2_9_BASE64, DTFX_1_17]))
def test_an_envelope_s_text_survives_the_queue(envelope: Envelope, dialect: Dialect) -> None:
    text = encode(envelope, dialect)
    in_queue = to_queue_text(text, dialect)
    assert in_queue.startswith("{") != dialect.base64_queue_text
    assert from_queue_text(in_queue) == text


@given(envelopes)
def test_the_type_of_dictionaries_makes_no_difference_to_a_reader(envelope: Envelope) -> None:
    dialect = replace(DTFX_2_9, dictionary_type=CORELIB_DICTIONARY)
    assert decode(encode(envelope, dialect)) == envelope


@given(texts)
def test_a_wrapper_survives_its_text(blob_name: str) -> None:
    found = decode(encode_wrapper(f"{blob_name}/message.json.gz"))
    assert found == Wrapper(f"{blob_name}/message.json.gz")


def test_the_json_text_of_a_message_is_never_base64() -> None:
    assert encode(RAISED, DTFX_2_9_BASE64) == encode(RAISED, DTFX_2_9)
    assert encode(RAISED, DTFX_2_9).startswith('{"$type":"DurableTask.AzureStorage.MessageData",')


def test_a_client_sends_two_empty_texts_as_its_sender() -> None:
    assert RAISED.message.sender == CLIENT
    assert '"Sender":{"InstanceId":"","ExecutionId":""}' in encode(RAISED, DTFX_2_9)


def test_the_episode_is_left_out_where_there_is_none() -> None:
    assert "Episode" not in encode(RAISED, DTFX_2_9)
    second = replace(RAISED, message=replace(RAISED.message, episode=2))
    assert '"SequenceNumber":8,"Episode":2,"Sender":' in encode(second, DTFX_2_9)


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        (None, "null"),
        ({}, '{"$type":"DurableTask.Core.OrchestrationExecutionContext","OrchestrationTags":{}}'),
        (
            {"team": "blue"},
            '{"$type":"DurableTask.Core.OrchestrationExecutionContext",'
            '"OrchestrationTags":{"team":"blue"}}',
        ),
    ],
)
def test_no_tags_and_no_context_are_two_things(tags: dict[str, str] | None, written: str) -> None:
    scheduled = TaskScheduled(timestamp=NOW, name="N")
    message = Message(event=scheduled, target=Execution("a", "b"), tags=tags)
    text = encode(replace(RAISED, message=message), DTFX_2_9)
    assert f'"OrchestrationExecutionContext":{written}}},' in text
    assert decode(text) == replace(RAISED, message=message)


def test_a_sender_may_lack_its_execution_or_be_missing() -> None:
    entity = replace(RAISED, message=replace(RAISED.message, sender=Execution("@counter@a")))
    assert '"Sender":{"InstanceId":"@counter@a","ExecutionId":null}' in encode(entity, DTFX_2_9)
    nobody = replace(RAISED, message=replace(RAISED.message, sender=None))
    assert decode(encode(nobody, DTFX_2_9)) == nobody
    without = json.loads(encode(RAISED, DTFX_2_9))
    del without["Sender"]
    assert decode(json.dumps(without)) == nobody


def test_a_sender_of_an_old_writer_has_a_type() -> None:
    old = json.loads(encode(RAISED, DTFX_2_9))
    old["Sender"] = {"$type": "DurableTask.Core.OrchestrationInstance", **old["Sender"]}
    old["$type"] += ", DurableTask.AzureStorage"
    assert decode(json.dumps(old)) == RAISED


def test_an_envelope_in_a_blob_may_have_an_empty_blob_name() -> None:
    text = encode(RAISED, DTFX_2_9).replace('"CompressedBlobName":null', '"CompressedBlobName":""')
    assert decode(text) == RAISED


def test_queue_text_is_json_or_base64_whatever_the_hub_s_setting() -> None:
    text = encode(RAISED, DTFX_2_9)
    assert from_queue_text(text) == text
    assert from_queue_text(base64.b64encode(text.encode()).decode()) == text


@pytest.mark.parametrize(
    "text",
    ["hello world", "héllo", "====", "gA==", "aGVsbG8", " " + base64.b64encode(b"{}").decode()],
)
def test_queue_text_that_is_neither_is_no_message(text: str) -> None:
    with pytest.raises(BadMessage):
        from_queue_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        '{"TaskMessage":null}',
        '{"TaskMessage":[]}',
        '{"TaskMessage":{}}',
        '{"TaskMessage":{"OrchestrationInstance":{"InstanceId":"a"}}}',
        '{"TaskMessage":{"OrchestrationInstance":{"InstanceId":"a"},"Event":{}}}',
    ],
)
def test_what_holds_no_event_is_no_message(text: str) -> None:
    with pytest.raises(BadMessage):
        decode(text)


@pytest.mark.parametrize("member", ["TaskMessage", "Event", "OrchestrationInstance"])
def test_a_message_without_one_of_its_parts_is_none(member: str) -> None:
    text = encode(RAISED, DTFX_2_9).replace(f'"{member}":', '"Else":')
    with pytest.raises(BadMessage):
        decode(text)


@given(st.text() | json_values.map(json.dumps))
def test_garbage_is_no_message_and_nothing_worse(text: str) -> None:
    with pytest.raises(BadMessage):
        decode(from_queue_text(text))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every member in a JSON value."""
    if not isinstance(value, dict):
        return []
    below = [(*path, name) for name in value]
    return below + [deep for name, one in value.items() for deep in places(one, (*path, name))]


@given(envelopes, st.data())
def test_a_damaged_message_is_refused_or_can_be_written_again(
    envelope: Envelope, data: st.DataObject
) -> None:
    damaged = json.loads(encode(envelope, DTFX_2_9))
    *above, name = data.draw(st.sampled_from(places(damaged)))
    inner = damaged
    for step in above:
        inner = inner[step]
    inner[name] = data.draw(json_values)
    try:
        found = decode(json.dumps(damaged))
    except BadMessage:
        return
    if isinstance(found, Envelope):
        assert decode(encode(found, DTFX_2_9)) == found


def test_a_fraction_in_a_failure_is_written_as_in_any_other_text() -> None:
    failure = Failure(error_type="T", message="m", properties={"rate": 1e16})
    event = TaskFailed(timestamp=NOW, task_scheduled_id=1, failure=failure)
    envelope = replace(RAISED, message=replace(RAISED.message, event=event))
    assert '"rate":1e+16' in encode(envelope, DTFX_2_9)
