"""HUB201: parts of a hub that are not there."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

WHOLE = {
    "table ordersInstances": True,
    "table ordersHistory": True,
    "table ordersPartitions": True,
    "queue orders-workitems": True,
    "queue orders-control-00": True,
    "container orders-applease": True,
    "container orders-leases": False,
    "container orders-largemessages": False,
}


class MissingParts(Rule[HubFacts]):
    """Finds hubs of which tables or queues are missing.

    Why it matters: a task hub is two tables, a queue for activities, a queue for each partition,
    and a table or container that says who holds a partition. A hub that was deleted half-way, or
    created half-way, loses messages: what stands in one part points to what is no longer in the
    other.

    What to do: if the hub was to be deleted, delete the rest. If not, stop the apps, find out what
    deleted the part, and start the hub under a new name; instances whose history is gone cannot be
    brought back.

    When to ignore it: for a moment while an app makes a new hub. The container of large messages,
    and the container of leases beside a Partitions table, are made only when they are needed: they
    are not counted.
    """

    code = "HUB201"
    message = "a part of the hub is missing"
    severity = Severity.ERROR
    source = "azure-functions-durable-extension issues 558 and 1564"
    about = (HubFacts,)
    needs = frozenset({Need.STORAGE})
    profiles = OF_HUBS
    bad = (
        Example("No History table", (a_hub(parts={**WHOLE, "table ordersHistory": False}),)),
        Example(
            "No queue of activities", (a_hub(parts={**WHOLE, "queue orders-workitems": False}),)
        ),
        Example(
            "Neither a Partitions table nor a container of leases",
            (a_hub(parts={**WHOLE, "table ordersPartitions": False}),),
        ),
    )
    good = (
        Example("A hub with a Partitions table, nothing large in it", (a_hub(parts=WHOLE),)),
        Example(
            "A hub with a container of leases instead",
            (
                a_hub(
                    parts={
                        **WHOLE,
                        "table ordersPartitions": False,
                        "container orders-leases": True,
                    }
                ),
            ),
        ),
        Example(
            "A control queue that is missing: the rule about the number of partitions tells it",
            (a_hub(parts={**WHOLE, "queue orders-control-01": False}),),
        ),
    )

    def check(self, fact: HubFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at what every hub has; parts of a service that did not answer are not told."""
        for part, is_there in fact.parts.items():
            if not is_there and part.endswith(("Instances", "History", "-workitems")):
                yield self.at(fact.place, f"there is no {part}", discriminator=_kind(part))
        holders = {
            part: is_there
            for part, is_there in fact.parts.items()
            if part.endswith(("Partitions", "-leases"))
        }
        if len(holders) > 1 and not any(holders.values()):
            said = "there is neither " + " nor ".join(holders)
            yield self.at(fact.place, said, discriminator="leases")


def _kind(part: str) -> str:
    endings = ("Instances", "History", "-workitems")
    return next(ending for ending in endings if part.endswith(ending)).strip("-")
