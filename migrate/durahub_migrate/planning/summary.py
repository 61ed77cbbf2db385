"""What a plan says in all: by strategy, by loss, and where everything goes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from durahub_migrate.moving.plan import BLOCKED
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.losses import WEIGHTY, sentence_of

GROUPS = (*(one.value for one in Strategy), BLOCKED)


@dataclass(slots=True)
class Group:
    """The units of one strategy that are not blocked; or all that are."""

    units: int = 0
    instances: int = 0
    live: int = 0
    events: int = 0
    actions: int = 0
    size: int = 0

    def add(self, unit: Unit) -> None:
        """Count one more."""
        self.units += 1
        self.instances += unit.members
        self.live += unit.live
        self.events += unit.events
        self.actions += unit.actions
        self.size += unit.size


@dataclass(slots=True)
class Summary:
    """Sums over the units of a plan. *needing* counts those that somebody should look at."""

    groups: Mapping[str, Group] = field(default_factory=lambda: {one: Group() for one in GROUPS})
    losses: Counter[str] = field(default_factory=Counter)
    trees: Counter[str] = field(default_factory=Counter)  # that have a loss, by its code
    needing: int = 0

    @property
    def blocked(self) -> int:
        """How many units are blocked."""
        return self.groups[BLOCKED].units

    def told_losses(self) -> Iterable[tuple[str, int, int, str]]:
        """Return code, count, trees and sentence of each loss; what matters most comes first."""
        codes = sorted(self.losses, key=lambda code: (code not in WEIGHTY, code))
        return [(one, self.losses[one], self.trees[one], sentence_of(one)) for one in codes]


def summary(units: Iterable[Unit], hidden: int = 0) -> Summary:
    """Return the sums. *hidden* messages are of no tree."""
    found = Summary()
    for unit in units:
        found.groups[BLOCKED if unit.blockers else unit.strategy.value].add(unit)
        found.needing += needs_attention(unit)
        for loss in unit.losses:
            found.losses[loss.code] += loss.count
            found.trees[loss.code] += 1
    if hidden:
        found.losses["hidden-messages"] += hidden
    return found


def needs_attention(unit: Unit) -> bool:
    """Tell whether somebody should look at a unit before it is moved."""
    return bool(unit.blockers) or any(loss.code in WEIGHTY for loss in unit.losses)
