"""PLN003: a lock whose holder does not come along."""

import json
from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import UnitFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.plan_examples import a_unit
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.target import Given
from durahub_migrate.moving.strategy import Strategy


class SplitLock(JoiningRule[UnitFacts]):
    """Finds locked entities that are not moved together with the orchestration that holds the lock.

    Why it matters: a lock is given back by its holder alone. An entity that arrives locked, without it,
    takes no operation any more; a holder that arrives without the entity acts on another one than it has
    locked.

    What to do: let the lock be released on the old hub before it is frozen, or move both; see what the plan
    skips and drains.
    """

    code = "PLN003"
    message = "a lock and its holder do not move together"
    severity = Severity.ERROR
    source = "entities of Durable Functions, critical sections"
    about = (UnitFacts,)
    needs = frozenset({Need.PLAN})
    profiles = MOVING_PROFILES
    bad = (
        Example(
            "The holder drains",
            (a_unit("@cart@7", locked_by="order-7"), a_unit(strategy=Strategy.DRAIN)),
        ),
        Example("The holder is not in the plan", (a_unit("@cart@7", locked_by="order-7"),)),
        Example(
            "The entity is blocked",
            (a_unit("@cart@7", locked_by="order-7", blockers=("it is too large",)), a_unit()),
        ),
    )
    good = (
        Example("Both move", (a_unit("@cart@7", locked_by="order-7"), a_unit())),
        Example(
            "Both stay",
            (
                a_unit("@cart@7", Strategy.DRAIN, locked_by="order-7"),
                a_unit(strategy=Strategy.DRAIN),
            ),
        ),
        Example("An entity that nobody has locked", (a_unit("@cart@7"),)),
    )

    def check(self, fact: UnitFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Yield nothing: one unit alone does not tell."""
        yield from ()

    def observe(self, fact: UnitFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note by the holder's root whether each of the two is moved."""
        unit = fact.unit
        whose = fact.locked_by if unit.is_entity else unit.root_id
        if whose is not None:
            value = json.dumps([unit.is_entity, unit.is_moved])
            yield Observation(f"{fact.place.source}\n{whose}", value, fact.place)

    def conclude(
        self,
        group: str,
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Compare the entities with their holder."""
        holder_moves = False
        entities: list[tuple[bool, Observation]] = []
        for one in seen:
            is_entity, is_moved = json.loads(one.value)
            if is_entity:
                entities.append((is_moved, one))
            else:
                holder_moves = is_moved
        for is_moved, one in entities:
            if is_moved != holder_moves:
                stays = "its holder" if is_moved else "the entity"
                head = group.partition("\n")[2]
                yield self.at(one.place, f"{stays} is not moved", head=head)
