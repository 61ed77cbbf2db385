"""ENT706: an entity of which nothing is left."""

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


def _account(minutes: float, **fields: str | int) -> InstanceFacts:
    entity = EntityFacts(name="account", key="7", **fields)  # type: ignore[arg-type]
    return an_instance("@account@7", entity=entity, row={"last_updated": ago(minutes * 60)})


class EmptyEntity(Rule[InstanceFacts]):
    """Finds entities that have no state, no lock and nothing that waits.

    Why it matters: a deleted entity keeps its rows, for it still knows which messages it has had.
    After half an hour they are of no use to anybody, and would be moved for nothing.

    What to do: clean the entity storage before a move (``CleanEntityStorage`` of the client).

    When to ignore it: where they are few.
    """

    code = "ENT706"
    message = "an entity has no state"
    severity = Severity.INFO
    source = "Durable Functions documentation, CleanEntityStorage"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (Example("Deleted 31 minutes ago", (_account(31),)),)
    good = (
        Example("Deleted 29 minutes ago", (_account(29),)),
        Example("It has a state", (_account(31, state="0"),)),
        Example("It is locked", (_account(31, locked_by="transfer-1"),)),
        Example("Operations wait for it", (_account(31, backlog=1),)),
        Example(
            "What it holds stands in a blob that may not be read", (_account(31, is_read=False),)
        ),
        Example("What it holds cannot be read", (_account(31, problem="not JSON"),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Ask what cleaning asks: whether anything is left, and how long ago it was used."""
        entity, row = fact.entity, fact.row
        if entity is None or row is None or row.last_updated is None or not fact.history_is_read:
            return
        is_empty = entity.state is None and entity.problem is None and entity.is_read
        is_idle = not (entity.backlog or entity.held or entity.locked_by)
        seconds = seconds_between(row.last_updated, given.read_at)
        if is_empty and is_idle and seconds > REORDER_WINDOW:
            yield self.at(fact.place, "it has neither state nor lock, and nothing waits for it")
