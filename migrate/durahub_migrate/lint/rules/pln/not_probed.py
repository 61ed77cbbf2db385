"""PLN005: undocumented ways without a fresh probe."""

from collections.abc import Iterator

from durahub.model.ticks import PER_SECOND, parse
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import PlanFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.plan_examples import PROBED, a_plan
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.moving.plan import PlanEnd
from durahub_migrate.moving.strategy import Strategy

UNDOCUMENTED = (Strategy.REWIND, Strategy.BACKEND)
OLD_DAYS = 30
_DAY = 86_400 * PER_SECOND


class NotProbed(Rule[PlanFacts]):
    """Finds plans that rely on what is not documented of the target, and was not tried lately.

    Why it matters: a rewind that takes a whole history over, and writes through the backend service, work as
    Microsoft's own programs need them. Nothing promises that they do tomorrow. What fails in the middle
    of a move has to be withdrawn.

    What to do: plan again with ``--probe``, which tries the target on scratch instances, shortly before the
    move. Or do without: ghost replay needs public calls alone.
    """

    code = "PLN005"
    message = "the plan relies on what the target was not seen to do lately"
    severity = Severity.ERROR
    source = "durabletask-protobuf, backend_service.proto"
    about = (PlanFacts,)
    needs = frozenset({Need.PLAN})
    profiles = MOVING_PROFILES
    bad = (
        Example("Backend writes without a probe", (a_plan(end=PlanEnd(units={"b4": 3})),)),
        Example(
            "A probe of last year",
            (
                a_plan(
                    PROBED.__class__(
                        kind=PROBED.kind, probed=True, probes={"probed": "2025-11-01T12:00:00Z"}
                    ),
                    end=PlanEnd(units={"b3": 1}),
                ),
            ),
        ),
    )
    good = (
        Example("Ghost replay without a probe", (a_plan(end=PlanEnd(units={"b2": 3})),)),
        Example(
            "Backend writes, probed last week", (a_plan(PROBED, end=PlanEnd(units={"b4": 3})),)
        ),
    )

    def check(self, fact: PlanFacts, given: Given) -> Iterator[Finding]:
        """Look at the strategies, then at the probe."""
        used = [one.value for one in UNDOCUMENTED if fact.end.units.get(one.value)]
        can = fact.head.capabilities
        if not used:
            return
        if not can.probed:
            yield self.at(
                fact.place, f"strategies {', '.join(used)} are planned, and nobody has probed"
            )
            return
        try:
            age = (given.now - parse(str(can.probes.get("probed", "")))) / _DAY
        except ValueError:
            return  # nobody has written down when
        if age > OLD_DAYS:
            yield self.at(fact.place, f"the probe is {age:,.0f} days old")
