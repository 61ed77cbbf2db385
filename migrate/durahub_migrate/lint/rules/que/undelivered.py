"""QUE601: control messages that wait in a hub that is to be moved."""

from collections.abc import Iterable, Iterator

from durahub.model.history import TaskScheduled
from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import HubKind, MessageFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import DAY, STOPPED, a_queued, activity, ago, fired, raised
from durahub_migrate.lint.rule import Example, SummingRule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given


class Undelivered(SummingRule[MessageFacts]):
    """Finds control queues of a stopped hub that still hold messages.

    Why it matters: these are results, events and starts that no instance has received. They stand
    in no table: who moves rows alone loses them. Each must be delivered at the target, behind the
    history that it belongs to.

    What to do: let the apps run with nothing new coming in until the queues are empty, then stop
    them. Or carry the messages: a hub bundle has those that could be seen. Those that QUE604 and
    QUE605 name are among them, and are to be left behind.

    When to ignore it: in a hub in use there are always some; so this is asked of stopped hubs and
    of bundles alone. Of a bundle that was taken while nobody had frozen the hub it is information.
    """

    code = "QUE601"
    message = "messages wait to be delivered in a hub that is to be moved"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, ControlQueue.cs"
    about = (MessageFacts,)
    needs = frozenset({Need.QUEUES, Need.SNAPSHOT})
    profiles = WHEN_MOVING
    bad = (
        Example("An event for an instance", (a_hub(), a_queued(raised("Approved"))), STOPPED),
        Example(
            "In a bundle of a hub that nobody froze: worth knowing",
            (a_hub(kind=HubKind.BUNDLE, frozen=False), a_queued(raised("Approved"))),
        ),
    )
    good = (
        Example(
            "A timer that is not due",
            (a_hub(), a_queued(fired(ago(-DAY)), visible_at=ago(-DAY))),
            STOPPED,
        ),
        Example("The hub is in use", (a_hub(frozen=False), a_queued(raised("Approved")))),
        Example(
            "An activity: another rule's",
            (a_hub(), a_queued(activity(), queue="orders-workitems")),
            STOPPED,
        ),
    )

    def amounts(self, fact: MessageFacts, given: Given) -> Iterator[tuple[str, int]]:
        """Count by queue what is not an activity's; what cannot be read counts by its queue's name."""
        is_due = fact.visible_at is None or fact.visible_at <= given.read_at
        if given.is_to_be_moved and is_due and not _is_work(fact):
            yield fact.queue, 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Tell the number of each queue."""
        found = dict(sums)
        if found and given.hub is not None:
            each = ", ".join(f"{count:,} in {queue}" for queue, count in found.items())
            said = f"messages seen: {sum(found.values()):,} ({each})"
            severity = None if given.is_frozen else Severity.INFO
            yield self.at(given.hub.place, said, severity=severity)


def _is_work(fact: MessageFacts) -> bool:
    return isinstance(fact.event, TaskScheduled) or fact.queue.endswith(("-workitems", "tasks"))
