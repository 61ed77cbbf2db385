"""ENT702: an entity that is locked by an orchestration at work."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.ent.holders import ALIVE, lock_observations
from durahub_migrate.lint.rules.groups import name_in
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given

_LOCKED = an_instance(
    "@account@7", entity=EntityFacts(name="account", key="7", state="5", locked_by="transfer-1")
)


class HeldLock(JoiningRule[InstanceFacts]):
    """Finds entities that are in a critical section of an orchestration that runs.

    Why it matters: a lock has two halves, one in the entity and one in the orchestration. Both must
    be moved together, with the order of those that wait for the lock; most ways to move a hub
    cannot do that, and the target then has an orchestration that waits for a lock it holds.

    What to do: wait until the orchestration has left its critical section, then look again. If it
    stands still there, find out what it waits for.

    When to ignore it: where the hub stays, or is moved as a whole into a store that keeps both
    halves.
    """

    code = "ENT702"
    message = "an entity is locked by an orchestration that runs"
    severity = Severity.WARNING
    source = "Durable Functions documentation, critical sections"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (
        Example("The holder runs", (_LOCKED, an_instance("transfer-1"))),
        Example(
            "The holder is suspended", (_LOCKED, an_instance("transfer-1", status="Suspended"))
        ),
    )
    good = (
        Example("The holder is gone: another rule's", (_LOCKED,)),
        Example(
            "The holder has ended: another rule's",
            (_LOCKED, an_instance("transfer-1", status="Completed")),
        ),
        Example("No lock", (an_instance("@account@7"), an_instance("transfer-1"))),
    )

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:
        """Note locks and who is alive."""
        yield from lock_observations(fact, given)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell the locks of a holder that is alive, which comes first."""
        is_alive = False
        for one in seen:
            if one.value == ALIVE:
                is_alive = True
            elif is_alive:
                yield self.at(one.place, f"held by {name_in(group)}, which is at work")
