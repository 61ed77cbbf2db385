"""CFG127: a partitionCount that Azure Storage's provider refuses."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.target import Given

_MOST = 16


class PartitionRange(Rule[AppFacts]):
    """Finds a ``partitionCount`` below 1 or above 16 in apps on Azure Storage.

    Why it matters: the provider refuses it when it starts, and so the app does not start. ``durahub serve``
    refuses it as well.

    What to do: write the number of partitions that the hub has; ``durahub hub show`` tells it. Where
    there is no hub yet: 4 is the default, and 16 the most.
    """

    code = "CFG127"
    message = "partitionCount is not one of 1 to 16"
    severity = Severity.ERROR
    source = "DurableTask.AzureStorage, AzureStorageOrchestrationService.ValidateSettings"
    profiles = frozenset({"recommended", "migrate", "strict"})
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("32 partitions", (an_app({"storageProvider": {"partitionCount": 32}}),)),
        Example("No partitions", (an_app({"storageProvider": {"partitionCount": 0}}),)),
    )
    good = (
        Example("16 partitions", (an_app({"storageProvider": {"partitionCount": 16}}),)),
        Example("One partition", (an_app({"storageProvider": {"partitionCount": 1}}),)),
        Example("Nothing is said", (an_app({}),)),
        Example("The scheduler, which has none", (a_scheduler_app({}, {"partitionCount": 32}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the number, where it is one."""
        entry = fact.stored("partitionCount") if fact.provider == CLASSIC else None
        if entry is not None and entry.number is not None and not 1 <= entry.number <= _MOST:
            said = f"partitionCount is {entry.number}, 1 to {_MOST} are allowed: the app does not start"
            yield self.at(entry.place, said, head=entry.text)
