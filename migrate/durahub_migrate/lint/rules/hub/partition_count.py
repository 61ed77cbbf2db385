"""HUB202: queues, rows and ``taskhub.json`` tell different numbers of partitions."""

from collections.abc import Iterator

from durahub.classic.doctor.rules.leases import PARTITIONS, STALE
from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import Diagnosis, HubFacts, HubKind
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_diagnosis
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed, is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


def _bundle(partitions: int, **others: int) -> HubFacts:
    queues = {"orders-control-00": 0, "orders-control-01": 0, "orders-workitems": 0}
    return a_hub(kind=HubKind.BUNDLE, partitions=partitions, queues=queues, **others)


class PartitionCount(Rule[HubFacts | Diagnosis]):
    """Finds hubs whose control queues are not as many as their partitions.

    Why it matters: an instance's partition is the hash of its ID modulo the number of partitions.
    Where queues, Partitions rows and ``taskhub.json`` tell different numbers, some messages go into
    a queue that nobody reads, and others into that of a worker that does not have the instance.

    What to do: set the same ``partitionCount`` in every app that uses the hub, and start one of
    them: it makes queues that are missing. The number of a hub cannot be changed later; for another
    one take another hub name.
    """

    code = "HUB202"
    message = "the hub's control queues are not as many as its partitions"
    severity = Severity.ERROR
    source = "DurableTask.AzureStorage, taskhub.json and AzureStorageOrchestrationService.cs"
    about = (HubFacts, Diagnosis)
    needs = frozenset({Need.HUB, Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example("A bundle of a hub with a queue too few", (_bundle(4),)),
        Example("A bundle whose taskhub.json tells more", (_bundle(2, task_hub_json=16),)),
        Example(
            "A queue is missing",
            (
                a_diagnosis(
                    PARTITIONS, "there is no queue orders-control-03", key="", kind=PlaceKind.HUB
                ),
            ),
        ),
        Example(
            "taskhub.json tells another number",
            (a_diagnosis(PARTITIONS, "4 queues, 16 by taskhub.json", key="", kind=PlaceKind.HUB),),
        ),
    )
    good = (
        Example("A bundle of a hub with two", (_bundle(2, task_hub_json=2),)),
        Example("A SQLite file: it has no partitions", (a_hub(kind=HubKind.SCHEDULER),)),
        Example(
            "A lease that has run out: another rule's",
            (
                a_diagnosis(
                    STALE,
                    "worker-1, ended 2026-10-31T12:00:00Z",
                    key="orders-control-00",
                    kind=PlaceKind.LEASE,
                ),
            ),
        ),
    )

    def check(self, fact: HubFacts | Diagnosis, given: Given) -> Iterator[Finding]:
        """Ask the doctor, or count the queues that a bundle names."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)
            return
        control = sum("-control-" in queue for queue in fact.queues)
        if is_for_the_doctor(given) or not control:
            return
        if control != fact.partitions:
            said = f"{control} control queues, {fact.partitions} partitions"
            yield self.at(fact.place, said, discriminator="queues")
        if fact.task_hub_json not in (None, fact.partitions):
            said = f"{fact.partitions} partitions, {fact.task_hub_json} by taskhub.json"
            yield self.at(fact.place, said, discriminator="taskhub.json")
