"""Which other instances an explanation has to look at: children, locked entities, holders of locks."""

from collections.abc import Iterator, Mapping

from durahub.engine import state as states
from durahub.engine.entities.ids import is_entity
from durahub.model.history import SubOrchestrationInstanceCreated
from durahub_migrate.monitor.explaining.entities import targets
from durahub_migrate.monitor.explaining.open_work import open_work
from durahub_migrate.monitor.explaining.seen import InstanceSeen
from durahub_migrate.monitor.row import ENDED

MOST_CHILDREN = 3
"""So many open children of one instance are looked at."""


def needs(instance_id: str, instances: Mapping[str, InstanceSeen]) -> tuple[str, ...]:
    """Return the instances that are to be read next; none when all is there. Ask again when they are."""
    seen: dict[str, None] = {}
    wanted: dict[str, None] = {}
    todo = [instance_id]
    while todo:
        one = todo.pop(0)
        if one in seen:
            continue
        seen[one] = None
        found = instances.get(one)
        if found is None:
            wanted[one] = None
            continue
        todo += _of(found, instances)
    return tuple(wanted)


def _of(found: InstanceSeen, instances: Mapping[str, InstanceSeen]) -> Iterator[str]:
    row = found.row
    if row is not None and row.status in ENDED:
        return
    if is_entity(found.instance_id):
        if row is not None and row.locked_by is not None:
            yield row.locked_by
        return
    history = found.history or ()
    if not states.read(history).is_live:
        return
    work = open_work(history).open
    children = [
        one.asked.instance_id
        for one in work
        if isinstance(one.asked, SubOrchestrationInstanceCreated) and one.asked.instance_id
    ]
    yield from children[:MOST_CHILDREN]
    for one in work:
        yield from (target for target in targets(one, instances, found.instance_id)[-1:] if target)
