"""The gate that every call to storage passes twice: before it has its effect, and after it.

Here a server crashes in the midst of a call, and here a call fails. A *point* is one passing: call number
*k* of a run, before or after the effect.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


class Crashed(Exception):
    """The server is dead: nothing of it reaches storage, and nothing comes back to it."""


class Fault(Exception):
    """Storage refuses this call, which has no effect."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place to crash at: call number ``call`` of those that are still to come (from 0)."""

    call: int
    after: bool


class Gate:
    """The gate of one simulated storage. *kill* is called when a server crashes here.

    A storage calls `before` and `after` around each effect, with the name of the server that makes the call
    and one for the call; what they raise it makes its own of. `pause` is how long the call takes.
    """

    def __init__(self, random: Random, kill: Callable[[str], None]) -> None:
        self._random = random
        self._kill = kill
        self._dead: set[str] = set()
        self._armed: list[tuple[int, bool]] = []
        self.calls = 0
        self.names: Counter[str] = Counter()
        self.faults = 0.0  # the share of calls that fail
        self.slow = 0.0  # the share of calls that take long
        self.crashes = 0

    def arm(self, point: Point) -> None:
        """Let whichever server makes that call crash in it."""
        self._armed.append((self.calls + point.call, point.after))

    def calm(self) -> None:
        """Let nothing fail or be slow any more; the points to crash at stay."""
        self.faults = self.slow = 0.0

    def bury(self, server: str) -> None:
        """Note that a server is dead."""
        self._dead.add(server)

    def is_dead(self, server: str) -> bool:
        """Tell whether a server is."""
        return server in self._dead

    def before(self, server: str, call: str) -> int:
        """Let a call pass; return its number, for `after`. Raises `Crashed`, `Fault`."""
        if server in self._dead:
            raise Crashed
        number = self.calls
        self.calls += 1
        self.names[call] += 1
        if (number, False) in self._armed:
            self._crash(server)
        if self.faults and self._random.random() < self.faults:
            raise Fault
        return number

    def after(self, server: str, number: int) -> None:
        """Let the answer to a call pass. Raises `Crashed`."""
        if server in self._dead:
            raise Crashed
        if (number, True) in self._armed:
            self._crash(server)

    def pause(self) -> float:
        """Return the seconds that a call takes."""
        if self.slow and self._random.random() < self.slow:
            return self._random.uniform(0.1, 3.0)
        return self._random.uniform(0.0002, 0.004)

    def _crash(self, server: str) -> None:
        self.crashes += 1
        self._kill(server)
        raise Crashed
