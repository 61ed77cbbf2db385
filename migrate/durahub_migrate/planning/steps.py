"""What will be done with a tree, in words for people. Pure."""

from collections.abc import Iterator

from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning.survey import Survey


def steps(found: Survey, strategy: Strategy) -> Iterator[str]:
    """Yield the steps of moving a tree, in their order."""
    tree = found.tree
    match strategy:
        case Strategy.ARCHIVE:
            yield f"{_instances(found)} kept in the bundle"
            return
        case Strategy.DRAIN:
            yield f"{_instances(found)} left on the old hub until all have ended"
            return
        case Strategy.IMPORT:
            yield f"{_instances(found)} written with {_events(tree.events)}, as they are"
            if found.opened:
                yield f"{_open(found)} kept open"
            if found.carried:
                yield f"{number(found.carried, 'message')} put on the way"
            return
        case _ if tree.is_entity:
            yield from _of_entity(found)
            return
        case Strategy.RECREATE:
            yield f"{_instances(found)} started by a client, with the same input and ID"
        case Strategy.GHOST:
            yield (
                f"{_instances(found)} started, then answered by a migration worker with what is recorded "
                f"({number(found.steps, 'action')})"
            )
        case Strategy.REWIND:
            yield f"{_instances(found)} started, failed and rewound to the recorded history"
        case Strategy.BACKEND:
            yield f"{_instances(found)} written with {_events(tree.events)}"
    if found.opened and strategy is not Strategy.RECREATE:
        yield f"{_open(found)} left open"
    if found.events:
        yield f"{number(found.events, 'event')} raised again"
    if found.suspended:
        yield f"{number(found.suspended, 'instance')} suspended"


def _of_entity(found: Survey) -> Iterator[str]:
    if found.has_state:
        yield "state handed over, without running the entity's code"
    waiting = found.operations + found.events
    if waiting:
        yield f"{number(waiting, 'operation')} delivered"


def _instances(found: Survey) -> str:
    return "entity" if found.tree.is_entity else number(found.tree.members, "orchestration")


def _open(found: Survey) -> str:
    return number(found.opened, "activity, timer or child", "activities, timers and children")


def _events(count: int) -> str:
    return number(count, "event")


def number(count: int, one: str, many: str = "") -> str:
    """Return a count with its word: ``1 event``, ``2 events``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
