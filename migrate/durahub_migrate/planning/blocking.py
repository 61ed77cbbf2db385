"""What has to be done before a tree can be moved, in sentences. Pure."""

from collections.abc import Iterator

from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning.choosing import Choice
from durahub_migrate.planning.request import Request
from durahub_migrate.planning.survey import Survey, named

_OFFLOADED = "make it smaller, or let the tree end on the old hub (--drain)"


def blockers(
    found: Survey, choice: Choice, request: Request, taken: frozenset[str], missing: frozenset[str]
) -> Iterator[str]:
    """Yield what stands against moving a tree.

    *taken* are new IDs of its members that another instance has, *missing* instances that the export could
    not read.
    """
    if choice.obstacle:
        yield choice.obstacle
    if not choice.strategy.is_carried_out:
        return
    if found.problems:
        yield f"something of it cannot be read: {named(found.problems)}"
    for instance_id, refused in found.refused[:3]:
        yield f"the target refuses the ID {instance_id!r}: {refused}; map it (--id-map) or drain it (--drain)"
    if len(found.refused) > 3:
        yield f"{len(found.refused) - 3:,} more IDs are refused"
    if taken:
        yield f"--id-map gives an ID that another instance has: {named(sorted(taken))}"
    if found.too_large:
        size, whose, where = found.largest
        limit = request.capabilities.largest_payload
        yield (
            f"{found.too_large} payloads are above the target's {limit:,} bytes, the largest with {size:,} "
            f"({where} of {whose!r}): {_OFFLOADED}"
        )
    lacking = sorted({*found.parents, *found.awaited} & missing)
    if lacking:
        yield f"part of its tree could not be read by the export: {named(lacking)}"
    yield from _of_strategy(found, choice.strategy, request)


def _of_strategy(found: Survey, strategy: Strategy, request: Request) -> Iterator[str]:
    if strategy is Strategy.IMPORT:
        if found.ids:
            yield "--id-map gives it another ID, and an import keeps IDs: leave it out of the mapping"
        return
    if found.renamed:
        yield (
            f"it has asked {named(sorted(found.renamed))}, to which --id-map gives another ID: its code "
            "knows the old one; let it end on the old hub (--drain)"
        )
    can = request.capabilities
    if found.tree.is_entity and can.entities is not True:
        yield (
            "the probe saw that the target does not take an entity's state (P10)"
            if can.entities is False
            else "the target was not seen to take an entity's state (durahub plan --probe tries)"
        )
    if strategy is Strategy.RECREATE:
        return
    if found.historyless:
        yield f"it runs and has no history: {named(found.historyless)}"
    if found.overdue_timers and can.past_timers is False:
        yield "timers are overdue, and the target was seen not to fire one that is in the past"


def sent_each_other(others: list[str]) -> str:
    """Return the blocker of a tree that has got events from *others*, and in the end they from it."""
    return (
        f"it and {named(others)} have sent each other events, which the target was not seen to drop when "
        "they come again (durahub plan --probe tries): let one of them end on the old hub (--drain)"
    )


def locked(entity_id: str, holder: str, why: str) -> str:
    """Return the blocker of an entity whose lock is held by *holder*."""
    return (
        f"{entity_id!r} is locked by {holder!r}, {why}: let the lock be released on the old hub, "
        "or end its holder there"
    )


def locks(holder: str, entities: list[str]) -> str:
    """Return the blocker of a tree in which *holder* has locked entities that are not moved."""
    return f"{holder!r} holds the lock of {named(entities)}, which is not moved with it"
