"""Lengths of time as text, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.configuration.durations import seconds_of, seconds_of_time_span, to_text


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_written_is_read_again(seconds: int) -> None:
    assert seconds_of(to_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("1d12h", 129_600), ("1.5s", 1.5), ("2h 30m", 9_000)]
)
def test_parts_add_up(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "d", "1w", "-1d", "1d,", "1 day", "١d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (it has no text of its own)
        seconds_of(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00:30", 30), ("1.00:00:00", 86_400), ("00:05", 300)]
)
def test_time_spans_are_those_of_dotnet(text: str, seconds: float) -> None:
    assert seconds_of_time_span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "1:2:3", "00:00:00:00", "a:b:c"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (it has no text of its own)
        seconds_of_time_span(text)
