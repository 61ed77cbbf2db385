"""PLN001: a tree without a way to the target."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import UnitFacts
from durahub_migrate.lint.finding import Finding, Severity, head_of
from durahub_migrate.lint.plan_examples import PROBED, STORE, a_unit
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.moving.strategy import Strategy


class NotPermitted(Rule[UnitFacts]):
    """Finds trees of a plan that are blocked, or whose strategy the target does not have.

    Why it matters: a blocked tree stays where it is, and its work stops with the old hub. A strategy that the
    target does not have fails when the plan is applied; work in flight that is only archived never
    goes on.

    What to do: do what the plan names as blocking: map the ID, release the lock, make the payload
    smaller. Or let the tree end on the old hub (``durahub plan --drain``), or leave it out on purpose
    (``--skip``). Then plan again.
    """

    code = "PLN001"
    message = "a tree of the plan has no way to the target"
    severity = Severity.ERROR
    source = "the decision table of durahub plan"
    about = (UnitFacts,)
    needs = frozenset({Need.PLAN})
    profiles = MOVING_PROFILES
    bad = (
        Example("An ID that the target refuses", (a_unit(blockers=("it refuses the ID",)),)),
        Example("A backend write that no probe has seen", (a_unit(strategy=Strategy.BACKEND),)),
        Example("Work in flight that is only archived", (a_unit(strategy=Strategy.ARCHIVE),)),
        Example("A ghost replay to a scheduler store", (a_unit(capabilities=STORE),)),
    )
    good = (
        Example("A ghost replay to an endpoint", (a_unit(),)),
        Example(
            "A backend write that a probe has seen",
            (a_unit(strategy=Strategy.BACKEND, capabilities=PROBED),),
        ),
        Example("What has ended, archived", (a_unit(strategy=Strategy.ARCHIVE, live=0),)),
        Example(
            "An entity without state, archived",
            (a_unit("@cart@7", Strategy.ARCHIVE),),
        ),
        Example("What drains", (a_unit(strategy=Strategy.DRAIN),)),
    )

    def check(self, fact: UnitFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at blockers, then at what the target takes."""
        unit = fact.unit
        if unit.blockers:
            yield self.at(fact.place, f"it is blocked: {head_of(unit.blockers[0])}")
        elif unit.strategy is Strategy.ARCHIVE and unit.live and not unit.is_entity:
            yield self.at(fact.place, f"it is archived, and has not ended: {unit.live} live")
        elif not _takes(fact.head.capabilities, unit.strategy):
            yield self.at(
                fact.place, f"the target is not known to take strategy {unit.strategy.value}"
            )


def _takes(can: Capabilities, strategy: Strategy) -> bool:
    if not strategy.is_carried_out:
        return True
    if can.kind is not PlaceKind.ENDPOINT:
        return strategy is Strategy.IMPORT
    known = {
        Strategy.RECREATE: True,
        Strategy.GHOST: can.ghost is True,
        Strategy.REWIND: can.rewind_history is True,
        Strategy.BACKEND: can.backend is True,
    }
    return known.get(strategy, False)
