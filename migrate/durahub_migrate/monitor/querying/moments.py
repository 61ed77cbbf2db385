"""Times, lengths of time and sizes as they are typed in queries."""

import calendar
import re
from datetime import datetime, timedelta

from durahub.model.ticks import (
    MAXIMUM,
    MINIMUM,
    PER_SECOND,
    UTC,
    Ticks,
    from_datetime,
    to_datetime,
)

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII | re.IGNORECASE)
_STEP = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII | re.IGNORECASE)
_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,7}))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])?i?b)?", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
LARGEST = 2**62  # a number that every store and its sums can hold

Span = tuple[Ticks, Ticks]
"""From, and before."""


def length(typed: str) -> int:
    """Return the ticks of ``90s``, ``1.5h`` or ``1h30m``. Raises `ValueError`."""
    if not _LENGTH.fullmatch(typed):
        raise ValueError("a length of time such as 30s, 5m, 2h or 7d")
    seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in _STEP.findall(typed))
    return min(round(min(seconds, 1e12) * PER_SECOND), MAXIMUM)


def is_relative(typed: str) -> bool:
    """Tell whether *typed* is a moment without extent: an age, or ``now``."""
    return typed[:1] in ("-", "+") or typed.casefold() == "now"


def span(typed: str, now: Ticks) -> Span:
    """Return the time that *typed* names: the whole day, minute or second. Raises `ValueError`."""
    word = typed.casefold()
    if word == "now":
        return _bounded(now, now + 1)
    if word in ("today", "yesterday"):
        day = to_datetime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        start = from_datetime(day) - (864_000 * 10**6 if word == "yesterday" else 0)
        return _bounded(start, start + 864_000 * 10**6)
    if typed[:1] in ("-", "+"):
        at = now + (1 if typed[0] == "+" else -1) * length(typed[1:])
        return _bounded(at, at + 1)
    found = _TIME.fullmatch(typed)
    if found is None:
        raise ValueError(
            "a time such as 2026-11-01, 2026-11-01T10:00:00Z, today, or an age such as -24h"
        )
    try:
        return _span(found)
    except (ValueError, OverflowError):
        raise ValueError("a date that there is") from None


def _span(found: "re.Match[str]") -> Span:
    year, month, day, hour, minute, second = (
        int(found[part]) if found[part] else None
        for part in ("year", "month", "day", "hour", "minute", "second")
    )
    assert year is not None  # noqa: S101 (for the types)
    begins = datetime(year, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    start = int(from_datetime(begins))
    if found["fraction"]:
        digits = found["fraction"]
        start += int(digits.ljust(7, "0"))
        lasts = int(10 ** (7 - len(digits)))
    elif month is None:
        lasts = (366 if calendar.isleap(year) else 365) * 86_400 * PER_SECOND
    elif day is None:
        lasts = calendar.monthrange(year, month)[1] * 86_400 * PER_SECOND
    else:
        lasts = (86_400 if hour is None else 60 if second is None else 1) * PER_SECOND
    zone = found["zone"] or "Z"
    if zone not in ("Z", "z"):
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) // timedelta(seconds=1)
        start -= (1 if zone[0] == "+" else -1) * away * PER_SECOND
    return _bounded(start, start + lasts)


def _bounded(start: int, end: int) -> Span:
    return Ticks(max(MINIMUM, min(start, MAXIMUM))), Ticks(max(MINIMUM, min(end, MAXIMUM + 1)))


def size(typed: str) -> int:
    """Return the bytes of ``1MB``, ``60 KB`` or ``512``; a KB is 1,024. Raises `ValueError`."""
    found = _BYTES.fullmatch(typed)
    if found is None:
        raise ValueError("a size such as 512, 60KB or 1MB")
    unit = _UNITS[(found[2] or "").lower()]
    return min(round(min(float(found[1]), 1e18) * unit), LARGEST)


def number(typed: str) -> int:
    """Return the whole number. Raises `ValueError`."""
    if not re.fullmatch(r"\d{1,18}", typed, re.ASCII):
        raise ValueError("a whole number")
    return int(typed)
