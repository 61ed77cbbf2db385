"""CFG103: the emulator's connection where the app is deployed."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts, Entry
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.scheduler_connection import (
    SchedulerConnection,
    scheduler_connection,
)
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import CONNECTION, EMULATOR, IN_AZURE, a_scheduler_app
from durahub_migrate.lint.target import Given


class EmulatorConnection(Rule[AppFacts]):
    """Finds connections to a scheduler's emulator outside ``local.settings.json``.

    Why it matters: ``Authentication=None``, plain ``http://`` and ``localhost`` are for the emulator. In
    Azure there is no emulator, and the scheduler lets nobody in without an identity: the app does not start.

    What to do: give the deployed app the scheduler's endpoint with ``https://`` and
    ``Authentication=ManagedIdentity``, and its identity the role Durable Task Data Contributor on the hub.

    When to ignore it: the file holds the settings of an app that runs beside an emulator, as in a test.
    """

    code = "CFG103"
    message = "the emulator's connection outside local settings"
    severity = Severity.ERROR
    source = "Durable Task Scheduler documentation, emulator and identity"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES, Need.APP_SETTINGS})
    bad = (
        Example(
            "The emulator in deployed settings", (a_scheduler_app(deployed={CONNECTION: EMULATOR}),)
        ),
        Example(
            "A scheduler in Azure without an identity",
            (a_scheduler_app(deployed={CONNECTION: IN_AZURE.replace("ManagedIdentity", "none")}),),
        ),
    )
    good = (
        Example(
            "The emulator in local.settings.json", (a_scheduler_app(local={CONNECTION: EMULATOR}),)
        ),
        Example("A scheduler in Azure", (a_scheduler_app(deployed={CONNECTION: IN_AZURE}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at every deployed setting that is a connection string of a scheduler."""
        for file in fact.settings:
            for entry in () if file.is_local else file.values.values():
                read = scheduler_connection(entry.text)
                if isinstance(read, SchedulerConnection):
                    yield from self._judge(entry, read)

    def _judge(self, entry: Entry, read: SchedulerConnection) -> Iterator[Finding]:
        wrong = [
            said
            for said, holds in (
                ("Authentication=None", read.is_without_identity),
                ("an endpoint without TLS", read.is_plain),
                (f"the endpoint {read.host}", read.is_local),
            )
            if holds
        ]
        if wrong:
            yield self.at(entry.place, f"the app setting {entry.name} has {' and '.join(wrong)}")
