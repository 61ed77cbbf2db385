"""CFG115: a hub that no app lease guards."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.app_names import filled
from durahub_migrate.lint.target import Given


class UnguardedHub(JoiningRule[AppFacts]):
    """Finds apps on Azure Storage without an app lease, and several apps with one hub name.

    Why it matters: the app lease lets one app at a time work on a hub. A migration holds it, so that no
    worker starts while the hub is copied; an app with ``"useAppLease": false`` does not ask for it and goes
    on. Apps that share a hub take each other's messages, and each has only its own functions.

    What to do: remove ``useAppLease`` before the migration, or make sure that the app is stopped and stays
    so. Give each app a hub of its own.

    When to ignore it: apps with one hub name have storage accounts of their own.
    """

    code = "CFG115"
    message = "the app lease does not guard the hub"
    severity = Severity.WARNING
    source = (
        "DurableTask.AzureStorage, AppLeaseManager.cs; Durable Functions documentation, task hubs"
    )
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    profiles = frozenset({"recommended", "migrate", "strict"})
    bad = (
        Example('`"useAppLease": false`', (an_app({"useAppLease": False}),)),
        Example(
            "Two apps, one hub", (an_app({"hubName": "orders"}), an_app({"hubName": "Orders"}))
        ),
    )
    good = (
        Example('`"useAppLease": true`, the default', (an_app({"useAppLease": True}),)),
        Example(
            "Two apps, two hubs", (an_app({"hubName": "orders"}), an_app({"hubName": "bills"}))
        ),
        Example(
            "Two connections",
            (
                an_app({"hubName": "orders", "storageProvider": {"connectionName": "One"}}),
                an_app({"hubName": "orders", "storageProvider": {"connectionName": "Two"}}),
            ),
        ),
        Example("On the scheduler: CFG104 has it", (a_scheduler_app({"useAppLease": False}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the switch."""
        entry = fact.get("useAppLease")
        if fact.provider == CLASSIC and entry is not None and entry.is_false:
            yield self.at(
                entry.place, "the app takes no app lease: one that is held does not stop it"
            )

    def observe(self, fact: AppFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note which hubs an app may use, by the connection's name and the hub's."""
        name = fact.get("hubName")
        if fact.provider != CLASSIC or name is None:
            return
        connection = fact.stored("connectionName") or fact.stored("connectionStringName")
        by = (connection.text if connection is not None else "Storage").lower()
        for hub in sorted(filled(name.text, fact.settings)):
            yield Observation(f"{by} {hub.lower()}", fact.folder, name.place)

    def conclude(
        self,
        group: str,
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Judge hubs with more than one app."""
        places = [one.place for one in seen]
        hub = group.partition(" ")[2]
        for place in places[1:]:
            said = f"the hub {hub} is that of {places[0].source}, too"
            yield self.at(place, said, head=hub, discriminator=f"{hub} {places[0].source}")
