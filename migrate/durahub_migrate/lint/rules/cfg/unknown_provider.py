"""CFG101: a storage provider that does not exist."""

from collections.abc import Iterator
from difflib import get_close_matches

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity, head_of
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.repairs import rewritten
from durahub_migrate.lint.target import Given

_KNOWN = {name.lower(): name for name in ("AzureStorage", "azureManaged", "mssql", "Netherite")}
_MEANT = {  # what people write for it
    "azure": "AzureStorage",
    "storage": "AzureStorage",
    "azureblob": "AzureStorage",
    "dts": "azureManaged",
    "durabletaskscheduler": "azureManaged",
    "azuredurabletask": "azureManaged",
    "sql": "mssql",
    "sqlserver": "mssql",
}


class UnknownProvider(Rule[AppFacts]):
    """Finds a ``storageProvider.type`` that names no provider.

    Why it matters: the host stops at the start with "Storage provider type was not found". Guides are not
    always right here: one writes ``azure`` for Azure Storage, and there is no such provider.

    What to do: write ``AzureStorage``, ``azureManaged`` (the Durable Task Scheduler), ``mssql`` or
    ``Netherite``, in any case. Without a type Azure Storage is used.

    When to ignore it: the app registers a provider of its own.
    """

    code = "CFG101"
    message = "storage provider does not exist"
    severity = Severity.ERROR
    source = (
        "azure-functions-durable-extension, DurableTaskExtension.cs (GetDurabilityProviderFactory)"
    )
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example('`"type": "azure"`', (an_app({"storageProvider": {"type": "azure"}}),)),
        Example('`"type": "DTS"`', (an_app({"storageProvider": {"type": "DTS"}}),)),
    )
    good = (
        Example(
            '`"type": "azurestorage"`', (an_app({"storageProvider": {"type": "azurestorage"}}),)
        ),
        Example('`"type": "AzureManaged"`', (a_scheduler_app({}, {"type": "AzureManaged"}),)),
        Example("No type at all", (an_app({"storageProvider": {"partitionCount": 4}}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look the name up in any case."""
        said = fact.get("storageProvider.type")
        if said is None or not said.text or said.text.lower() in _KNOWN:
            return
        name = said.text.lower()
        close = get_close_matches(name, _KNOWN, n=1, cutoff=0.7)
        meant = _MEANT.get(name) or (_KNOWN[close[0]] if close else None)
        hint = f"; {meant} may be meant" if meant else f"; there are {', '.join(_KNOWN.values())}"
        yield self.at(
            said.place,
            f"there is no storage provider {head_of(said.text)}{hint}",
            head=said.text,
            fix=rewritten(said, meant, safe=False) if meant else None,
        )
