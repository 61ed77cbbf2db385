"""ENT704: an entity that remembers which messages it has had."""

from collections.abc import Iterator

from durahub.engine.entities.sorter import REORDER_WINDOW
from durahub.model.ticks import seconds_between
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.hub_examples import ago
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given


def _account(seconds: float) -> InstanceFacts:
    entity = EntityFacts(name="account", key="7", sorts=True, sorted_last=ago(seconds))
    return an_instance("@account@7", entity=entity)


class SorterState(Rule[InstanceFacts]):
    """Finds entities whose message sorter has been at work within the last half hour.

    Why it matters: entities put the messages of each sender in order and drop those that come
    twice, by times that they remember for 30 minutes. The scheduler has no place for that memory. A
    message that is on its way twice, or out of order, while the hub is moved may then count twice.

    What to do: stop what calls and signals entities half an hour before the move. What is older
    than that is forgotten by the provider itself, and nothing is lost with it.

    When to ignore it: where operations may come twice or in any order.
    """

    code = "ENT704"
    message = "an entity remembers messages, and the target cannot"
    severity = Severity.WARNING
    source = "DurableTask.Core, MessageSorter.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (Example("It had a message 29 minutes ago", (_account(29 * 60),)),)
    good = (
        Example("The last message came 31 minutes ago", (_account(31 * 60),)),
        Example("It has never sorted any", (an_instance("@account@7"),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Compare the newest time in the sorter with the provider's window."""
        entity = fact.entity
        if entity is None or not entity.sorts or entity.sorted_last is None:
            return
        age = seconds_between(entity.sorted_last, given.read_at)
        if age <= REORDER_WINDOW:
            minutes = int(age // 60)
            when = f"{minutes} min ago" if minutes > 0 else "within the last minute"
            yield self.at(fact.place, f"its sorter took note of a message {when}")
