"""ENT708: an entity of which the provider's own notes cannot be read."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given


def _account(problem: str | None) -> InstanceFacts:
    return an_instance("@account@7", entity=EntityFacts(name="account", key="7", problem=problem))


class UnreadableEntity(Rule[InstanceFacts]):
    """Finds entities whose scheduler state cannot be read.

    Why it matters: the provider keeps an entity's state, its lock and what waits for it in one
    text. If that cannot be read no worker runs the entity's operations, and nothing of it can be
    moved.

    What to do: look at the input of the entity's start in its history. If a person changed it,
    correct it; if a program wrote it, find out which. Otherwise purge the entity with its state.
    """

    code = "ENT708"
    message = "an entity's scheduler state cannot be read"
    severity = Severity.ERROR
    source = "ours; durahub hub doctor, entity-state-unreadable"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example("It is cut off", (_account("not JSON: line 1, column 40"),)),
        Example("An operation in it has no ID", (_account("an entity request has no id"),)),
    )
    good = (Example("It can be read", (_account(None),)),)

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell what reading the entity came to."""
        if fact.entity is not None and fact.entity.problem is not None:
            yield self.at(fact.place, fact.entity.problem)
