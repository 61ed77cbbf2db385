"""Every recorded message is read, and written again letter for letter."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from recorded import HUBS, HUBS_WITH_PAYLOADS, RecordedHub

from durahub.classic.dialect import CORELIB_DICTIONARY, DTFX_2_9, Dialect
from durahub.classic.envelope import (
    Envelope,
    Wrapper,
    decode,
    encode,
    encode_wrapper,
    from_queue_text,
    to_queue_text,
)
from durahub.classic.payloads import is_large_message, is_message_blob, message_blob, unpack
from durahub.classic.routing import control_index
from durahub.model.history import EventType

COMPOSED = [
    json.loads(line)
    for line in (Path(__file__).parent / "messages.jsonl").read_text("utf-8").split("\n")
    if line
]
"""One message of each kind, as DurableTask.AzureStorage 2.9.1 writes it."""

CONTROL_EVENTS = {
    EventType.ExecutionStarted,
    EventType.ExecutionTerminated,
    EventType.TaskCompleted,
    EventType.TaskFailed,
    EventType.SubOrchestrationInstanceCompleted,
    EventType.SubOrchestrationInstanceFailed,
    EventType.TimerFired,
    EventType.EventRaised,
    EventType.GenericEvent,
    EventType.ExecutionSuspended,
    EventType.ExecutionResumed,
}


def write_again(found: Envelope | Wrapper, dialect: Dialect) -> str:
    match found:
        case Wrapper(blob_name):
            return encode_wrapper(blob_name)
        case Envelope():
            return encode(found, dialect)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_message_in_a_queue_is_written_again_letter_for_letter(hub: RecordedHub) -> None:
    assert hub.messages
    for message in hub.messages:
        found = decode(from_queue_text(message.text))
        assert to_queue_text(write_again(found, hub.dialect), hub.dialect) == message.text


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_an_envelope_in_a_blob_is_written_again_letter_for_letter(hub: RecordedHub) -> None:
    envelopes = {
        name: unpack(content, name) for name, content in hub.payloads.items() if "/message-" in name
    }
    assert envelopes or hub.name == "entities"
    for text in envelopes.values():
        assert write_again(decode(text), hub.dialect) == text


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_an_envelope_in_a_blob_is_large_and_names_its_blob(hub: RecordedHub) -> None:
    for name, content in hub.payloads.items():
        if "/message-" not in name:
            continue
        text = unpack(content, name)
        envelope = decode(text)
        assert isinstance(envelope, Envelope)
        message = envelope.message
        assert is_large_message(text)
        assert (
            message_blob(message.target.instance_id, envelope.activity_id, message.event.type)
            == name
        )
        assert is_message_blob(name) == (message.event.type is EventType.ExecutionStarted)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_an_envelope_in_a_queue_is_not_large(hub: RecordedHub) -> None:
    assert not any(is_large_message(from_queue_text(message.text)) for message in hub.messages)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_wrapper_names_a_blob_that_is_there(hub: RecordedHub) -> None:
    for message in hub.messages:
        found = decode(from_queue_text(message.text))
        assert not isinstance(found, Wrapper) or found.blob_name in hub.payloads


def test_wrappers_were_recorded() -> None:
    found = [decode(from_queue_text(message.text)) for hub in HUBS for message in hub.messages]
    assert sum(isinstance(one, Wrapper) for one in found) >= 2


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_message_lies_in_the_queue_that_its_target_hashes_to(hub: RecordedHub) -> None:
    partitions = hub.settings["partitions"]
    for message in hub.messages:
        found = decode(from_queue_text(message.text))
        if isinstance(found, Wrapper):
            instance_id = found.blob_name.rpartition("/message-")[0]
        else:
            instance_id = found.message.target.instance_id
        if message.queue == hub.names.workitem_queue:
            assert isinstance(found, Wrapper) or found.message.event.type is EventType.TaskScheduled
        else:
            index = control_index(instance_id, partitions)
            assert message.queue == hub.names.control_queue(index)


@pytest.mark.parametrize("example", COMPOSED, ids=lambda example: example["kind"])
def test_a_composed_message_is_written_again_letter_for_letter(example: dict[str, str]) -> None:
    dialect = replace(DTFX_2_9, dictionary_type=CORELIB_DICTIONARY)
    assert write_again(decode(example["text"]), dialect) == example["text"]


def test_the_composed_messages_are_of_every_kind_that_travels() -> None:
    found = [decode(example["text"]) for example in COMPOSED]
    types = {one.message.event.type for one in found if isinstance(one, Envelope)}
    assert types == CONTROL_EVENTS | {EventType.TaskScheduled}


@pytest.mark.parametrize("example", COMPOSED, ids=lambda example: example["kind"])
def test_without_the_type_of_dictionaries_a_message_means_the_same(
    example: dict[str, str],
) -> None:
    found = decode(example["text"])
    written = write_again(found, DTFX_2_9)
    assert "System.Collections" not in written
    assert decode(written) == found
