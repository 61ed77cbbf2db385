"""CFG121: a partition count that is not the hub's."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.rules.cfg.hub_of_app import joined, of_app, of_hub
from durahub_migrate.lint.target import Given

_EIGHT = {"hubName": "orders", "storageProvider": {"partitionCount": 8}}


class OtherPartitionCount(JoiningRule[AppFacts | HubFacts]):
    """Finds apps whose ``partitionCount`` is another than that of their hub.

    Why it matters: an app sends messages by its own number, and at its start gives the hub the partitions
    that are missing. From then on an instance may belong to another queue than its messages lie in, and two
    workers may take it at once. With fewer partitions the queues above are served for a while, but nothing
    new goes there.

    What to do: set the number that the hub has. To have another, start a new hub, or wait until the hub is
    empty.
    """

    code = "CFG121"
    message = "partitionCount is not that of the hub"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, TablePartitionManager.cs and BlobPartitionLeaseManager.cs"
    about = (AppFacts, HubFacts)
    needs = frozenset({Need.APP_FILES, Need.STORAGE})
    profiles = frozenset({"recommended", "migrate", "strict"})
    bad = (
        Example("8 in host.json, 4 in the hub", (an_app(_EIGHT), a_hub(task_hub_json=4))),
        Example("8 in host.json, 4 in the hub's table", (an_app(_EIGHT), a_hub(partitions=4))),
    )
    good = (
        Example("8 in both", (an_app(_EIGHT), a_hub(task_hub_json=8))),
        Example("8 in host.json and in the hub's table", (an_app(_EIGHT), a_hub(partitions=8))),
        Example("Another hub", (an_app(_EIGHT), a_hub(name="bills", task_hub_json=4))),
        Example("The default of 4", (an_app({"hubName": "orders"}), a_hub(task_hub_json=4))),
    )

    def observe(self, fact: AppFacts | HubFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note the number of each side."""
        if isinstance(fact, HubFacts):
            stored = fact.task_hub_json  # with the table manager there is none
            yield of_hub(fact, partitions=fact.partitions if stored is None else stored)
            return
        entry = fact.stored("partitionCount")
        if fact.provider == CLASSIC and entry is not None and entry.number is not None:
            yield of_app(fact, place=entry.place, partitions=entry.number)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Compare."""
        for one in joined(seen):
            said, has = one.app["partitions"], one.hub_note["partitions"]
            if said != has:
                detail = f"partitionCount is {said}, and hub {one.hub} has {has} partitions"
                yield self.at(one.place, detail, head=said, discriminator=one.hub)
