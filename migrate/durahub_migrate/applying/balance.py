"""Where everything of the source is when a run is over.

Orchestrations and entities are the plan's sums, with what became of them. Messages are counted anew: how many
the source had, the manifest says; how many are at the target or were left, the movers; and how many
were on their way to what was not moved, the bundle. These are told by different parts of a move, so
a message that one of them forgets is missing in the sum.

How sure *taken* is differs by the way. An import reads it from what its target has written down. A replay
and the other ways at endpoints count what they have sent, and what the replayed history tells by itself.
"""

from collections.abc import Iterable, Mapping

from durahub_migrate.applying.states import UnitState
from durahub_migrate.applying.unit_fates import Fate, Group
from durahub_migrate.moving.plan import PlanEnd
from durahub_migrate.moving.strategy import Strategy

ORCHESTRATIONS, ENTITIES, MESSAGES = "orchestrations", "entities", "messages"
SOURCE, ARCHIVED, DRAINED, SKIPPED = "source", "archived", "drained", "skipped"
BLOCKED, REJECTED = "blocked", "rejected"
"""The words of a plan's balance."""

IMPORTED, REFUSED, FAILED, WAITING = (
    "imported",
    "rejected by the target",
    "failed",
    "not moved yet",
)

_BECAME: Mapping[UnitState, str] = {
    UnitState.REJECTED: REFUSED,
    UnitState.FAILED: FAILED,
    UnitState.PLANNED: WAITING,
    UnitState.CLAIMED: WAITING,
    UnitState.WITHDRAWN: WAITING,
}


def balance(
    end: PlanEnd, groups: Iterable[Group], messages: Mapping[str, int]
) -> dict[str, dict[str, int]]:
    """Return by kind where everything is: the plan's counts, what it imports told apart by the journal.

    *messages* is what `of_messages` returns. What a plan without counts moves is in no sum.
    """
    if not end.balance:
        return {}
    sums = {kind: dict(counts) for kind, counts in end.balance.items()}
    for kind in (ORCHESTRATIONS, ENTITIES):
        sums.setdefault(kind, {})[IMPORTED] = 0
    for group in groups:
        if group.state is not UnitState.LEFT:
            of_kind = sums[ENTITIES if group.is_entity else ORCHESTRATIONS]
            became = _BECAME.get(group.state, IMPORTED)
            of_kind[became] = of_kind.get(became, 0) + group.members
    sums[MESSAGES] = dict(messages)
    return sums


def of_messages(
    read: int,
    rejected: int,
    by_root: Mapping[str, int],
    fates: Iterable[Fate],
    told: Mapping[str, int],
    *,
    has_strays: bool,
) -> dict[str, int]:
    """Return where the messages are: *read* at the source, *rejected* by its export.

    *by_root* counts those that were seen, by the root of the tree that they belong to and ``""`` for none;
    *told* is what movers say of those that belong to units that are over, by reason and ``""`` for taken.
    """
    sums = {SOURCE: read, IMPORTED: told.get("", 0)}

    def add(name: str, count: int) -> None:
        if count:
            sums[name] = sums.get(name, 0) + count

    for reason, count in told.items():
        if reason:
            add(f"left ({reason})", count)
    skipped = sum(by_root.values()) - by_root.get("", 0)
    for fate in fates:
        count = by_root.get(fate.root_id, 0)
        skipped -= count
        if not fate.is_over:
            add(_place_of(fate), count)
    add(SKIPPED, skipped)
    if not has_strays:
        add(WAITING, by_root.get("", 0))
    add(REJECTED, rejected)
    return sums


def _place_of(fate: Fate) -> str:
    if fate.state is not UnitState.LEFT:
        return _BECAME.get(fate.state, WAITING)
    if fate.is_blocked:
        return BLOCKED
    return DRAINED if fate.strategy == Strategy.DRAIN.value else ARCHIVED


def residue(sums: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return by kind what is nowhere; all 0, or something was forgotten."""
    return {
        kind: counts.get(SOURCE, 0) - sum(n for name, n in counts.items() if name != SOURCE)
        for kind, counts in sums.items()
    }


def sentence(kind: str, counts: Mapping[str, int]) -> str:
    """Return the sum of a kind: ``118 orchestrations = 103 imported + 15 archived``."""
    parts = [f"{count:,} {name}" for name, count in counts.items() if count and name != SOURCE]
    return f"{counts.get(SOURCE, 0):,} {kind} = {' + '.join(parts) or '0'}"
