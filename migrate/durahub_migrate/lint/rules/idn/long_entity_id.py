"""IDN505: an entity ID that is too long."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule, length
from durahub_migrate.lint.target import Given


class LongEntityId(IdentifierRule):
    """Finds entity IDs of more than 100 characters, with the name and both ``@``.

    Why it matters: an entity is an instance whose ID is ``@name@key``, and the scheduler takes 100
    characters of that in all. An open change to the .NET SDK cut longer ones: two entities with long keys
    then share a state.

    What to do: make the keys shorter where they are made, by a hash for instance, and copy the states
    under the new keys with an explicit mapping (``--id-map``).
    """

    code = "IDN505"
    message = "entity ID is too long for the scheduler"
    severity = Severity.ERROR
    confidence = Confidence.MEDIUM
    source = "durabletask-dotnet pull request 756"
    bad = (
        Example("A name of 7 and a key of 92 characters", (an_instance("@counter@" + "a" * 92),)),
    )
    good = (
        Example("A name of 7 and a key of 91 characters", (an_instance("@counter@" + "a" * 91),)),
        Example("A long instance ID: another rule's", (an_instance("a" * 101),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Measure the whole ID."""
        most, found = given.thresholds.id_most, length(fact.instance_id)
        if found > most and names_entity(fact.instance_id):
            said = f"the entity's ID has {found} characters with its name, {most} are allowed"
            yield self.at(fact.place, said, head=fact.instance_id)
