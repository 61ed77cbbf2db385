from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.ticks import (
    MAXIMUM,
    MINIMUM,
    PER_SECOND,
    UNIX_EPOCH,
    Ticks,
    from_datetime,
    from_unix,
    later,
    parse,
    seconds_between,
    to_datetime,
    to_round_trip_text,
    to_text,
    to_unix,
)

UTC = timezone.utc
moments = st.integers(MINIMUM, MAXIMUM).map(Ticks)


@given(moments)
def test_a_moment_survives_its_text(moment: Ticks) -> None:
    assert parse(to_text(moment)) == moment


@given(moments)
def test_a_moment_survives_its_text_of_seven_decimals(moment: Ticks) -> None:
    assert parse(to_round_trip_text(moment)) == moment


@given(moments)
def test_a_moment_survives_unix_time(moment: Ticks) -> None:
    assert from_unix(*to_unix(moment)) == moment


@given(moments)
def test_unix_nanoseconds_are_never_negative(moment: Ticks) -> None:
    seconds, nanos = to_unix(moment)
    assert 0 <= nanos < 1_000_000_000
    assert (seconds < 0) == (moment < UNIX_EPOCH)


@given(moments)
def test_a_datetime_loses_the_seventh_decimal_and_nothing_else(moment: Ticks) -> None:
    assert from_datetime(to_datetime(moment)) == moment - moment % 10


@given(st.datetimes())
def test_a_datetime_without_zone_is_utc(moment: datetime) -> None:
    assert from_datetime(moment) == from_datetime(moment.replace(tzinfo=UTC))
    assert to_datetime(from_datetime(moment)) == moment.replace(tzinfo=UTC)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))
def test_the_zone_of_a_datetime_counts(moment: datetime) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    earlier = from_datetime(moment.replace(tzinfo=zone))
    assert earlier == later(from_datetime(moment), -5.5 * 3600)


@given(moments)
def test_a_text_is_ordered_as_its_moment(moment: Ticks) -> None:
    other = Ticks(min(moment + 1, MAXIMUM))
    assert (to_round_trip_text(moment) < to_round_trip_text(other)) == (moment < other)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0001-01-01T00:00:00Z", MINIMUM),
        ("1970-01-01T00:00:00Z", UNIX_EPOCH),
        ("9999-12-31T23:59:59.9999999Z", MAXIMUM),
        ("2026-01-15T09:30:00.1Z", 639_040_662_001_000_000),
        ("2026-01-15T09:30:00.1234567Z", 639_040_662_001_234_567),
    ],
)
def test_a_moment_counts_ticks_since_the_year_one(text: str, moment: int) -> None:
    assert parse(text) == moment
    assert to_text(Ticks(moment)) == text


def test_trailing_zeros_are_cut_from_a_text() -> None:
    assert to_text(parse("2026-01-15T09:30:00.1200000Z")) == "2026-01-15T09:30:00.12Z"
    assert to_text(parse("2026-01-15T09:30:00.0000000Z")) == "2026-01-15T09:30:00Z"


def test_a_round_trip_text_has_seven_decimals() -> None:
    assert to_round_trip_text(parse("2026-01-16T00:00:00Z")) == "2026-01-16T00:00:00.0000000Z"


def test_a_text_without_zone_is_utc() -> None:
    assert parse("2026-11-21T02:40:36.878484") == parse("2026-11-21T02:40:36.878484Z")


def test_an_offset_is_taken_off() -> None:
    assert parse("2026-11-21T06:18:04.5+02:00") == parse("2026-11-21T04:18:04.5Z")
    assert parse("2026-11-21T04:18:04.5-01:30") == parse("2026-11-21T05:48:04.5Z")


def test_an_offset_does_not_lead_out_of_the_years_one_to_9999() -> None:
    assert parse("0001-01-01T00:00:00+01:00") == MINIMUM
    assert parse("9999-12-31T23:59:59.9999999-01:00") == MAXIMUM


def test_digits_beyond_a_tick_are_cut_off() -> None:
    assert parse("2026-01-15T09:30:00.123456789Z") == parse("2026-01-15T09:30:00.1234567Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-15",
        "2026-01-15 09:30:00Z",
        "2026-13-15T09:30:00Z",
        "2026-02-30T09:30:00Z",
        "2026-01-15T24:00:00Z",
        "2026-01-15T09:30:00.Z",
        "2026-01-15T09:30:00z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-01-15T09:30:00Z",
        "2026-01-15T09:30:00Z\n",
    ],
)
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (its text is datetime's own)
        parse(text)


def test_seconds_are_added_and_counted() -> None:
    start = parse("2026-01-15T09:30:00Z")
    assert later(start, 1.5) == start + 15_000_000
    assert seconds_between(start, later(start, 90.25)) == 90.25
    assert seconds_between(later(start, 1), start) == -1


@given(st.integers(0, 10**9), st.integers(0, 999_999_999))
def test_what_is_finer_than_a_tick_is_cut_off_from_unix_time(seconds: int, nanos: int) -> None:
    moment = from_unix(seconds, nanos)
    assert to_unix(moment) == (seconds, nanos - nanos % 100)
    assert moment == UNIX_EPOCH + seconds * PER_SECOND + nanos // 100
