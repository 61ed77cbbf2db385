"""QUE607: timers and scheduled starts that are overdue."""

from collections.abc import Iterator

from durahub.model.ticks import seconds_between, to_text
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.open_work import dues, is_lost
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import a_classic_hub, ago, began, ended, fired, timer
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


class Overdue(Rule[InstanceFacts]):
    """Finds instances whose timer or scheduled start was due more than five minutes ago.

    Why it matters: in a hub that works nothing is overdue. If something is, no worker runs, its
    partition has none, or the workers do not keep up. After a move, or when a worker starts again,
    all of it comes at once.

    What to do: find out why nobody serves the hub: is an app running, does it hold the partitions'
    leases, are the queues growing? Before a move, let the hub catch up.

    When to ignore it: in a hub that is stopped for good and is only looked at.
    """

    code = "QUE607"
    message = "a timer or a scheduled start is overdue"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, MessageManager.cs; Durable Functions documentation, timers"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "A timer that was due 6 minutes ago", (an_instance(history=began(timer(ago(360)))),)
        ),
        Example(
            "A start that was due 6 minutes ago",
            (an_instance(status="Pending", row={"scheduled_start": ago(360)}),),
        ),
    )
    good = (
        Example("It was due 4 minutes ago", (an_instance(history=began(timer(ago(240)))),)),
        Example("It is due tomorrow", (an_instance(history=began(timer(ago(-86_400)))),)),
        Example("It has fired", (an_instance(history=began(timer(ago(360)), fired(ago(360)))),)),
        Example(
            "The instance has ended without it",
            (an_instance(status="Completed", history=began(timer(ago(360)), ended())),),
        ),
        Example(
            "Its message is gone: another rule's",
            (a_hub(classic=a_classic_hub()), an_instance(history=began(timer(ago(360))))),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Compare what is to happen with the time at which the hub was read."""
        now, limit = given.read_at, given.thresholds.overdue_seconds
        late = [
            (due, event)
            for due, event in dues(fact)
            if seconds_between(due, now) > limit and not is_lost(fact, event, given)
        ]
        if not late:
            return
        due, event = min(late, key=lambda one: one[0])
        kind = "the start" if event is None else "a timer" if len(late) == 1 else "the first timer"
        many = "" if len(late) == 1 else f"{len(late)} timers are overdue; "
        yield self.at(fact.place, f"{many}{kind} was due {to_text(due)}")
