"""CFG116: histories in another account."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.target import Given

_NAMES = (
    "trackingStoreConnectionName",
    "trackingStoreConnectionStringName",
    "trackingStoreNamePrefix",
)


class TrackingStore(Rule[AppFacts]):
    """Finds apps that keep their history tables in another account, or under another name.

    Why it matters: instances and histories are not where the queues and leases are. Whoever reads the hub by
    its connection and name alone finds none: the linter, an export, a copy.

    What to do: name both stores (``--tracking-store`` of ``durahub lint``, ``store.tracking`` and
    ``store.tracking_prefix`` of ``durahub.toml``), and give whoever reads the right to read both.
    """

    code = "CFG116"
    message = "histories are kept elsewhere"
    severity = Severity.WARNING
    source = "host.json reference of Durable Functions"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    profiles = frozenset({"recommended", "migrate", "strict"})
    bad = (
        Example("Another account", (an_app({"storageProvider": {_NAMES[0]: "Tracking"}}),)),
        Example("Another name", (an_app({"storageProvider": {_NAMES[2]: "Orders"}}),)),
    )
    good = (
        Example("One account", (an_app({"storageProvider": {"connectionName": "Storage"}}),)),
        Example("On the scheduler: CFG104 has it", (a_scheduler_app({}, {_NAMES[0]: "Tracking"}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for each name."""
        for name in _NAMES:
            entry = fact.stored(name)
            if fact.provider == CLASSIC and entry is not None and entry.text:
                said = f"{name} is set: instances and histories are not beside the queues"
                yield self.at(entry.place, said, head=entry.text, discriminator=name)
