"""CFG104: settings of Azure Storage in an app for the scheduler."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.repairs import without, without_member
from durahub_migrate.lint.target import Given

_OF_PROVIDER = (
    "partitionCount",
    "controlQueueBatchSize",
    "controlQueueBufferThreshold",
    "controlQueueVisibilityTimeout",
    "workItemQueueVisibilityTimeout",
    "maxQueuePollingInterval",
    "trackingStoreConnectionName",
    "trackingStoreConnectionStringName",
    "trackingStoreNamePrefix",
    "useTablePartitionManagement",
    "useLegacyPartitionManagement",
    "fetchLargeMessagesAutomatically",
    "queueClientMessageEncoding",
)
_OF_TASK = ("useAppLease", "storeInputsInOrchestrationHistory")
_NAMES = (*(f"storageProvider.{name}" for name in _OF_PROVIDER), *_OF_TASK)
_LEASES = "appLeaseOptions"


class ClassicSettings(Rule[AppFacts]):
    """Finds settings of Azure Storage beside ``"type": "azureManaged"``.

    Why it matters: the scheduler has no partitions, queues, leases or tracking tables of its own to set. What
    is said of them has no effect and no warning, and who reads the file believes that it has.

    What to do: remove them; ``durahub lint --fix`` does, unless some environment's app settings have another
    provider. What they were tuned for is found again with the concurrency settings, see CFG111.

    When to ignore it: app settings choose the provider, and host.json is shared by an app that still runs
    on Azure Storage.
    """

    code = "CFG104"
    message = "setting of Azure Storage without effect on the scheduler"
    severity = Severity.WARNING
    source = "host.json reference of Durable Functions; AzureStorageOptions.cs of the extension"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("`partitionCount`", (a_scheduler_app({}, {"partitionCount": 8}),)),
        Example("`useAppLease`", (a_scheduler_app({"useAppLease": True}),)),
        Example(
            "`appLeaseOptions`",
            (a_scheduler_app({"appLeaseOptions": {"renewInterval": "00:00:25"}}),),
        ),
    )
    good = (
        Example("None of them", (a_scheduler_app({"maxConcurrentActivityFunctions": 8}),)),
        Example("With Azure Storage", (an_app({"storageProvider": {"partitionCount": 8}}),)),
        Example(
            "With Netherite, which has partitions, too",
            (an_app({"storageProvider": {"type": "Netherite", "partitionCount": 12}}),),
        ),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for each name."""
        if not fact.uses_scheduler:
            return
        is_safe = fact.always_uses_scheduler
        for name in _NAMES:
            entry = fact.get(name)
            if entry is not None:
                said = f"{entry.name} has no effect with azureManaged"
                yield self.at(
                    entry.place, said, discriminator=name, fix=without(entry, safe=is_safe)
                )
        leases = fact.host.root.at(f"extensions.durableTask.{_LEASES}")
        section = fact.host.root.at("extensions.durableTask")
        member = section.member(_LEASES) if section is not None else None
        if leases is not None and member is not None:
            place = fact.host.place(member, f"extensions.durableTask.{_LEASES}")
            said = f"{_LEASES} has no effect with azureManaged"
            fix = without_member(fact.host, member, safe=is_safe)
            yield self.at(place, said, discriminator=_LEASES, fix=fix)
