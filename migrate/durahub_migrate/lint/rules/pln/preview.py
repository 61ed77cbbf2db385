"""PLN006: a plan of a hub that goes on."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import PlanFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.plan_examples import a_plan
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.moving.settings import MoveSettings


class Preview(Rule[PlanFacts]):
    """Finds plans of a hub that was in use while it was read.

    Why it matters: what the app has done since is not in the plan. An activity that has run since would run
    again at the target, and a result that has come since would be missing there.

    What to do: stop the app, ``durahub hub freeze``, then export and plan again. Until then the plan is a
    preview.

    When to ignore it: the plan is only to be looked at.
    """

    code = "PLN006"
    message = "the source may have changed since it was read"
    severity = Severity.ERROR
    source = "durahub's own"
    about = (PlanFacts,)
    needs = frozenset({Need.PLAN})
    profiles = MOVING_PROFILES
    bad = (
        Example("A hub in use", (a_plan(frozen=False),)),
        Example(
            "A hub in use, which may be moved all the same: a warning",
            (a_plan(frozen=False, settings=MoveSettings(allow_unfrozen=True)),),
        ),
    )
    good = (Example("A frozen hub", (a_plan(),)),)

    def check(self, fact: PlanFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Ask the plan."""
        if not fact.head.frozen:
            allowed = fact.head.settings.allow_unfrozen
            severity = Severity.WARNING if allowed else None
            yield self.at(fact.place, "the hub was in use while it was read", severity=severity)
