"""IDN501: an instance ID that is too long."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule, length
from durahub_migrate.lint.target import Given


class LongInstanceId(IdentifierRule):
    """Finds instance IDs of more than 100 characters.

    Why it matters: Azure Storage takes 256 characters, the Durable Task Scheduler takes 100 and refuses the
    instance. A longer ID that is cut could be another instance's.

    What to do: let these instances end where they are, or move them under new IDs with an explicit
    mapping (``--id-map``), and shorten what makes the IDs. Never cut them.
    """

    code = "IDN501"
    message = "instance ID is too long for the scheduler"
    severity = Severity.ERROR
    source = "Durable Task documentation, limits of instance IDs (azure-docs issue 128241)"
    bad = (
        Example("An ID of 101 characters", (an_instance("a" * 101),)),
        Example("One of 51 characters that .NET counts as 102", (an_instance("😀" * 51),)),
    )
    good = (
        Example("An ID of 100 characters", (an_instance("a" * 100),)),
        Example("One of 100 characters whose partition key is longer", (an_instance("a/" * 50),)),
        Example("A long entity ID: another rule's", (an_instance("@counter@" + "a" * 100),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Measure the ID as it is, not as it is escaped in a partition key."""
        most, found = given.thresholds.id_most, length(fact.instance_id)
        if found > most and not names_entity(fact.instance_id):
            said = f"the instance ID has {found} characters, {most} are allowed"
            yield self.at(fact.place, said, head=fact.instance_id)
