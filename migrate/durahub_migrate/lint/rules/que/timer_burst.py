"""QUE610: more timers in one minute than the scheduler can dispatch with ease."""

from collections.abc import Iterable, Iterator

from durahub.model.ticks import PER_SECOND, Ticks, to_text
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.open_work import dues
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import ago, began, timer
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given, Target

MINUTE = 60  # seconds
OVERDUE = "at once"
PER_UNIT, CONSUMPTION = 2_000, 500  # actions a second

_SLOW = Given(now=EXAMPLE_TIME, target=Target(actions_per_second=0.1))


def _timers(count: int, due: Ticks) -> list[InstanceFacts]:
    return [an_instance(f"order-{n}", history=began(timer(due))) for n in range(count)]


class TimerBurst(SummingRule[InstanceFacts]):
    """Finds minutes in which so many timers and starts are due that the scheduler may throttle.

    Why it matters: a scheduler takes 2,000 actions a second for each unit, on the Consumption plan
    500. A timer that fires is one action, what the orchestration then does are more. Timers that
    are overdue when the hub goes over all fire at once.

    What to do: move at a time when few are due, or in slices; spread timers that all fire at
    midnight by some minutes. More units for the time of the move help too.
    """

    code = "QUE610"
    message = "very many timers are due at once"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "Durable Task Scheduler documentation, throughput; samples issue 364"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY, Need.TARGET_SKU})
    profiles = WHEN_MOVING
    bad = (
        Example(
            "4 timers in a minute, at 6 actions a minute", (a_hub(), *_timers(4, ago(-90))), _SLOW
        ),
        Example("4 that are overdue", (a_hub(), *_timers(4, ago(3_600))), _SLOW),
    )
    good = (
        Example("3 timers in a minute", (a_hub(), *_timers(3, ago(-90))), _SLOW),
        Example(
            "4 in two minutes", (a_hub(), *_timers(2, ago(-90)), *_timers(2, ago(-150))), _SLOW
        ),
        Example(
            "4 in a minute on the Consumption plan",
            (a_hub(), *_timers(4, ago(-90))),
            Given(now=EXAMPLE_TIME, target=Target(sku="consumption")),
        ),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        """Count what is due by minute."""
        for due, _ in dues(fact):
            if due <= given.read_at:
                yield OVERDUE, 1
            else:
                yield to_text(Ticks(due - due % (MINUTE * PER_SECOND))), 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Tell the minutes with too many."""
        rate = _rate(given)
        if rate is None or given.hub is None:
            return
        most = rate * MINUTE * given.thresholds.timers_share
        for minute, count in sums:
            if count > most:
                when = "overdue" if minute == OVERDUE else f"due in the minute from {minute}"
                said = f"{count:,} timers and starts are {when}; {most:,.0f} a minute are much"
                yield self.at(given.hub.place, said, discriminator=minute)


def _rate(given: Given) -> float | None:
    """Return how many actions a second the target takes, ``None`` if nobody said."""
    target = given.target
    if target.actions_per_second is not None:
        return target.actions_per_second
    if target.sku is None:
        return None
    return CONSUMPTION if target.sku == "consumption" else PER_UNIT * (target.capacity or 1)
