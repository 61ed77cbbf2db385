"""Which trees have sent which others events: at some targets those come again when a sender is replayed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from durahub.engine.entities.ids import is_entity
from durahub.model.history import Event, EventSent
from durahub_migrate.moving.content import Content, Held


@dataclass(slots=True)
class Sends:
    """*behind* has the roots of trees that have sent a tree events, by its root; *before* is the reverse.

    Kept are roots alone, and only of such trees.
    """

    behind: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    before: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, held: Held, content: Content) -> None:
        """Note what an instance has sent to other trees of the bundle."""
        for receiver in dict.fromkeys(receivers_in(one.event for one in held.instance.history)):
            there = content.member(receiver)
            if there is not None and there.root_id != held.root_id:
                self.behind[there.root_id].add(held.root_id)
                self.before[held.root_id].add(there.root_id)


def sends_in(content: Content) -> Sends:
    """Return who has sent whom events; the bundle's histories are read once for it."""
    found = Sends()
    for tree in content.trees():
        if not tree.is_entity:
            for held in content.members(tree.root_id):
                found.add(held, content)
    return found


def receivers_in(history: Iterable[Event]) -> Iterator[str]:
    """Yield the IDs of the orchestrations that a history tells to have been sent events."""
    for event in history:
        if isinstance(event, EventSent) and event.instance_id and not is_entity(event.instance_id):
            yield event.instance_id
