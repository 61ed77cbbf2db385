"""HUB226: a hub that grows, for nothing is purged."""

from collections.abc import Iterable, Iterator

from durahub.model.ticks import seconds_between
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import DAY, ago
from durahub_migrate.lint.rule import Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

MONTH = 30  # days
GIB = 1_073_741_824

_LARGE = an_instance(status="Completed", row={"completed": ago(10 * DAY)}, stored_bytes=GIB)
_OLD = an_instance("order-1", status="Completed", row={"completed": ago(31 * DAY)})


class Growth(SummingRule[InstanceFacts]):
    """Finds hubs that keep what has ended, and get much more of it.

    Why it matters: every instance that ends leaves its rows. If a GiB or more of them comes in 30
    days and older ones are still there, nothing purges the hub, and its cost and the time of every
    query grow with it. After a move the same load meets the scheduler's storage and its retention.

    What to do: decide how long results are needed, and purge what is older: ``durahub retention
    plan`` tells how much that is.

    When to ignore it: the number counts instances that ended in the last 30 days and are still
    there. After a rare peak it says nothing of the next month.
    """

    code = "HUB226"
    message = "the hub grows by what has ended, and nothing is purged"
    severity = Severity.INFO
    confidence = Confidence.LOW
    source = "ours"
    about = (InstanceFacts,)
    needs = frozenset({Need.STORAGE, Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (Example("A GiB in a month, and older ones are there", (a_hub(), _LARGE, _OLD)),)
    good = (
        Example("A GiB in a month, and nothing older: it is purged", (a_hub(), _LARGE)),
        Example("Old ones, and little that is new", (a_hub(), _OLD)),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        """Weigh those that ended within 30 days, and count those from before."""
        ended = fact.row.completed or fact.row.last_updated if fact.row is not None else None
        if not fact.is_terminal or ended is None:
            return
        if seconds_between(ended, given.read_at) > MONTH * DAY:
            yield "older", 1
        else:
            yield "bytes", fact.stored_bytes
            yield "instances", 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Tell how much came in 30 days, if it is much."""
        found = dict(sums)
        size = found.get("bytes", 0)
        if found.get("older") and size >= given.thresholds.growth_bytes and given.hub is not None:
            said = (
                f"{found['instances']:,} instances ended in {MONTH} days and take {size / GIB:.1f} GiB; "
                f"{found['older']:,} older ones are still there"
            )
            yield self.at(given.hub.place, said)
