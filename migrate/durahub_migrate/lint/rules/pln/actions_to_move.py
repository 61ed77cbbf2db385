"""PLN010: what the move costs in actions."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import PlanFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.plan_examples import a_plan
from durahub_migrate.lint.rule import EXAMPLE_TIME, MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given, Target
from durahub_migrate.moving.plan import PlanEnd

_ON = {
    "consumption": "which the Consumption SKU bills",
    "dedicated": "which take of the capacity of the Dedicated SKU",
}


class ActionsToMove(Rule[PlanFacts]):
    """Tells how many actions the move takes of the scheduler.

    Why it matters: the Consumption SKU bills each action. On the Dedicated SKU they are paid for with its
    capacity, which apps on the same scheduler share.

    What to do: nothing, if you have reckoned with it. What has ended costs nothing while it is archived.
    """

    code = "PLN010"
    message = "the move takes actions of the scheduler"
    severity = Severity.INFO
    confidence = Confidence.LOW
    source = "Durable Task Scheduler documentation, billing"
    about = (PlanFacts,)
    needs = frozenset({Need.PLAN, Need.TARGET_SKU})
    profiles = MOVING_PROFILES
    bad = (
        Example(
            "1,200 actions on the consumption plan",
            (a_plan(end=PlanEnd(actions=1_200)),),
            Given(now=EXAMPLE_TIME, target=Target(sku="consumption")),
        ),
    )
    good = (
        Example(
            "A move that needs none",
            (a_plan(),),
            Given(now=EXAMPLE_TIME, target=Target(sku="consumption")),
        ),
    )

    def check(self, fact: PlanFacts, given: Given) -> Iterator[Finding]:
        """Tell the number."""
        if fact.end.actions:
            sku = _ON.get(given.target.sku or "", "")
            said = f"{fact.end.actions:,} actions{', ' if sku else ''}{sku}"
            yield self.at(fact.place, said)
