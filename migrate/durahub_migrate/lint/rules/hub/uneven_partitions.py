"""HUB214: instances that are spread unevenly over the partitions."""

from collections.abc import Iterable, Iterator

from durahub.classic.routing import control_index
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given, Thresholds

_FEW = Given(now=EXAMPLE_TIME, thresholds=Thresholds(uneven_from=8))
_ALL = [an_instance(f"order-{number}") for number in range(200)]
_FIRST = [one for one in _ALL if control_index(one.instance_id, 4) == 0]
_OTHERS = [one for one in _ALL if control_index(one.instance_id, 4) == 1]


class UnevenPartitions(SummingRule[InstanceFacts]):
    """Finds hubs in which one partition has far more live instances than the others.

    Why it matters: the instances of a partition are run by one worker at a time. A hub drains as
    slowly as its fullest partition, so an estimate by the number of instances alone is too short.

    What to do: reckon with the fullest partition when you plan how long draining takes. IDs that
    differ in more than a few characters spread better; entities with a key for everybody do not
    spread at all.

    When to ignore it: where the hub is not drained, and is fast enough.
    """

    code = "HUB214"
    message = "live instances are spread unevenly over the partitions"
    severity = Severity.INFO
    source = "DurableTask.AzureStorage, Fnv1aHashHelper.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.STORAGE, Need.INSTANCES})
    profiles = WHEN_MOVING
    bad = (Example("All in one of four partitions", (a_hub(partitions=4), *_FIRST[:8]), _FEW),)
    good = (
        Example("As the hash spreads them", (a_hub(partitions=4), *_ALL)),
        Example(
            "In two of four partitions: twice as many as evenly",
            (a_hub(partitions=4), *_FIRST[:8], *_OTHERS[:8]),
            _FEW,
        ),
        Example("Too few to tell", (a_hub(partitions=4), *_FIRST[:7]), _FEW),
        Example("A hub of one partition", (a_hub(partitions=1), *_FIRST[:8]), _FEW),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        """Count live instances by partition; what has ended costs no time."""
        if given.hub is not None and fact.row is not None and not fact.is_terminal:
            yield f"{control_index(fact.instance_id, given.hub.partitions):02d}", 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Compare the fullest partition with what each would have if all had as many."""
        counts, hub, limits = dict(sums), given.hub, given.thresholds
        if hub is None or hub.partitions < 2 or sum(counts.values()) < limits.uneven_from:
            return
        fullest = max(counts, key=lambda name: counts[name])
        evenly = sum(counts.values()) / hub.partitions
        if counts[fullest] > limits.uneven * evenly:
            said = f"partition {fullest} has {counts[fullest]:,} live instances, evenly it were {evenly:,.0f}"
            yield self.at(hub.place, said)
