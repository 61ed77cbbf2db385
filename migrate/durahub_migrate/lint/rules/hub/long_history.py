"""HUB208: a history that is long or large."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import began, raised
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

MIB = 1_048_576


class LongHistory(Rule[InstanceFacts]):
    """Finds instances with more than 10,000 events, or more than 20 MiB of rows.

    Why it matters: a worker that has not got the instance in memory reads the whole history before
    it can go on, and replays all of it. That takes seconds to minutes, again and again, and more
    with every event. A move takes as long for it as for thousands of others.

    What to do: end a loop with continue-as-new after some hundreds of rounds, and give large
    fan-outs to sub-orchestrations. Of instances that have ended only the purge is left to do.
    """

    code = "HUB208"
    message = "the history is very long or large"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Durable Functions documentation, performance and scale"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example("10,001 events", (an_instance(history=[*began(), *[raised("tick")] * 9_998]),)),
        Example("A few events of 21 MiB", (an_instance(history=began(), stored_bytes=21 * MIB),)),
    )
    good = (
        Example("10,000 events", (an_instance(history=[*began(), *[raised("tick")] * 9_997]),)),
        Example("20 MiB", (an_instance(history=began(), stored_bytes=20 * MIB),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Count events and bytes; both are configurable."""
        limits = given.thresholds
        events, size = len(fact.history), fact.stored_bytes
        if events > limits.history_events or size > limits.history_bytes:
            most = f"{limits.history_events:,} events or {limits.history_bytes / MIB:.0f} MiB"
            said = f"{events:,} events, {size / MIB:.1f} MiB in storage; {most} are much"
            yield self.at(fact.place, said)
