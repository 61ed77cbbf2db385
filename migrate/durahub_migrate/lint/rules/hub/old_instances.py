"""HUB209: instances that ended long ago and are still there."""

from collections.abc import Iterable, Iterator

from durahub.model.ticks import seconds_between
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import DAY, ago
from durahub_migrate.lint.rule import Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


class OldInstances(SummingRule[InstanceFacts]):
    """Counts instances that ended more than 30 days ago, and what they take.

    Why it matters: nothing deletes them from Azure Storage by itself. They cost storage, make
    queries by status slow, and would be moved, measured and checked with the rest. On the scheduler
    the retention policy may delete them as soon as they arrive.

    What to do: purge them before a move, or keep them in an archive (``durahub export``). Then
    purge regularly, by a timer function or ``durahub retention apply``.

    When to ignore it: where they must be kept and can be queried nowhere else.
    """

    code = "HUB209"
    message = "instances that ended long ago are still there"
    severity = Severity.INFO
    source = "azure-functions-durable-extension issues 17 and 892"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})
    profiles = OF_HUBS
    bad = (
        Example(
            "One that ended 31 days ago",
            (a_hub(), an_instance(status="Completed", row={"completed": ago(31 * DAY)})),
        ),
        Example(
            "One from a time when rows did not say when they ended",
            (a_hub(), an_instance(status="Failed", row={"last_updated": ago(31 * DAY)})),
        ),
    )
    good = (
        Example(
            "One that ended 29 days ago",
            (a_hub(), an_instance(status="Completed", row={"completed": ago(29 * DAY)})),
        ),
        Example(
            "An old one that still runs",
            (a_hub(), an_instance(row={"created": ago(90 * DAY), "last_updated": ago(90 * DAY)})),
        ),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        """Count those that have ended, by the time in their row."""
        if not fact.is_terminal or fact.row is None:
            return
        ended = fact.row.completed or fact.row.last_updated
        days = given.thresholds.old_days
        if ended is not None and seconds_between(ended, given.read_at) > days * DAY:
            yield "bytes", fact.stored_bytes
            yield "instances", 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Tell the number and the bytes, if there are any."""
        found = dict(sums)
        if found and given.hub is not None:
            count, size = found["instances"], found["bytes"] / 1_048_576
            days = given.thresholds.old_days
            said = f"{count:,} instances ended more than {days:g} days ago; their rows take {size:.1f} MiB"
            yield self.at(given.hub.place, said)
