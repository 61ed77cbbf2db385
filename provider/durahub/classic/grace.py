"""How long a result may be in memory only, before it is written into its instance's queue.

A crash in that time makes its activity run again, so it should be short. But where many instances wait
for their turns, every result waits, and writing them all would cost requests just when there are most to
do. There the line moves, so a result's own turn is near: it gets more time, and what is late nevertheless
is written one by one, the oldest first. Where the line does not move there is nothing better to do than
to write them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds: ``still`` while no result is recorded in a checkpoint, ``busy`` while others are."""

    still: float
    busy: float

    def is_busy(self, now: float, recorded_at: float) -> bool:
        """Tell whether results are recorded, the last of them at *recorded_at*."""
        return now - recorded_at < self.still

    def late(self, waiting: Iterable[float], now: float, recorded_at: float) -> list[int]:
        """Return which results are to be written now, by their places in *waiting*.

        *waiting* are the times since when they are in memory.
        """
        busy = self.is_busy(now, recorded_at)
        limit = self.busy if busy else self.still
        late = sorted((since, place) for place, since in enumerate(waiting) if now - since >= limit)
        return [place for _, place in (late[:1] if busy else late)]
