"""HUB204: apps that share a hub, one of which its app lease keeps from starting."""

from collections.abc import Iterator

from durahub.classic.doctor.rules.leases import APP_LEASE, STALE
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


class AppLease(Rule[HubFacts | Diagnosis]):
    """Finds hubs that two apps want, or whose app lease somebody holds for good.

    Why it matters: two apps, or two slots of one, with the same hub name take each other's
    messages, and fail on functions that they do not have. The app lease lets only one of them work;
    the other waits. A lease without end keeps every other app out, also a new version under another
    name.

    What to do: give each app and each slot a hub name of its own. If the app that holds the lease
    is gone, break the lease of the hub's ``-applease`` container.

    When to ignore it: while one app hands over to its successor on purpose.
    """

    code = "HUB204"
    message = "two apps want the hub, or its app lease has no end"
    severity = Severity.WARNING
    source = "Durable Functions documentation, disaster recovery and task hubs; AppLeaseManager.cs"
    about = (HubFacts, Diagnosis)
    needs = frozenset({Need.HUB})
    profiles = OF_HUBS
    bad = (
        Example(
            "Another app waits for the lease",
            (
                a_diagnosis(
                    APP_LEASE,
                    "held by app-one, asked for by app-two",
                    key="orders-applease",
                    kind=PlaceKind.LEASE,
                ),
            ),
        ),
        Example(
            "A bundle names two apps",
            (a_hub(kind=HubKind.BUNDLE, apps=("app-one", "app-two")),),
        ),
    )
    good = (
        Example("A bundle names one app", (a_hub(kind=HubKind.BUNDLE, apps=("app-one",)),)),
        Example(
            "A partition's lease has run out: another rule's",
            (a_diagnosis(STALE, "worker-1", key="orders-control-00", kind=PlaceKind.LEASE),),
        ),
    )

    def check(self, fact: HubFacts | Diagnosis, given: Given) -> Iterator[Finding]:
        """Ask the doctor, or count the apps that a bundle names."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)
        elif len(fact.apps) > 1 and not is_for_the_doctor(given):
            yield self.at(fact.place, f"lease info names {' and '.join(fact.apps)}")
