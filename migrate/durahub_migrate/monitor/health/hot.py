"""Which partitions have far more work than the others, also where there are few of them.

Instances are spread by a hash of their IDs, so each partition has about the same share; what is hot is one
whose share is a multiple of the median of the *others*, and at the same time more than chance explains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

TIMES = 3.0
"""So many times the others' median."""
LEAST = {"instances": 50, "messages": 50, "bytes": 10_000_000}
"""Below that nothing is hot, whatever the others have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a partition has: instances that have not ended, messages, bytes."""

    instances: int = 0
    messages: int = 0
    bytes: int = 0


def hot(work: Sequence[Work]) -> Mapping[int, str]:
    """Return the hot ones by index, and what in: ``340 messages, the others 12 in the median``."""
    found: dict[int, list[str]] = {}
    if len(work) < 2:
        return {}
    for what, least in LEAST.items():
        values = [getattr(one, what) for one in work]
        for index, value in enumerate(values):
            others = median(values[:index] + values[index + 1 :])
            chance = others + 3 * sqrt(others)  # of counts that fall as they like
            if value >= least and value >= TIMES * others and value > chance:
                told = f"{value:,} {what}, the others {others:,.0f} in the median"
                found.setdefault(index, []).append(told)
    return {index: "; ".join(said) for index, said in found.items()}
