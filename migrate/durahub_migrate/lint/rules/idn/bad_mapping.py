"""IDN513: a mapping of IDs that the scheduler refuses, or that makes two instances one."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity, head_of
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.idn.identifiers import grouped, others_of, refusal_of
from durahub_migrate.lint.target import Given


class BadMapping(JoiningRule[InstanceFacts]):
    """Finds instances that the ID mapping gives an ID which is refused, or which is another's.

    Why it matters: two instances that get one ID become one, and the second overwrites the first or is
    left out. A new ID has to keep the scheduler's rules as any other: 100 characters of printable ASCII,
    no ``@`` at the beginning but for entities. And an entity stays an entity.

    What to do: correct the mapping. Nothing should be moved with it before.
    """

    code = "IDN513"
    message = "mapping gives an instance an ID that is refused or taken"
    severity = Severity.ERROR
    source = "the scheduler's rules for IDs"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.ID_MAP})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example(
            "Two IDs that become one",
            (an_instance("bestellung-ä"), an_instance("bestellung-ö")),
            moving(id_map={"bestellung-ä": "order-1", "bestellung-ö": "order-1"}),
        ),
        Example(
            "An ID that another instance has and keeps",
            (an_instance("bestellung-ä"), an_instance("order-7")),
            moving(id_map={"bestellung-ä": "order-7"}),
        ),
        Example(
            "An ID of 101 characters",
            (an_instance("bestellung-ä"),),
            moving(id_map={"bestellung-ä": "o" * 101}),
        ),
        Example(
            "An entity that would be none",
            (an_instance("@konto@ä"),),
            moving(id_map={"@konto@ä": "konto-1"}),
        ),
    )
    good = (
        Example(
            "Each its own",
            (an_instance("bestellung-ä"), an_instance("bestellung-ö")),
            moving(id_map={"bestellung-ä": "order-1", "bestellung-ö": "order-2"}),
        ),
        Example(
            "Two that change places",
            (an_instance("a"), an_instance("b")),
            moving(id_map={"a": "b", "b": "a"}),
        ),
        Example(
            "An entity with another key",
            (an_instance("@konto@ä"),),
            moving(id_map={"@konto@ä": "@konto@1"}),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Hold the new ID against the scheduler's rules."""
        old = fact.instance_id
        new = (given.target.id_map or {}).get(old)
        if new is None:
            return
        refused = refusal_of(new, given.thresholds.id_most, is_entity=names_entity(new))
        if refused is None and names_entity(old) != names_entity(new):
            refused = "one of the two is an entity's"
        if refused is not None:
            yield self.at(fact.place, f"the new ID is refused: {refused}", head=new)

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:
        """Note what gets an ID that something else may have: new IDs, and old ones that are among these."""
        mapping = given.target.id_map or {}
        new = mapping.get(fact.instance_id)
        if new is not None:
            yield Observation(grouped(fact, new), fact.instance_id, fact.place)
        elif fact.instance_id in given.target.new_ids:
            yield Observation(grouped(fact, fact.instance_id), fact.instance_id, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Name each instance after the first that gets an ID."""
        for one, first in others_of(seen):
            said = f"it gets the ID that {head_of(first.value)!r} gets or keeps"
            yield self.at(one.place, said, head=group.partition("\n")[2])
