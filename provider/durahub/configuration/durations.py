"""Lengths of time as people write them: ``30d``, ``12h``, ``90m``, ``1.5s``; and as .NET writes them."""

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)([dhms])", re.ASCII)
_TIME_SPAN = re.compile(r"(?:(\d{1,8})\.)?(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,7})?))?", re.ASCII)

EXPECTED = 'a length of time such as "30d", "12h", "15m" or "10s"'


def seconds_of(text: str) -> float:
    """Return the seconds of ``1d12h``; ``0`` needs no unit. Raises `ValueError`."""
    compact = text.replace(" ", "")
    if compact == "0":
        return 0.0
    parts = list(_TEXT.finditer(compact))
    if not parts or "".join(part[0] for part in parts) != compact:
        raise ValueError(text)
    return sum(float(part[1]) * _UNITS[part[2]] for part in parts)


def seconds_of_time_span(text: str) -> float:
    """Return the seconds of .NET's ``[days.]hours:minutes[:seconds]``. Raises `ValueError`."""
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    days, hours, minutes, seconds = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or float(seconds or 0) >= 60:
        raise ValueError(text)  # .NET takes the 24 of "24:00:00" for days
    return int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds or 0)


def to_text(seconds: float) -> str:
    """Return *seconds* in the largest unit in which they are whole: ``30d``."""
    for unit, size in _UNITS.items():
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s" if seconds else "0"
