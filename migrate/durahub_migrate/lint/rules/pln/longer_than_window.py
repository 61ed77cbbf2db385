"""PLN008: a move that takes longer than the hub may stand still."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.plans import PlanFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.plan_examples import a_plan
from durahub_migrate.lint.rule import EXAMPLE_TIME, MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given, Target
from durahub_migrate.moving.plan import PlanEnd

_TEN_A_SECOND = Given(now=EXAMPLE_TIME, target=Target(actions_per_second=10.0))


class LongerThanWindow(Rule[PlanFacts]):
    """Estimates how long a move takes at the rate that is said, and compares it with the window.

    Why it matters: the app stands still while its hub is moved. A move that is not over when it has to be
    is stopped in the middle.

    What to do: purge what nobody needs, let more of it drain (``--drain``), move in parts (``--only``), or
    ask for more throughput for that day. The window is the threshold ``move-window-hours``.
    """

    code = "PLN008"
    message = "the move takes longer than the window"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "durahub's own"
    about = (PlanFacts,)
    needs = frozenset({Need.PLAN, Need.LOAD})
    profiles = MOVING_PROFILES
    bad = (
        Example(
            "A million actions at ten a second, in four hours",
            (a_plan(end=PlanEnd(actions=1_000_000)),),
            _TEN_A_SECOND,
        ),
    )
    good = (
        Example(
            "A hundred thousand actions at ten a second",
            (a_plan(end=PlanEnd(actions=100_000)),),
            _TEN_A_SECOND,
        ),
    )

    def check(self, fact: PlanFacts, given: Given) -> Iterator[Finding]:
        """Divide."""
        rate = given.target.actions_per_second
        if not rate:
            return
        hours = fact.end.actions / rate / 3600
        if hours > given.thresholds.move_window_hours:
            said = f"{fact.end.actions:,} actions at {rate:g} a second take {hours:,.1f} hours"
            yield self.at(fact.place, said)
