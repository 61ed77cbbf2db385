"""The family of an instance: who started it, whom it started, and these in turn.

An orchestration's parent stands in its own first rows; its children stand in its history. What the index has
learned of parents costs nothing. Histories are read of so many members and no more: of the others those
children are told that the index knows of.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from durahub.errors import InstanceNotFound
from durahub.model.history import SubOrchestrationInstanceCreated
from durahub.model.ticks import Ticks
from durahub_migrate.assessment.waiting import has_begun_anew
from durahub_migrate.monitor.histories import FamilyNode
from durahub_migrate.monitor.query import Query, Relation
from durahub_migrate.monitor.querying import condition
from durahub_migrate.monitor.row import Kind, Row, Sort
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.reading.live import LiveSource

HISTORIES = 8
"""Histories that are read for one family, the asked one's among them."""
CHILDREN = 100
"""Children of one instance that are told; of more it is told how many they are."""


@dataclass(slots=True)
class Families:
    """Tells the families of one hub; *learn* takes what was found of parents: children, and their parent."""

    live: LiveSource
    index: HubIndex
    clock: Callable[[], Ticks]
    learn: Callable[[dict[str, str]], None]

    async def of(self, instance_id: str, depth: int) -> FamilyNode:
        """Return the topmost ancestor with its line down to the instance, and below that its descendants.

        *depth* counts the generations in both directions. Raises `InstanceNotFound`.
        """
        row = self.index.row(instance_id)
        if row is None:
            detail = await self.live.detail(instance_id)
            if detail is None:
                raise InstanceNotFound(instance_id)
            row = detail.row
        looking = _Looking(self, depth)
        node = await looking.down(row, "self", depth)
        return await looking.up(row, node, depth)

    def known_children(self, instance_id: str) -> list[Row]:
        """Return the children that the index knows of, one more than are told."""
        now = self.clock()
        query = Query("", condition("parent", Relation.EQUALS, (instance_id,), now), now)
        found = self.index.page(query, Sort("created", descending=False), count=CHILDREN + 1)
        return [row for row in found.rows if row.parent_id == instance_id]


@dataclass(slots=True)
class _Looking:
    """One look: who was met, and how many histories may still be read."""

    families: Families
    depth: int
    histories: int = HISTORIES
    met: set[str] = field(default_factory=set)

    async def down(self, row: Row, relation: str, depth: int) -> FamilyNode:
        """Return an instance with its descendants."""
        self.met.add(row.instance_id)
        node = _node(row.instance_id, row, relation)
        if depth <= 0 or row.kind is Kind.ENTITY:
            return node
        children, begun_anew = await self._read(row)
        new = [one for one in children if one not in self.met]
        told = [await self._child(one, depth - 1) for one in new[:CHILDREN]]
        return replace(
            node, begun_anew=begun_anew, children=tuple(told), more=max(0, len(new) - CHILDREN)
        )

    async def up(self, row: Row, node: FamilyNode, depth: int) -> FamilyNode:
        """Return the topmost ancestor of *node*, with its line down."""
        child = row
        for _ in range(depth):
            parent = child.parent_id or await self._parent(child)
            if parent is None or parent in self.met:
                break
            self.met.add(parent)
            found = self.families.index.row(parent)
            others = self.families.known_children(parent)
            beside = [one for one in others if one.instance_id not in self.met]
            told = [_node(one.instance_id, one, "child") for one in beside[: CHILDREN - 1]]
            above = _node(parent, found, "parent")
            node = replace(above, children=(node, *told), more=len(beside) - len(told))
            if found is None:
                break
            child = found
        return node

    async def _child(self, instance_id: str, depth: int) -> FamilyNode:
        row = self.families.index.row(instance_id)
        if row is None:
            self.met.add(instance_id)
            return _node(instance_id, None, "child")
        return await self.down(row, "child", depth)

    async def _read(self, row: Row) -> tuple[list[str], bool]:
        """Return its children, and whether its history shows that it has continued as new."""
        known = [one.instance_id for one in self.families.known_children(row.instance_id)]
        if self.histories <= 0:
            return known, False
        self.histories -= 1
        history = await self.families.live.history(row.instance_id)
        created = (
            event.instance_id
            for event in history.events
            if isinstance(event, SubOrchestrationInstanceCreated)
        )
        asked = [one for one in created if one is not None]
        self.families.learn(dict.fromkeys(asked, row.instance_id))
        begun_anew = has_begun_anew(tuple(history.events), row.generation, leftovers=False)
        return list(dict.fromkeys((*asked, *known))), begun_anew

    async def _parent(self, row: Row) -> str | None:
        if row.kind is Kind.ENTITY:
            return None
        parent = await self.families.live.parent(row.instance_id)
        if parent is not None:
            self.families.learn({row.instance_id: parent})
        return parent


def _node(instance_id: str, row: Row | None, relation: str) -> FamilyNode:
    if row is None:
        return FamilyNode(instance_id=instance_id, name=None, status=None, relation=relation)
    return FamilyNode(
        instance_id=instance_id,
        name=row.name,
        status=row.status,
        relation=relation,
        execution_id=row.execution_id,
        created=row.created,
        completed=row.completed,
        generation=row.generation,
    )
