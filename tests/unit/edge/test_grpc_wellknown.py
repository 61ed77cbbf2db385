"""Null and empty, ticks and timestamps, JSON and ``Value``."""

import json

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.wellknown import (
    DEEPEST_VALUE,
    json_of,
    string_value,
    text_of,
    ticks_of,
    timestamp,
    value_of,
    version_value,
)
from durahub.errors import BadRequest
from durahub.model.failure import Json
from durahub.model.ticks import Ticks, parse

LAST_TICK = parse("9999-12-31T23:59:59.9999999Z")
moments = st.integers(min_value=0, max_value=LAST_TICK).map(Ticks)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)
contents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(moments)
def test_a_tick_survives_the_wire(moment: Ticks) -> None:
    event = pb.HistoryEvent(timestamp=timestamp(moment))
    assert ticks_of(pb.HistoryEvent.FromString(event.SerializeToString()), "timestamp") == moment


@given(moments, st.integers(0, 99))
def test_what_is_finer_than_a_tick_is_cut_off(moment: Ticks, finer: int) -> None:
    sent = timestamp(moment)
    sent.nanos += finer
    assert ticks_of(pb.HistoryEvent(timestamp=sent), "timestamp") == moment


def test_no_timestamp_is_no_time() -> None:
    assert ticks_of(pb.HistoryEvent(), "timestamp") is None


@pytest.mark.parametrize(
    "moment",
    [
        Timestamp(seconds=-62_135_596_801),
        Timestamp(seconds=253_402_300_800),
        Timestamp(seconds=0, nanos=-1),
        Timestamp(seconds=0, nanos=1_000_000_000),
    ],
)
def test_a_time_that_no_calendar_has_is_refused(moment: Timestamp) -> None:
    with pytest.raises(BadRequest, match="timestamp is not a time"):
        ticks_of(pb.HistoryEvent(timestamp=moment), "timestamp")


@given(st.none() | st.text())
def test_null_and_empty_texts_stay_different(text: str | None) -> None:
    sent = pb.TaskCompletedEvent(result=string_value(text)).SerializeToString()
    assert text_of(pb.TaskCompletedEvent.FromString(sent), "result") == text


def test_a_version_is_null_rather_than_empty() -> None:
    assert version_value("") is None
    assert version_value("1.0") == string_value("1.0")


@given(contents)
def test_json_survives_the_wire(content: Json) -> None:
    sent = Value.FromString(value_of(content).SerializeToString())
    assert json_of(sent) == content


@pytest.mark.parametrize(
    ("number", "printed"),
    [(3.0, "3"), (-0.0, "0"), (2.5, "2.5"), (2.0**53, "9007199254740992"), (1e300, "1e+300")],
)
def test_a_whole_number_is_printed_without_a_fraction(number: float, printed: str) -> None:
    assert json.dumps(json_of(Value(number_value=number))) == printed


@pytest.mark.parametrize(
    ("number", "text"),
    [(float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity")],
)
def test_a_number_that_json_lacks_becomes_a_text(number: float, text: str) -> None:
    assert json_of(Value(number_value=number)) == text


def test_a_value_of_no_kind_is_null() -> None:
    assert json_of(Value()) is None


def test_a_number_that_no_double_holds_is_sent_as_text() -> None:
    assert value_of(10**400).string_value == str(10**400)


def test_what_is_nested_too_deep_for_parsers_is_sent_as_text() -> None:
    content: Json = "core"
    for _ in range(200):
        content = [content]
    sent = value_of(content)
    for _ in range(DEEPEST_VALUE):
        sent = sent.list_value.values[0]
    assert json.loads(sent.string_value)
