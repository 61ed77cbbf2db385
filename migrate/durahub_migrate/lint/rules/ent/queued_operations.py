"""ENT703: an entity with operations that wait."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given


def _account(backlog: int = 0, held: int = 0) -> InstanceFacts:
    entity = EntityFacts(name="account", key="7", backlog=backlog, held=held)
    return an_instance("@account@7", entity=entity)


class QueuedOperations(Rule[InstanceFacts]):
    """Finds entities that have received operations and not run them.

    Why it matters: they wait behind a lock, or for one that was sent before them and has not come.
    They stand in the entity's state and not in a queue. Where the state alone is moved they are
    lost, and who called waits.

    What to do: let the hub work with nothing new coming in until the entity has run them.
    Operations behind a leaked lock never run: release the lock first.

    When to ignore it: in a hub in use there may always be some.
    """

    code = "ENT703"
    message = "operations wait in an entity"
    severity = Severity.WARNING
    source = "DurableTask.Core, SchedulerState.cs and MessageSorter.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (
        Example("Two behind a lock", (_account(backlog=2),)),
        Example("One that came before its predecessor", (_account(held=1),)),
    )
    good = (Example("None", (_account(),)),)

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Count both kinds."""
        entity = fact.entity
        if entity is None:
            return
        waits = []
        if entity.backlog:
            waits.append(f"{entity.backlog:,} behind a lock")
        if entity.held:
            waits.append(f"{entity.held:,} for one that was sent before")
        if waits:
            yield self.at(fact.place, f"operations wait: {', '.join(waits)}")
