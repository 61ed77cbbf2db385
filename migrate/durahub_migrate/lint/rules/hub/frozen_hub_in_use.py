"""HUB203: a hub that was to be frozen, and is in use."""

from collections.abc import Iterator

from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.table import LeaseRow
from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import DAY, STOPPED, a_classic_hub, ago
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given


def _held(until: float) -> Evidence:
    row = LeaseRow(partition="orders-control-00", current_owner="worker-1", expires_at=ago(-until))
    return Evidence((row,))


class FrozenHubInUse(Rule[HubFacts]):
    """Finds hubs that are said to be stopped while workers still hold their partitions, or that nobody froze.

    Why it matters: a copy of a hub that changes while it is copied belongs together nowhere: an
    activity is in the queue and its result in the history, a timer in neither. What comes after the
    copy is lost.

    What to do: stop every app on the hub, all slots and all that share it, and wait until their
    leases have run out. Then look again. Taking the app lease alone stops neither activities nor
    clients. A bundle does not show whether anybody was at work while it was taken: if you had stopped
    the apps, say so with ``target.frozen``.

    When to ignore it: where the snapshot is only looked at, or kept as an archive of what has
    ended.
    """

    code = "HUB203"
    message = "the hub is in use, or may be, and is taken for stopped"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, AppLeaseManager.cs and AzureStorageOrchestrationService.cs"
    about = (HubFacts,)
    needs = frozenset({Need.HUB, Need.SNAPSHOT})
    profiles = WHEN_MOVING
    bad = (
        Example(
            "The user says that it is stopped, and a worker holds a partition",
            (a_hub(classic=a_classic_hub(leases=_held(30.0))),),
            STOPPED,
        ),
        Example(
            "A bundle of a hub that nobody froze: worth knowing",
            (a_hub(kind=HubKind.BUNDLE, frozen=False),),
        ),
    )
    good = (
        Example(
            "It is stopped: the last lease ran out a day ago",
            (a_hub(classic=a_classic_hub(leases=_held(-DAY))),),
            STOPPED,
        ),
        Example("A bundle of a frozen hub", (a_hub(kind=HubKind.BUNDLE, frozen=True),)),
        Example(
            "The user had stopped the apps, and took a bundle",
            (a_hub(kind=HubKind.BUNDLE, frozen=False),),
            STOPPED,
        ),
    )

    def check(self, fact: HubFacts, given: Given) -> Iterator[Finding]:
        """Ask who holds partitions, or whoever took the snapshot."""
        workers = fact.classic.workers if fact.classic is not None else ()
        if given.is_frozen and workers:
            yield self.at(fact.place, f"partitions are held by {', '.join(workers)}")
        elif fact.frozen is False and not given.is_frozen and fact.kind is HubKind.BUNDLE:
            said = "the hub was not frozen while the bundle was taken"
            yield self.at(fact.place, said, severity=Severity.INFO)
