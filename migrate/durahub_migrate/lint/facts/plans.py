"""A plan of a move, and its units, as rules see them."""

from dataclasses import dataclass, field

from durahub_migrate.lint.place import Place
from durahub_migrate.moving.plan import PlanEnd, PlanHead
from durahub_migrate.moving.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """A plan. *bundle_problem* says why its bundle cannot be relied on, ``None``: all of it was checked."""

    place: Place
    head: PlanHead
    end: PlanEnd = field(default_factory=PlanEnd)
    bundle_problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """A unit of a plan. *members* are those of its tree in the bundle, ``None`` where that was not read.

    *locked_by* is the root of the tree whose member holds the lock of an entity; that member's ID where the
    bundle has none of it.
    """

    place: Place
    unit: Unit
    head: PlanHead
    members: int | None = None
    locked_by: str | None = None
