"""Time as DTFx counts it: whole ticks of 100 ns since 0001-01-01T00:00:00 UTC, in an ``int``.

Python's ``datetime`` stops at microseconds. A tick lost between the first run of an orchestrator and
its replay changes the orchestrator's clock, so times read from storage are kept as ticks throughout.
"""

import functools
import re
from datetime import datetime, timedelta, timezone
from typing import NewType

UTC = timezone.utc
Ticks = NewType("Ticks", int)

MINIMUM = Ticks(0)
MAXIMUM = Ticks(3_155_378_975_999_999_999)  # the last tick of the year 9999
PER_SECOND = 10_000_000
UNIX_EPOCH = Ticks(621_355_968_000_000_000)

_TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII)

_DIGITS = re.compile(r"\d+", re.ASCII)


def from_datetime(moment: datetime) -> Ticks:
    """Return *moment* in ticks; a moment without zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware.astimezone(UTC) - datetime(1, 1, 1, tzinfo=UTC)
    return Ticks((since.days * 86_400 + since.seconds) * PER_SECOND + since.microseconds * 10)


def to_datetime(ticks: Ticks) -> datetime:
    """Return *ticks* as an aware ``datetime``; the seventh decimal is cut off."""
    return datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)


def from_unix(seconds: int, nanos: int = 0) -> Ticks:
    """Return the ticks of a Unix time; what is finer than a tick is cut off."""
    return Ticks(UNIX_EPOCH + seconds * PER_SECOND + nanos // 100)


def to_unix(ticks: Ticks) -> tuple[int, int]:
    """Return *ticks* as Unix seconds and nanoseconds."""
    seconds, rest = divmod(ticks - UNIX_EPOCH, PER_SECOND)
    return seconds, rest * 100


def later(ticks: Ticks, seconds: float) -> Ticks:
    """Return the moment *seconds* after *ticks*."""
    return Ticks(ticks + round(seconds * PER_SECOND))


def seconds_between(earlier: Ticks, moment: Ticks) -> float:
    """Return the seconds from *earlier* to *moment*; negative if it lies before."""
    return (moment - earlier) / PER_SECOND


def parse(text: str) -> Ticks:
    """Return the ticks of an ISO date-time; one without zone is UTC, as in entity messages.

    Digits beyond the seventh decimal are cut off. An offset that would lead out of the years 1 to 9999
    leads to their end, as in .NET. Raises `ValueError` on anything else.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a date-time: {text!r}")
    seconds, fraction, zone = match.groups()
    ticks = _ticks_of(seconds) + int(((fraction or "") + "0000000")[:7])
    if zone not in (None, "Z"):
        sign = 1 if zone[0] == "+" else -1
        ticks -= sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60) * PER_SECOND
    return Ticks(min(max(ticks, MINIMUM), MAXIMUM))


@functools.lru_cache(maxsize=256)  # times that are read together lie together
def _ticks_of(seconds: str) -> Ticks:
    year, month, day, hour, minute, second = map(int, _DIGITS.findall(seconds))
    return from_datetime(datetime(year, month, day, hour, minute, second))


def to_text(ticks: Ticks) -> str:
    """Return *ticks* as Newtonsoft writes them: ``Z``, up to 7 decimals, trailing zeros cut."""
    rest = ticks % PER_SECOND
    fraction = f".{rest:07d}".rstrip("0") if rest else ""
    return f"{_seconds_text(ticks // PER_SECOND)}{fraction}Z"


def to_round_trip_text(ticks: Ticks) -> str:
    """Return *ticks* with exactly 7 decimals and ``Z``, as in OData and in ``op@…`` names."""
    return f"{_seconds_text(ticks // PER_SECOND)}.{ticks % PER_SECOND:07d}Z"


@functools.lru_cache(maxsize=256)  # most times that are written are of the last seconds
def _seconds_text(seconds: int) -> str:
    return (datetime(1, 1, 1) + timedelta(seconds=seconds)).isoformat()
