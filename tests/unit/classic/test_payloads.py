import gzip
import json
import tracemalloc
import zlib

import pytest
from event_strategies import halves, texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.columns import Value
from durahub.classic.history_rows import BLOB_NAME
from durahub.classic.payloads import (
    MESSAGE_LIMIT,
    MOVABLE,
    PROPERTY_LIMIT,
    blob_columns,
    blob_name_of,
    blob_url,
    candidates,
    folders,
    is_large_message,
    is_large_property,
    is_message_blob,
    large_columns,
    message_blob,
    pack,
    property_blob,
    unpack,
    utf16_size,
    with_blobs,
)
from durahub.errors import BadPayload
from durahub.model.history import EventType

CONTAINER = "https://store.blob.core.windows.net/myhub-largemessages"
LONG = "x" * (PROPERTY_LIMIT // 2 + 1)
characters = st.sampled_from("aé日🚀")


@pytest.mark.parametrize("character", "aé日🚀")
def test_a_message_is_large_from_one_byte_beyond_the_limit(character: str) -> None:
    size = len(character.encode())
    fits = character * (MESSAGE_LIMIT // size) + "a" * (MESSAGE_LIMIT % size)
    assert len(fits.encode()) == 46_080
    assert not is_large_message(fits)
    assert is_large_message(fits + "a")


@pytest.mark.parametrize("character", "aé日🚀")
def test_a_property_is_large_from_one_utf_16_unit_beyond_the_limit(character: str) -> None:
    fits = character * (PROPERTY_LIMIT // utf16_size(character))
    assert utf16_size(fits) == 61_440
    assert not is_large_property(fits)
    assert is_large_property(fits + "a")


@given(characters, st.integers(15_000, 31_000), st.integers(0, 3))
def test_the_quick_measures_agree_with_the_obvious_ones(
    character: str, length: int, more: int
) -> None:
    text = character * length + "a" * more
    assert is_large_property(text) == (len(text.encode("utf-16-le")) > 61_440)
    assert is_large_message(text) == (len(text.encode("utf-8")) > 46_080)


@given(texts)
def test_utf_16_is_measured_as_dotnet_counts(text: str) -> None:
    assert utf16_size(text) == 2 * sum(2 if ord(one) > 0xFFFF else 1 for one in text)


@given(halves)
def test_half_a_surrogate_pair_is_one_utf_16_unit(text: str) -> None:
    assert utf16_size(text) == 2 * len(text)


def test_only_some_columns_may_stand_in_a_blob() -> None:
    columns: dict[str, Value] = dict.fromkeys(
        [*MOVABLE, "CustomStatus", "Data", "ParentTraceContext", "InstanceId"], LONG
    )
    assert large_columns(columns) == dict.fromkeys(MOVABLE, LONG)


def test_a_column_that_is_no_text_is_never_large() -> None:
    assert large_columns({"Name": 5, "Input": True, "Result": "small"}) == {}


@given(st.sets(st.sampled_from(MOVABLE)))
def test_columns_that_went_to_blobs_are_found_again(moved: set[str]) -> None:
    columns: dict[str, Value] = {"RowKey": "r", "EventId": 1, **dict.fromkeys(MOVABLE, LONG)}
    blobs = {name: f"a/{name}.json.gz" for name in sorted(moved)}
    kept = with_blobs(columns, blobs)
    assert blob_columns(kept) == blobs
    assert set(large_columns(kept)) == set(MOVABLE) - moved
    assert all(kept[name] == "" and kept[name + BLOB_NAME] == blobs[name] for name in moved)


def test_a_blob_s_name_is_stale_once_its_column_holds_a_value() -> None:
    assert blob_columns({"Input": "http://…", "InputBlobName": "stale"}) == {}
    assert blob_columns({"InputBlobName": "b"}) == {"Input": "b"}


@given(texts)
def test_a_payload_survives_its_blob(text: str) -> None:
    assert unpack(pack(text), "b") == text


@given(texts)
def test_a_payload_is_gzip_without_name_and_time(text: str) -> None:
    packed = pack(text)
    assert gzip.decompress(packed) == text.encode()
    assert packed[:2] == b"\x1f\x8b"
    assert packed[3:8] == bytes(5)  # no flags, no time


@given(texts)
def test_a_blob_of_another_gzip_writer_reads(text: str) -> None:
    assert unpack(gzip.compress(text.encode()), "b") == text


def test_half_a_surrogate_pair_is_packed_as_the_replacement_character() -> None:
    assert unpack(pack("x\ud83d"), "b") == "x\ufffd"


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", gzip.compress(b"hello" * 99)[:-5], gzip.compress(b"\xff"), zlib.compress(b"x")],
    ids=["empty", "plain", "cut off", "not UTF-8", "zlib"],
)
def test_what_cannot_be_unpacked_is_a_bad_payload(content: bytes) -> None:
    with pytest.raises(BadPayload) as raised:
        unpack(content, "a/message-b.json.gz")
    assert raised.value.blob == "a/message-b.json.gz"


def test_a_payload_of_the_limit_is_unpacked_and_of_one_byte_more_is_not() -> None:
    assert unpack(pack("x" * 1000), "b", limit=1000) == "x" * 1000
    with pytest.raises(BadPayload):
        unpack(pack("x" * 1001), "b", limit=1000)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    tracemalloc.start()
    try:
        with pytest.raises(BadPayload):
            unpack(bomb, "b", limit=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_message_s_blob_lies_in_the_folder_of_the_raw_id() -> None:
    guid = "28e24086-8ac3-4166-bf08-db9dd74c063a"
    name = "a/b/message-28e240868ac34166bf08db9dd74c063a-ExecutionStarted.json.gz"
    assert message_blob("a/b", guid, EventType.ExecutionStarted) == name
    assert is_message_blob(name)


def test_a_property_s_blob_lies_in_the_folder_of_the_escaped_id() -> None:
    assert (
        property_blob("a/b", "0000000000000006", "ExecutionCompleted", "Result", 0x64A73FB5)
        == "a^0b/history-0000000000000006-ExecutionCompleted-64A73FB5-Result.json.gz"
    )
    assert property_blob("a", "", "Input", "Input", 5) == "a/history--Input-00000005-Input.json.gz"


@given(texts)
def test_both_kinds_of_blobs_lie_in_an_instance_s_folders(instance_id: str) -> None:
    found = folders(instance_id)
    message = message_blob(instance_id, "00-00", EventType.TaskCompleted)
    history = property_blob(instance_id, "00", "TaskCompleted", "Result", 1)
    assert message.startswith(found)
    assert history.startswith(found)
    assert all(folder.endswith("/") for folder in found)


def test_an_instance_s_folders_are_not_those_of_a_longer_id() -> None:
    other = message_blob("order-42", "00-00", EventType.TaskCompleted)
    assert not other.startswith(folders("order-4"))


@given(texts.filter(bool))
def test_a_blob_s_name_survives_its_address(name: str) -> None:
    url = blob_url(CONTAINER, name)
    assert url.isascii()
    assert blob_name_of(url, CONTAINER) == name
    assert candidates(url, CONTAINER)[0] == name


@given(texts.filter(bool))
def test_an_address_that_was_left_unescaped_still_names_its_blob(name: str) -> None:
    assert name in candidates(f"{CONTAINER}/{name}", CONTAINER)


def test_an_address_that_looks_escaped_may_have_been_left_so() -> None:
    assert candidates(f"{CONTAINER}/100%25/a", CONTAINER) == ("100%/a", "100%25/a")
    assert candidates(f"{CONTAINER}/plain/a", CONTAINER) == ("plain/a",)


def test_each_segment_of_an_address_is_escaped() -> None:
    url = blob_url(CONTAINER, "@counter@a^0b c/history-0-x.json.gz")
    assert url == f"{CONTAINER}/%40counter%40a%5E0b%20c/history-0-x.json.gz"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        '"https://store.blob.core.windows.net/myhub-largemessages/a"',
        "https://elsewhere.example/a",
        CONTAINER,
        f"{CONTAINER}/",
        f"{CONTAINER}2/a",
        CONTAINER.upper() + "/a",
    ],
)
def test_what_is_no_address_in_the_container_is_a_value(text: str) -> None:
    assert blob_name_of(text, CONTAINER) is None
    assert candidates(text, CONTAINER) == ()


@pytest.mark.parametrize(
    "container",
    [
        "http://store.privatelink.blob.core.windows.net/myhub-largemessages",
        "http://localhost:10000/devstoreaccount1/myhub-largemessages",
        "http://[::1]:10000/devstoreaccount1/myhub-largemessages",
    ],
)
def test_the_host_of_an_address_may_be_another_one(container: str) -> None:
    assert candidates(blob_url(container, "a/b c"), CONTAINER) == ("a/b c", "a/b%20c")


def test_a_json_value_is_never_taken_for_an_address() -> None:
    assert blob_name_of(json.dumps(blob_url(CONTAINER, "a")), CONTAINER) is None
