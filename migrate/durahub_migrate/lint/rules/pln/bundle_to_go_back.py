"""PLN009: no bundle to go back with."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import PlanFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.plan_examples import a_plan
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given


class BundleToGoBack(Rule[PlanFacts]):
    """Finds plans whose bundle is gone, damaged, or another one. All of the bundle is read for that.

    Why it matters: the move reads the bundle and nothing else, and the bundle is the state to go back to when
    the target has run on.

    What to do: bring the bundle to where the plan says, or export and plan again.
    """

    code = "PLN009"
    message = "the bundle of the plan cannot be relied on"
    severity = Severity.ERROR
    source = "durahub's own"
    about = (PlanFacts,)
    needs = frozenset({Need.PLAN})
    profiles = MOVING_PROFILES
    bad = (Example("A bundle that is not there", (a_plan(problem="there is no such file"),)),)
    good = (Example("A bundle that was checked", (a_plan(),)),)

    def check(self, fact: PlanFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell what was met."""
        if fact.bundle_problem is not None:
            yield self.at(fact.place, fact.bundle_problem)
