"""Makes the units of a plan of a bundle's trees, one tree in memory at a time.

Whatever a unit says follows from the bundle, the target's capabilities and the settings: the same make the
same units. Entities come before orchestrations, so a lock is known before its holder.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from durahub.engine.entities.ids import is_entity
from durahub_migrate.assessment.actions import moving_actions
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import inflight
from durahub_migrate.export.stillness import KILLED
from durahub_migrate.moving.content import Content, Tree
from durahub_migrate.moving.cycles import cyclic
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.balance import (
    ENTITIES,
    MESSAGES,
    ORCHESTRATIONS,
    SOURCE,
    Balance,
    disposition_of,
)
from durahub_migrate.planning.blocking import blockers, locked, locks, sent_each_other
from durahub_migrate.planning.choosing import Choice, choose
from durahub_migrate.planning.losing import losses
from durahub_migrate.planning.members import (
    DelayedSignal,
    begins_entity,
    is_lone_start,
    is_signal,
    member_of,
    request_in,
)
from durahub_migrate.planning.request import Request
from durahub_migrate.planning.steps import steps
from durahub_migrate.planning.survey import Survey, survey
from durahub_migrate.targets.ghost.sends import sends_in


@dataclass(frozen=True, slots=True)
class _Own:
    """What is decided of a tree by itself."""

    found: Survey
    choice: Choice
    blockers: tuple[str, ...]

    @property
    def is_moved(self) -> bool:
        return self.choice.strategy.is_carried_out and not self.blockers


@dataclass(slots=True)
class Planner:
    """Plans the move of *content*. *rejected* are the IDs of instances that the export could not read.

    When `units` have been taken, *ending* says what is left and whether the sums come out.
    """

    content: Content
    request: Request
    rejected: Iterable[str] = ()
    _missing: frozenset[str] = frozenset()
    _balance: Balance = field(default_factory=Balance)
    _locks: dict[str, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))
    _rings: dict[str, list[str]] = field(
        default_factory=dict
    )  # senders, by who got events from them
    _explained: int = 0
    _adopted: int = 0

    def units(self) -> Iterator[Unit]:
        """Yield a unit for each tree that is part of the move."""
        self._missing = frozenset(self.rejected)
        self._rings = self._sent_each_other()
        for tree in self.content.trees():
            own = self._own(tree)
            self._explained += own.found.hidden
            if not self.request.takes(tree.root_id):
                self._note_lock(own, is_moved=False)
                self._count(own.found, "skipped")
                continue
            unit = self._unit(own)
            self._note_lock(own, is_moved=unit.is_moved)
            self._count(own.found, disposition_of(unit), unit.strategy)
            yield unit

    def _takes_stray(self, record: hb.InFlight) -> bool:
        """Tell whether the target is sent what begins an entity; callers at endpoints ask again."""
        return self.request.is_exact or (
            self.request.capabilities.entities is True and is_signal(record)
        )

    def ending(self) -> dict[str, Any]:
        """Return the fields of `durahub_migrate.moving.plan.PlanEnd` that are known behind the last unit."""
        manifest, balance = self.content.manifest, self._balance
        counts = manifest.counts
        strays = -self._adopted
        for one in self.content.strays():
            if one.evidence == inflight.QUEUE:
                begins = begins_entity(one) or (self.request.is_exact and is_lone_start(one))
                if begins and self._takes_stray(one):
                    balance.add(MESSAGES, "imported", 1)
                else:
                    strays += 1
        balance.add(MESSAGES, "archived", strays)
        balance.add(MESSAGES, "rejected", counts.messages_rejected)
        entities = sum(map(is_entity, self._missing))
        balance.add(ENTITIES, "rejected", entities)
        balance.add(ORCHESTRATIONS, "rejected", counts.instances_rejected - entities)
        of_entities = sum(counts.entities.values()) + entities
        balance.add(ENTITIES, SOURCE, of_entities)
        balance.add(ORCHESTRATIONS, SOURCE, counts.instances_read - of_entities)
        balance.add(MESSAGES, SOURCE, counts.messages_read)
        return {
            "strays": strays,
            "rejected": counts.instances_rejected + counts.messages_rejected,
            "hidden": self._hidden(),
            "unseen": sum(manifest.source.partly_seen.values()),
            "balance": balance.plain(),
        }

    # -- one tree ------------------------------------------------------------------------------

    def _own(self, tree: Tree) -> _Own:
        content = self.content
        given = self.request.given(content.manifest.ended)
        members = (
            member_of(
                held,
                content.messages_to(held.instance.instance_id),
                given,
                was_killed=content.manifest.evidence.get(KILLED) is True,
            )
            for held in content.members(tree.root_id)
        )
        found = survey(tree, members, self.request)
        for child in found.awaited:
            self._adopt(found, content.messages_to(child))
        found.hidden_signals = sum(not self._is_there(one) for one in found.signals)
        choice = choose(found, self.request)
        taken = frozenset(
            new
            for new in found.ids.values()
            if new not in self.request.ids and content.member(new) is not None
        )
        against = blockers(found, choice, self.request, taken, self._missing)
        return _Own(found, choice, tuple(against))

    def _adopt(self, found: Survey, records: Iterable[hb.InFlight]) -> None:
        """Count the messages to a child that has not begun: its start comes from a member."""
        found.adopted += sum(one.evidence == inflight.QUEUE for one in records)

    def _unit(self, own: _Own) -> Unit:
        found, strategy, tree = own.found, own.choice.strategy, own.found.tree
        against = [*own.blockers]
        if strategy.is_carried_out:
            against += self._deadlocks(found)
            if tree.root_id in self._rings:
                against.append(sent_each_other(self._rings[tree.root_id]))
        return Unit(
            root_id=tree.root_id,
            is_entity=tree.is_entity,
            strategy=strategy,
            why=own.choice.why,
            digest=tree.digest,
            members=tree.members,
            live=tree.live,
            events=tree.events,
            size=tree.size,
            actions=_actions(found, strategy),
            steps=tuple(steps(found, strategy)),
            losses=tuple(losses(found, strategy, self.request)),
            blockers=tuple(against),
            ids=dict(sorted(found.ids.items())) if strategy.is_carried_out else {},
        )

    def _is_there(self, signal: DelayedSignal) -> bool:
        records = self.content.messages_to(signal.entity_id)
        return any(request_in(record) == signal.request for record in records)

    # -- events between trees ------------------------------------------------------------------

    def _sent_each_other(self) -> dict[str, list[str]]:
        """Return trees that would have to be placed before each other, with those that have sent to them."""
        request = self.request
        if request.is_exact or request.capabilities.drops_strays is True:
            return {}
        behind = sends_in(self.content).behind
        moved = {}
        for root_id in sorted(cyclic(behind)):
            own = self._own(_only(root_id))
            if request.takes(root_id) and own.is_moved:
                moved[root_id] = own
        waits = {
            root_id: {
                other
                for other in behind[root_id] & moved.keys()
                if moved[other].choice.strategy.sends_again
                and (moved[other].found.is_ended or not own.found.is_ended)
            }
            for root_id, own in moved.items()
        }
        rings = cyclic(waits)
        return {one: sorted(waits[one] & rings) for one in rings}

    # -- locks ---------------------------------------------------------------------------------

    def _note_lock(self, own: _Own, *, is_moved: bool) -> None:
        if own.found.locked_by is not None:
            self._locks[own.found.locked_by][own.found.tree.root_id] = is_moved

    def _deadlocks(self, found: Survey) -> Iterator[str]:
        """Yield why a lock could never be given back: its holder and the entity do not move together."""
        tree = found.tree
        if found.locked_by is not None:
            why = self._stuck(found.locked_by)
            if why:
                yield locked(tree.root_id, found.locked_by, why)
        for holder in sorted(found.inside & self._locks.keys()):
            left = [one for one, is_moved in sorted(self._locks[holder].items()) if not is_moved]
            if left:
                yield locks(holder, left)

    def _stuck(self, holder_id: str) -> str:
        """Return why the holder of a lock does not come along; an empty text if it does."""
        holder = self.content.member(holder_id)
        if holder is None:
            return "" if self.request.is_exact else "which is not in the bundle"
        if not self.request.takes(holder.root_id):
            return "which is not part of the move"
        own = self._own(_only(holder.root_id))
        if holder_id in own.found.over:
            return "" if self.request.is_exact else "which has ended"
        if not own.is_moved:
            return "which is not moved"
        return ""

    # -- sums ----------------------------------------------------------------------------------

    def _count(self, found: Survey, disposition: str, strategy: Strategy | None = None) -> None:
        kind = ENTITIES if found.tree.is_entity else ORCHESTRATIONS
        add = self._balance.add
        add(kind, disposition, found.live + found.ended)
        add(MESSAGES, disposition, found.carried + found.adopted)
        left = "archived" if disposition == "imported" else disposition
        add(MESSAGES, left, found.poison)
        add(MESSAGES, disposition if strategy is Strategy.IMPORT else left, found.stale)
        self._adopted += found.adopted

    def _hidden(self) -> int:
        """Return how many messages were hidden and are explained by nothing; 0 of a hub in use."""
        manifest = self.content.manifest
        if manifest.source.kind != "classic" or not manifest.frozen:
            return 0
        unseen = sum(manifest.source.queues.values()) - manifest.counts.messages_read
        return max(0, unseen - self._explained)


def _only(root_id: str) -> Tree:
    """Return a tree of orchestrations of which nothing but the root is known."""
    return Tree(root_id=root_id, is_entity=False, members=0, live=0, events=0, size=0, digest="")


def _actions(found: Survey, strategy: Strategy) -> int:
    is_entity = found.tree.is_entity
    return moving_actions(
        strategy.value,
        orchestrations=0 if is_entity else found.tree.members,
        recorded=0 if is_entity else found.steps,
        opened=found.opened,
        waiting=found.events,
        entities=int(found.has_state) + found.operations,
    )
