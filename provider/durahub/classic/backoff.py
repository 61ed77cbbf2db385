"""How long to wait before the next look at an empty queue; classic layout 9.2."""

from random import Random

FIRST = 0.05  # seconds
GROWTH = 2.0
JITTER = 0.2  # of the pause, either way: servers shall not look in step


class Backoff:
    """Pauses that begin with none and double up to *longest* seconds."""

    def __init__(self, longest: float, random: Random) -> None:
        self._longest = longest
        self._random = random
        self._next = 0.0

    def pause(self) -> float:
        """Return the seconds to wait now; the next time it is longer."""
        pause = self._next
        self._next = min(max(pause * GROWTH, FIRST), self._longest)
        return pause * self._random.uniform(1 - JITTER, 1 + JITTER)

    def reset(self) -> None:
        """Begin again: something was found, or is known to be there."""
        self._next = 0.0
