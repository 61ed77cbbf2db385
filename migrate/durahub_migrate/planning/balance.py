"""Where everything of the source goes: nothing of it may be left over."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit

ORCHESTRATIONS, ENTITIES, MESSAGES = "orchestrations", "entities", "messages"
KINDS = (ORCHESTRATIONS, ENTITIES, MESSAGES)
SOURCE = "source"
DISPOSITIONS = ("imported", "archived", "drained", "rejected", "skipped", "blocked")


@dataclass(slots=True)
class Balance:
    """Counts by kind and disposition."""

    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: {kind: Counter() for kind in KINDS}
    )

    def add(self, kind: str, disposition: str, count: int) -> None:
        """Count some of what is of a kind."""
        if count:
            self.counts[kind][disposition] += count

    def plain(self) -> Mapping[str, Mapping[str, int]]:
        """Return the counts, as a plan keeps them."""
        return {kind: dict(counts) for kind, counts in self.counts.items()}


def disposition_of(unit: Unit) -> str:
    """Return what becomes of a unit."""
    if unit.blockers:
        return "blocked"
    if unit.strategy is Strategy.DRAIN:
        return "drained"
    return "archived" if unit.strategy is Strategy.ARCHIVE else "imported"


def residue(balance: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return by kind what is left over of the source; all 0, or something was forgotten."""
    return {
        kind: counts.get(SOURCE, 0) - sum(counts.get(name, 0) for name in DISPOSITIONS)
        for kind, counts in balance.items()
    }


def sentence(kind: str, counts: Mapping[str, int]) -> str:
    """Return the sum of a kind: ``118 orchestrations = 103 imported + 15 archived + …``."""
    parts = " + ".join(
        f"{counts.get(name, 0):,} {name}"
        for name in DISPOSITIONS
        if counts.get(name, 0) or name != "blocked"
    )
    return f"{counts.get(SOURCE, 0):,} {kind} = {parts}"
