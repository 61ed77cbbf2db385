"""IDN504: an instance ID that begins like an entity's."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import ALL_PROFILES, Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule
from durahub_migrate.lint.target import Given


class LeadingAt(IdentifierRule):
    """Finds instances that are no entities and whose IDs begin with ``@``.

    Why it matters: ``@name@key`` is an entity's ID. DTFx looks at the first character only, so queries that
    leave entities out leave such an instance out too, and messages to it are taken for an entity's. The
    scheduler refuses the ID.

    What to do: give the orchestration another ID. Let the instance end, or move it with an explicit
    mapping (``--id-map``).
    """

    code = "IDN504"
    message = "instance ID begins like an entity's"
    severity = Severity.ERROR
    source = "Durable Task Scheduler overview, instance IDs"
    profiles = ALL_PROFILES
    bad = (Example("An ID with one @", (an_instance("@order-7"),)),)
    good = (
        Example("An entity", (an_instance("@counter@order-7"),)),
        Example("An entity without a key", (an_instance("@counter@"),)),
        Example("An @ further on", (an_instance("me@example.com"),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the beginning; an entity has a name and a second ``@``."""
        named = names_entity(fact.instance_id) and fact.instance_id[1] != "@"
        if fact.instance_id.startswith("@") and not named:
            said = "the instance ID begins with @ and is not @name@key"
            yield self.at(fact.place, said, head=fact.instance_id)
