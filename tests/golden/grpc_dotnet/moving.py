"""Recorded times, moved to now: a timer of half a second is one again, and one of days is far away."""

from datetime import timedelta
from typing import Any

_PLANNED = frozenset(
    {
        *("fireAt", "scheduledStartTimestamp", "scheduledTime"),
        *("createdTimeFrom", "createdTimeTo", "completedTimeFrom", "completedTimeTo"),
        *("lastModifiedFrom", "lastModifiedTo"),
    }
)


def move_times(message: Any, by: timedelta) -> None:
    """Move every planned time in *message*."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            continue
        for one in value if field.is_repeated else [value]:
            if field.name in _PLANNED:
                one.FromNanoseconds(one.ToNanoseconds() + by // timedelta(microseconds=1) * 1000)
            else:
                move_times(one, by)
