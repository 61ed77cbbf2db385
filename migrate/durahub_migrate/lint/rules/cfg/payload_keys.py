"""CFG112: settings for large payloads that have no effect."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.repairs import renamed
from durahub_migrate.lint.target import Given

_OLD, _NEW = "storageprovider.largepayloadstorage", "storageprovider.payloadstorage"
_ISOLATED = "dotnet-isolated"


class PayloadKeys(Rule[AppFacts]):
    """Finds settings for large payloads under a name that is not read, or in an app that cannot use them.

    Why it matters: what is not known in ``storageProvider`` is passed over without a word. Then large
    payloads are not moved to blobs, and the first one above 1 MiB fails at run time.

    What to do: write ``payloadStorageEnabled`` and ``payloadStorageThresholdBytes`` in .NET isolated apps,
    and pass the address of a blob of your own in other languages, which have no such setting in Functions.
    Samples and older articles have ``largePayloadStorageEnabled``: see which one your version of the
    extension reads, by a payload of more than 1 MiB.
    """

    code = "CFG112"
    message = "setting for large payloads may have no effect"
    severity = Severity.WARNING
    confidence = Confidence.LOW  # the sources name it differently
    source = "Durable Task Scheduler documentation, large payloads; samples of the scheduler"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("The older name", (a_scheduler_app({}, {"largePayloadStorageEnabled": True}),)),
        Example(
            "In an app in Python",
            (
                a_scheduler_app(
                    {},
                    {"payloadStorageEnabled": True},
                    local={"FUNCTIONS_WORKER_RUNTIME": "python"},
                ),
            ),
        ),
        Example(
            "With Azure Storage",
            (an_app({"storageProvider": {"payloadStorageEnabled": True}}),),
        ),
    )
    good = (
        Example("The name of the article", (a_scheduler_app({}, {"payloadStorageEnabled": True}),)),
        Example("None at all", (a_scheduler_app(),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at every name of the two families."""
        for name, entry in fact.task.items():
            if not name.startswith((_OLD, _NEW)):
                continue
            short = entry.name.rpartition(".")[2]
            if not fact.uses_scheduler:
                said = f"{short} is for azureManaged alone"
                yield self.at(entry.place, said, discriminator=name)
            elif fact.worker and fact.worker != _ISOLATED:
                said = f"{short} works with .NET isolated alone, and this app runs on {fact.worker}"
                yield self.at(entry.place, said, discriminator=name)
            elif name.startswith(_OLD):
                meant = "p" + short[len("largeP") :]
                said = f"{short} is called {meant} in the documentation"
                fix = renamed(entry, meant, safe=False)
                yield self.at(entry.place, said, discriminator=name, fix=fix)
