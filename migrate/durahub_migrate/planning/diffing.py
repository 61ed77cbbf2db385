"""What two plans of a hub say differently, tree by tree. Both are read once, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.plan_file import PlanFile, sorted_units


class Change(Enum):
    """What became of a tree between two plans; the values are the signs that are printed."""

    CAME = "+"
    WENT = "-"
    OTHER = "*"


@dataclass(frozen=True, slots=True)
class Difference:
    """A tree that differs, and in what: sentences."""

    change: Change
    root_id: str
    what: tuple[str, ...]


def of_heads(old: PlanHead, new: PlanHead) -> Iterator[str]:
    """Yield what differs of what two plans are of."""
    for name in ("source", "target", "bundle_root", "frozen", "capabilities", "settings"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            if name in ("capabilities", "settings"):
                fields = (
                    one for one in before.__slots__ if getattr(before, one) != getattr(after, one)
                )
                yield f"{name}: {', '.join(fields)}"
            else:
                yield f"{name.replace('_', ' ')}: {before} → {after}"


def differences(old: PlanFile, new: PlanFile) -> Iterator[Difference]:
    """Yield the trees that came, went or changed."""
    before, after = sorted_units(old.units()), sorted_units(new.units())
    left, right = next(before, None), next(after, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None  # noqa: S101 (for the types)
            yield Difference(Change.WENT, left[1].root_id, (_is(left[1]),))
            left = next(before, None)
        elif left is None or right[0] < left[0]:
            yield Difference(Change.CAME, right[1].root_id, (_is(right[1]),))
            right = next(after, None)
        else:
            what = tuple(_changes(left[1], right[1]))
            if what:
                yield Difference(Change.OTHER, right[1].root_id, what)
            left, right = next(before, None), next(after, None)


def _is(unit: Unit) -> str:
    return f"{unit.strategy.value}{', blocked' if unit.blockers else ''}"


def _changes(old: Unit, new: Unit) -> Iterator[str]:
    if _is(old) != _is(new):
        yield f"strategy {_is(old)} → {_is(new)}"
    if old.digest != new.digest:
        yield f"it has changed: {old.events:,} → {new.events:,} events"
    before, after = ({one.code: one.count for one in unit.losses} for unit in (old, new))
    for code in sorted({*before, *after}):
        if before.get(code, 0) != after.get(code, 0):
            yield f"{code} {before.get(code, 0):,} → {after.get(code, 0):,}"
    if old.blockers and new.blockers and old.blockers != new.blockers:
        yield "other blockers"
    if old.ids != new.ids:
        yield "other new IDs"
    if old.actions != new.actions:
        yield f"actions {old.actions:,} → {new.actions:,}"
