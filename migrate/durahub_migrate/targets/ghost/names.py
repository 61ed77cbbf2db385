"""The names of all that a move brings about: the ghost asks for no other work items."""

from collections.abc import Iterable
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.engine.entities.calls import release_sent, request_sent
from durahub.engine.entities.ids import is_entity, parse_entity_id
from durahub.errors import BadInstanceId
from durahub.model.history import (
    Event,
    ExecutionStarted,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
)
from durahub_migrate.moving.content import Content
from durahub_migrate.targets.ghost.sends import Sends


@dataclass(frozen=True, slots=True)
class Names:
    """Names of orchestrations, activities and entities, each in its order."""

    orchestrations: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    def turns(self) -> pb.WorkItemFilters:
        """Return the filters of a stream that is given orchestrations alone."""
        filters = pb.WorkItemFilters()
        for name in self.orchestrations:
            filters.orchestrations.add(name=name)
        return filters

    def answers(self) -> pb.WorkItemFilters:
        """Return the filters of a stream that is given activities and entities alone."""
        filters = pb.WorkItemFilters()
        for name in self.activities:
            filters.activities.add(name=name)
        for name in self.entities:
            filters.entities.add(name=name)
        return filters


def names_in(content: Content, sends: Sends | None = None) -> Names:
    """Return the names in a bundle, and fill *sends*; its histories are read once for it."""
    found = _Names()
    for tree in content.trees():
        for held in content.members(tree.root_id):
            found.add_instance(held.instance.instance_id, held.instance.name)
            found.add(stored.event for stored in held.instance.history)
            if sends is not None and not tree.is_entity:
                sends.add(held, content)
    for record in content.strays():
        found.add_instance(record.instance_id, None)
    return Names(*(tuple(sorted(one)) for one in found.sets))


class _Names:
    def __init__(self) -> None:
        self.sets: tuple[set[str], set[str], set[str]] = (set(), set(), set())

    def add_instance(self, instance_id: str, name: str | None) -> None:
        if is_entity(instance_id):
            try:
                self.sets[2].add(parse_entity_id(instance_id).name)
            except BadInstanceId:
                return
        elif name:
            self.sets[0].add(name)

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case ExecutionStarted(execution=execution, name=name):
                    self.add_instance(execution.instance_id, name)
                case TaskScheduled(name=str(name)):
                    self.sets[1].add(name)
                case SubOrchestrationInstanceCreated(name=str(name)):
                    self.sets[0].add(name)
                case _ if request_sent(event) or release_sent(event):
                    self.add_instance(getattr(event, "instance_id", ""), None)
                case _:
                    pass
