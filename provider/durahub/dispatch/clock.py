"""What the hub is handed instead of reaching for it: the time, and texts that are never used twice."""

import os
import time
from typing import Protocol

from durahub.model.ticks import Ticks, from_unix


class Clock(Protocol):
    """The time of day, in whole microseconds."""

    def __call__(self) -> Ticks:
        """Return the time now."""


def system_clock() -> Ticks:
    """Return the machine's time, cut to microseconds: nothing on the way rounds it differently."""
    nanos = time.time_ns()
    return from_unix(nanos // 1_000_000_000, nanos % 1_000_000_000 // 1000 * 1000)


def new_id() -> str:
    """Return a new ID: 32 lower-case hex digits."""
    return os.urandom(16).hex()
