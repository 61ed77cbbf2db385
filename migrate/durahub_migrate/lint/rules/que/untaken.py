"""QUE611: messages that are due, and that nobody takes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from durahub.model.history import Execution, ExecutionStarted, TimerFired
from durahub.model.ticks import Ticks, seconds_between, to_text
from durahub_migrate.lint.examples import a_hub
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import (
    DAY,
    STOPPED,
    a_classic_hub,
    a_queued,
    ago,
    fired,
    raised,
)
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.groups import group_of, name_in
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

PEEKED = 32  # messages of a queue can be seen
_HUB = a_hub(classic=a_classic_hub())
_SCHEDULED = ExecutionStarted(
    timestamp=ago(DAY), execution=Execution("order-7"), name="Order", scheduled_start=ago(1)
)


class Untaken(JoiningRule[MessageFacts]):
    """Finds queues whose messages have been due for more than five minutes, and nobody has taken them.

    Why it matters: this is what a hub looks like that stands still. Its instances are Pending or Running and
    nothing happens, though each of them is in order. Either no worker runs, or none serves this partition, or
    the workers take fewer messages than come in.

    What to do: look at who holds the partitions (``durahub hub doctor`` names the workers). If nobody
    does, start the app, and read its log for why it could not take them. If somebody does, the app is at its
    limits (``maxConcurrentOrchestratorFunctions``, ``maxConcurrentActivityFunctions``, the plan's
    instances), or it hangs: restart it.

    When to ignore it: in a hub that is stopped on purpose; ``lint.target.frozen`` says so.
    """

    code = "QUE611"
    message = "messages wait and nobody takes them"
    severity = Severity.WARNING
    source = "ours; Azure Queue Storage documentation, Peek Messages (InsertionTime)"
    about = (MessageFacts,)
    needs = frozenset({Need.STORAGE, Need.QUEUES})
    profiles = OF_HUBS
    bad = (
        Example("An event that came yesterday", (_HUB, a_queued(raised("Go"), inserted=ago(DAY)))),
        Example(
            "A timer that was due 6 minutes ago",
            (_HUB, a_queued(fired(ago(360)), inserted=ago(DAY))),
        ),
        Example(
            "An activity that no worker takes",
            (_HUB, a_queued(inserted=ago(360), queue="orders-workitems")),
        ),
    )
    good = (
        Example(
            "An event that came 4 minutes ago", (_HUB, a_queued(raised("Go"), inserted=ago(240)))
        ),
        Example(
            "A timer set yesterday that is due now",
            (_HUB, a_queued(fired(ago(1)), inserted=ago(DAY))),
        ),
        Example(
            "A start that was asked for yesterday, for now",
            (
                _HUB,
                a_queued(_SCHEDULED, inserted=ago(DAY)),
            ),
        ),
        Example(
            "Somebody has taken it and put it back",
            (_HUB, a_queued(raised("Go"), inserted=ago(DAY), deliveries=1)),
        ),
        Example(
            "The hub is stopped on purpose",
            (_HUB, a_queued(raised("Go"), inserted=ago(DAY))),
            STOPPED,
        ),
    )

    def observe(self, fact: MessageFacts, given: Given) -> Iterator[Observation]:
        """Note by queue since when a message is due that nobody has taken."""
        if fact.inserted is None or fact.deliveries or given.is_frozen:
            return
        due = _due(fact, fact.inserted)
        if seconds_between(due, given.read_at) > given.thresholds.overdue_seconds:
            yield Observation(group_of(given, fact.queue), f"{due:020d}", fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell of a queue since when its oldest message waits, and how many do of those that are seen."""
        first: Observation | None = None
        count = 0
        for one in seen:
            first = first or one
            count += 1
        assert first is not None  # noqa: S101 (for the types)
        queue = name_in(group)
        place = replace(first.place, kind=PlaceKind.QUEUE, key=queue, part="")
        since = to_text(Ticks(int(first.value)))
        if count == 1:
            said = f"1 message waits since {since}"
        else:
            many = f"at least {count}" if count >= PEEKED else f"{count}"
            said = f"{many} messages wait, the oldest since {since}"
        yield self.at(place, said)


def _due(fact: MessageFacts, inserted: Ticks) -> Ticks:
    """Return when a message could be taken for the first time: timers and starts may wait hidden."""
    match fact.event:
        case TimerFired(fire_at=due):
            return max(inserted, due)
        case ExecutionStarted(scheduled_start=int() as due):
            return max(inserted, Ticks(due))
    return inserted
