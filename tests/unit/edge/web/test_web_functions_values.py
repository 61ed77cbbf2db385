"""What Durable Functions' API reads in parameters and writes of payloads."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.web import continuation
from durahub.edge.web.functions_keys import is_allowed
from durahub.edge.web.functions_parameters import Parameters, time_of
from durahub.edge.web.functions_values import second_text, value_of_text
from durahub.edge.web.schedules import seconds_of
from durahub.errors import BadRequest
from durahub.model.history import Status
from durahub.model.ticks import MAXIMUM, Ticks, parse


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31T12:30:15Z", "2026-01-31T12:30:15Z"),
        ("2026-01-31T12:30:15.1234567Z", "2026-01-31T12:30:15.1234567Z"),
        ("2026-01-31T12:30:15", "2026-01-31T12:30:15Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:30", "2026-01-31T12:30:00Z"),
        ("2026-01-31 12:30:15", "2026-01-31T12:30:15Z"),
        ("2026-01-31T12:30:15+02:00", "2026-01-31T10:30:15Z"),
        ("2026-01-31T12:30:15 02:00", "2026-01-31T10:30:15Z"),  # a "+" that became a blank
        ("2026-01-31T12:30:15-02:00", "2026-01-31T14:30:15Z"),
        (" 2026-01-31T12:30:15z ", "2026-01-31T12:30:15Z"),
    ],
)
def test_a_time_is_read_as_dotnet_reads_it(text: str, time: str) -> None:
    assert time_of(text) == parse(time)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-01-31T25:00:00Z", "1234", "{}"])
def test_what_is_no_time_is_ignored(text: str) -> None:
    assert time_of(text) is None


@given(st.text())
def test_reading_a_time_never_fails(text: str) -> None:
    time_of(text)


def test_parameters_have_names_in_any_case_and_may_come_twice() -> None:
    given_ = Parameters([("Top", "5"), ("runtimestatus", "Running,0"), ("RUNTIMESTATUS", "2,x")])

    assert given_.number("top") == 5
    assert given_.statuses("runtimeStatus") == {Status.Running, Status.ContinuedAsNew}
    assert given_.text("runtimeStatus") == "Running,0,2,x"
    assert given_.text("reason") is None


@pytest.mark.parametrize("text", ["", "ten", "1.5", "99999999999", "٣"])
def test_a_number_that_is_none_is_ignored(text: str) -> None:
    assert Parameters([("top", text)]).number("top") is None


@given(st.one_of(st.none(), st.text(min_size=1)))
def test_a_token_comes_back_as_it_was(token: str | None) -> None:
    header = continuation.to_header(token)

    assert header.isascii()
    assert continuation.from_header(header) == token


@pytest.mark.parametrize("value", ["%", "a", base64.b64encode(b"\xff\xfe").decode()])
def test_a_token_of_somebody_else_is_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        continuation.from_header(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, None),
        ("", ""),
        ("  ", ""),
        ("null", None),
        ('"paid"', "paid"),
        (' {"a": [1, 2.5]} ', {"a": [1, 2.5]}),
        ("closed today", "closed today"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_payload_is_its_json_value_or_else_its_text(text: str | None, value: object) -> None:
    assert value_of_text(text) == value


def test_times_of_a_status_end_with_their_seconds() -> None:
    assert second_text(parse("2026-01-31T12:30:15.9999999Z")) == "2026-01-31T12:30:15Z"
    assert second_text(Ticks(MAXIMUM)) == "9999-12-31T23:59:59Z"


def test_a_key_is_one_of_those_configured_or_none_is() -> None:
    keys = frozenset({"a", "b"})

    assert is_allowed("a", keys)
    assert is_allowed("b", keys)
    assert not is_allowed("", keys)
    assert not is_allowed("ab", keys)
    assert is_allowed("", frozenset())
    assert is_allowed("anything", frozenset())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:01", 1), ("1.02:03:04", 93_784), ("00:00:01.5", 1.5), ("24:00:00", 86_400)],
)
def test_an_interval_is_a_time_of_dotnet(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
