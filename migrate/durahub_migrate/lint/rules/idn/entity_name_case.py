"""IDN510: an entity whose name is not in lower case."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import ALL_PROFILES, Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule
from durahub_migrate.lint.target import Given


class EntityNameCase(IdentifierRule):
    """Finds entities whose names are written with upper-case letters.

    Why it matters: every SDK writes an entity's name in lower case when it makes the ID. ``@Cart@ann``
    was made by hand, and no SDK asks for it: operations go to ``@cart@ann``, another entity with another
    state. On the scheduler the two may become one.

    What to do: find who makes the ID, and let the SDK do it. See which of the two has the state that
    counts, and move that one under the name in lower case.
    """

    code = "IDN510"
    message = "entity name is not in lower case"
    severity = Severity.WARNING
    source = "Durable Functions extension, EntityId: names are lower-cased"
    profiles = ALL_PROFILES
    bad = (
        Example("One entity in two cases", (an_instance("@Cart@ann"), an_instance("@cart@ann"))),
        Example("An entity that no SDK asks for", (an_instance("@shoppingCart@ann"),)),
    )
    good = (
        Example("Upper case in a key", (an_instance("@cart@Ann"),)),
        Example("Upper case in an instance ID", (an_instance("Cart-7"),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the name."""
        name, _, key = fact.instance_id[1:].partition("@")
        if names_entity(fact.instance_id) and name != name.lower():
            said = f"SDKs ask for the entity as @{name.lower()}@…"
            yield self.at(fact.place, said, head=f"@{name}@{key}")
