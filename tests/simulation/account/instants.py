"""The account's clock: the time of day of its services, and versions that never come twice."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from durahub.model.ticks import to_datetime
from tests.simulation.work import START

EPOCH = to_datetime(START)
"""The time of day at second 0 of the virtual clock."""


class Instants:
    """The time by *clock*, in seconds since `EPOCH`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._last_tick = 0
        self._versions = 0

    def now(self) -> float:
        """Return the seconds since `EPOCH`."""
        return self.clock()

    def stamp(self) -> str:
        """Return the time of a write to a table, to the tick: each is later than the one before."""
        self._last_tick = max(self._last_tick + 1, int(self.clock() * 10_000_000))
        seconds, ticks = divmod(self._last_tick, 10_000_000)
        return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{ticks:07d}Z"

    def version(self) -> str:
        """Return a new ETag of a blob or container."""
        self._versions += 1
        return f'"0x8D{self._versions:013X}"'

    def http(self, seconds: float | None = None) -> str:
        """Return a time as HTTP writes it, in whole seconds."""
        moment = EPOCH + timedelta(seconds=self.clock() if seconds is None else seconds)
        return format_datetime(moment.replace(microsecond=0), usegmt=True)
