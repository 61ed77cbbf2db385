"""How far a job is, how fast it goes, and how long the rest of the phase may take."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from durahub_migrate.applying.states import BEHIND, UnitState
from durahub_migrate.applying.unit_fates import Group
from durahub_migrate.moving.mover import Phase

WINDOW = 5.0  # seconds that one rate is taken over
WINDOWS = 12

_ORDER = list(UnitState)[: list(UnitState).index(UnitState.DONE) + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a phase is. Rates are a second, over the last minute; *kinds* has units, instances and so on.

    *seconds_left* has the likely time and what it is between, ``None`` while nobody can tell.
    """

    phase: str
    done: int  # units
    total: int
    failed: int
    rejected: int
    rates: dict[str, float] = field(default_factory=dict)
    seconds_left: tuple[float, float, float] | None = None
    actions_per_second: float | None = None  # that the throttle keeps to


def counted(groups: Iterable[Group], phase: Phase) -> tuple[int, int]:
    """Return how many of the units that are moved have had *phase*, and how many there are."""
    behind = set(_ORDER[_ORDER.index(BEHIND[phase]) :]) | {UnitState.REJECTED}
    done = total = 0
    for group in groups:
        if group.state is not UnitState.LEFT:
            total += group.units
            done += group.units if group.state in behind else 0
    return done, total


class Speed:
    """What was done in each of the last windows. Times are in monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._current: dict[str, int] = {}
        self._windows: deque[tuple[float, dict[str, int]]] = deque(maxlen=WINDOWS)

    def add(self, now: float, **counts: int) -> None:
        """Count what was done now."""
        self._roll(now)
        for kind, count in counts.items():
            self._current[kind] = self._current.get(kind, 0) + count

    def _roll(self, now: float) -> None:
        if now - self._since >= WINDOW:
            self._windows.append((now - self._since, self._current))
            self._since, self._current = now, {}

    def rates(self, now: float) -> dict[str, float]:
        """Return by kind what was done a second."""
        spans = [*self._windows, (now - self._since, self._current)]
        seconds = sum(span for span, _ in spans)
        kinds = {kind for _, counts in spans for kind in counts}
        if seconds <= 0:
            return {}
        return {
            kind: sum(counts.get(kind, 0) for _, counts in spans) / seconds
            for kind in sorted(kinds)
        }

    def seconds_left(
        self, now: float, remaining: int, kind: str = "units"
    ) -> tuple[float, float, float] | None:
        """Return how long *remaining* take, and the range that two standard errors of the rate make of it."""
        if remaining <= 0:
            return (0.0, 0.0, 0.0)
        rate = self.rates(now).get(kind, 0.0)
        if rate <= 0:
            return None
        each = [counts.get(kind, 0) / span for span, counts in self._windows if span > 0]
        if len(each) < 2:
            return (remaining / rate, remaining / (rate * 2), remaining / (rate / 2))
        mean = sum(each) / len(each)
        deviation = math.sqrt(sum((one - mean) ** 2 for one in each) / (len(each) - 1))
        error = 2 * deviation / math.sqrt(len(each))
        slow = max(rate - error, rate / 10)
        return (remaining / rate, remaining / (rate + error), remaining / slow)
