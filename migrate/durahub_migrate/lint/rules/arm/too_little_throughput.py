"""ARM912: more load than half of what the scheduler takes."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import SCHEDULER, TemplateFacts
from durahub_migrate.lint.files.computed import known, text_of
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.rule import EXAMPLE_TIME, SCHEDULER_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given, Target
from durahub_migrate.lint.template_examples import in_bicep, scheduler

OF_A_UNIT = 2_000  # actions a second
OF_CONSUMPTION = 500


def _hub(**target: object) -> Example:
    given = Given(now=EXAMPLE_TIME, target=Target(**target))  # type: ignore[arg-type]
    return Example(
        ", ".join(f"{name} {value}" for name, value in target.items()), (a_hub(),), given
    )


class TooLittleThroughput(Rule[TemplateFacts | HubFacts]):
    """Finds schedulers that would be loaded by more than half.

    Why it matters: a capacity unit of a dedicated scheduler takes 2,000 actions in a second, the
    consumption plan 500. Users see latencies rise from half of that on. An action is every message that is
    dispatched: a start, an activity and its result count three, timers, events and entity operations one
    each.

    What to do: add capacity units, take a dedicated scheduler, or spread hubs over several. Measure the
    load on the hub that is there now: ``lint.target.actions-per-second`` is what you expect at peak times.
    """

    code = "ARM912"
    message = "expected load is more than half of the scheduler's throughput"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Durable Task Scheduler documentation, throughput; Durable-Task-Scheduler#364"
    about = (TemplateFacts, HubFacts)
    needs = frozenset({Need.LOAD})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep(
            "251 actions a second on the consumption plan", scheduler(), actions_per_second=251
        ),
        in_bicep(
            "1,001 on one unit",
            scheduler(sku="{ name: 'Dedicated', capacity: 1 }"),
            actions_per_second=1_001,
        ),
        _hub(actions_per_second=2_500.0, sku="dedicated", capacity=2),
    )
    good = (
        in_bicep("250 on the consumption plan", scheduler(), actions_per_second=250),
        in_bicep(
            "1,001 on two units",
            scheduler(sku="{ name: 'Dedicated', capacity: 2 }"),
            actions_per_second=1_001,
        ),
        _hub(actions_per_second=2_500.0, sku="dedicated", capacity=3),
        _hub(actions_per_second=2_500.0),
    )

    def check(self, fact: TemplateFacts | HubFacts, given: Given) -> Iterator[Finding]:
        """Take the schedulers of a template, or for a hub the one that the settings describe."""
        target, load = given.target, given.target.actions_per_second or 0.0
        schedulers: list[tuple[Place, str, object]] = []
        if isinstance(fact, HubFacts):
            schedulers.append((fact.place, target.sku or "", target.capacity))
        else:
            for one in fact.of_kind(SCHEDULER):
                sku = text_of(one.look("properties.sku.name")) or ""
                units = known(one.look("properties.sku.capacity"))
                place = one.place(one.look("properties.sku"), "properties.sku")
                schedulers.append((place, sku, units))
        for place, sku, units in schedulers:
            throughput = _throughput(sku, units)
            if throughput is not None and load > throughput * given.thresholds.load_share:
                said = f"{load:g} actions a second are expected, {throughput} is all that it takes"
                yield self.at(place, said)


def _throughput(sku: str, units: object) -> int | None:
    """Return actions a second, ``None`` if the SKU or its capacity is not known."""
    if sku.lower() == "consumption":
        return OF_CONSUMPTION
    if sku.lower() == "dedicated" and type(units) is int:
        return units * OF_A_UNIT
    return None
