"""PLN002: a tree of which only a part is in the plan."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import UnitFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.plan_examples import a_unit
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.target import Given
from durahub_migrate.moving.strategy import Strategy


class SplitTree(JoiningRule[UnitFacts]):
    """Finds trees that a plan does not move as one.

    Why it matters: a parent that is moved without its child waits for ever, and a child that is moved without
    its parent tells its result to nobody. One tree in two units would be there twice.

    What to do: make the plan again, of the bundle as it is: ``durahub plan`` keeps trees together.
    """

    code = "PLN002"
    message = "a tree is split in the plan"
    severity = Severity.ERROR
    source = "the decision table of durahub plan"
    about = (UnitFacts,)
    needs = frozenset({Need.PLAN})
    profiles = MOVING_PROFILES
    bad = (
        Example("Three of a tree of four", (a_unit(members=3, in_bundle=4),)),
        Example(
            "A tree that drains and is replayed",
            (a_unit(), a_unit(strategy=Strategy.DRAIN)),
        ),
    )
    good = (
        Example("All of a tree", (a_unit(members=4, in_bundle=4),)),
        Example("Two trees", (a_unit(), a_unit("order-8", Strategy.DRAIN))),
    )

    def check(self, fact: UnitFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare with the bundle."""
        if fact.members is not None and fact.members != fact.unit.members:
            said = f"members in the plan: {fact.unit.members}; in the bundle: {fact.members}"
            yield self.at(fact.place, said)

    def observe(self, fact: UnitFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note its strategy by its root."""
        yield Observation(
            f"{fact.place.source}\n{fact.unit.root_id}", fact.unit.strategy.value, fact.place
        )

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Name a root that stands there more than once."""
        found = list(seen)
        if len(found) > 1:
            letters = ", ".join(one.value for one in found)
            yield self.at(found[0].place, f"it is in the plan {len(found)} times: {letters}")
