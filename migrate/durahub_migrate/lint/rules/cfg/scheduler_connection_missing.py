"""CFG102: a connection to the scheduler that is not set, or says nothing."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts, Entry
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.scheduler_connection import is_reference, scheduler_connection
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import (
    CONNECTION,
    EMULATOR,
    IN_AZURE,
    a_scheduler_app,
    an_app,
)
from durahub_migrate.lint.target import Given


class SchedulerConnectionMissing(Rule[AppFacts]):
    """Finds an app for the scheduler without a connection to it.

    Why it matters: with ``"type": "azureManaged"`` the host takes the address of the scheduler from the app
    setting that ``connectionStringName`` names. Without it the app does not start.

    What to do: set ``connectionStringName`` to the name of an app setting, and that setting to
    ``Endpoint=https://…;Authentication=ManagedIdentity`` (another method where another identity is used).
    The name is looked for in the app settings that were found beside host.json, if there are any; what is set
    elsewhere, as in a template, is not seen.
    """

    code = "CFG102"
    message = "no connection to the scheduler"
    severity = Severity.ERROR
    source = "Durable Task Scheduler documentation, troubleshooting; DurableTaskSchedulerConnectionString.cs"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example(
            "`azureManaged` without `connectionStringName`",
            (an_app({"storageProvider": {"type": "azureManaged"}}),),
        ),
        Example("A name that is no app setting", (a_scheduler_app(local={"OTHER": EMULATOR}),)),
        Example(
            "A connection string without its method",
            (a_scheduler_app(local={CONNECTION: "Endpoint=http://localhost:8080"}),),
        ),
        Example(
            "The connection string of a storage account",
            (a_scheduler_app(deployed={CONNECTION: "AccountName=orders;AccountKey=…"}),),
        ),
    )
    good = (
        Example("A connection string beside it", (a_scheduler_app(local={CONNECTION: EMULATOR}),)),
        Example(
            "Without its scheme",
            (a_scheduler_app(local={CONNECTION: IN_AZURE.replace("https://", "")}),),
        ),
        Example(
            "A reference to a key vault",
            (a_scheduler_app(deployed={CONNECTION: "@Microsoft.KeyVault(SecretUri=…)"}),),
        ),
        Example("No app settings were found: nothing is known of them", (a_scheduler_app(),)),
        Example("Another provider", (an_app({"storageProvider": {"type": "mssql"}}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Follow the name to the settings, and read what stands there."""
        if not fact.uses_scheduler:
            return
        named = fact.get("storageProvider.connectionStringName")
        if named is None or not named.text:
            kind = fact.get("storageProvider.type")
            place = kind.place if kind is not None else fact.place
            other = fact.get("storageProvider.connectionName")
            hint = "; connectionName is for Azure Storage" if other is not None else ""
            yield self.at(place, f"storageProvider has no connectionStringName{hint}")
            return
        found = [
            (file, section)
            for file in fact.settings
            if (section := file.connection(named.text)) is not None
        ]
        if fact.settings and not found and "%" not in named.text:
            files = ", ".join(file.place.source for file in fact.settings)
            said = f"there is no app setting of this name in {files}"
            yield self.at(named.place, said, head=named.text)
        for _, (_, entry) in found:
            if entry is not None:
                yield from self._read(entry)

    def _read(self, entry: Entry) -> Iterator[Finding]:
        if is_reference(entry.text):
            return
        read = scheduler_connection(entry.text)
        if isinstance(read, str):
            said = f"the app setting {entry.name} is no connection string of a scheduler: {read}"
            yield self.at(entry.place, said)
