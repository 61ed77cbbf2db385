"""Durations counted in buckets, by labels: what Prometheus calls a histogram, without a registry.

Whoever has something to time has one of these; the edge turns them into metrics when it is asked. Labels
come from short closed lists (methods, kinds, outcomes), never from IDs.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the buckets in seconds; behind the last there is one more."""

Labels = tuple[str, ...]


@dataclass(slots=True)
class Buckets:
    """How many durations were in each bucket of `BOUNDS`, the last being all that are longer; their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def cumulative(self) -> list[tuple[str, float]]:
        """Return how many were at most each bound, as Prometheus has it: ``[("0.002", 0), ("+Inf", 7)]``."""
        bounds = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
        so_far, result = 0, []
        for bound, count in zip(bounds, self.counts, strict=True):
            so_far += count
            result.append((bound, float(so_far)))
        return result


class Timings:
    """Durations by labels."""

    def __init__(self) -> None:
        self._buckets: dict[Labels, Buckets] = {}

    def note(self, labels: Labels, seconds: float) -> None:
        """Count one that took *seconds*."""
        buckets = self._buckets.get(labels)
        if buckets is None:
            buckets = self._buckets[labels] = Buckets()
        buckets.counts[bisect_left(BOUNDS, seconds)] += 1
        buckets.seconds += seconds

    def snapshot(self) -> Mapping[Labels, Buckets]:
        """Return what was counted until now."""
        return dict(self._buckets)
