"""IDN502: an ID with characters that the scheduler refuses."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule, refused_characters
from durahub_migrate.lint.target import Given

MOST_NAMED = 5


class UnprintableId(IdentifierRule):
    """Finds instance and entity IDs with characters other than printable ASCII.

    Why it matters: Azure Storage takes nearly any character. The scheduler takes those from the blank to
    the tilde (U+0020 to U+007E) and refuses an ID with an accent, a letter of another script, a tab.

    What to do: move the instances under new IDs (``--id-map``) or let them end where they are. In code that
    makes IDs of names, use a number or a hash instead: leaving characters out makes two IDs one.
    """

    code = "IDN502"
    message = "ID has characters that the scheduler refuses"
    severity = Severity.ERROR
    source = "Durable Task Scheduler overview, instance IDs"
    bad = (
        Example("An umlaut", (an_instance("bestellung-müller"),)),
        Example("A tab", (an_instance("order\t7"),)),
        Example("An entity's key in another script", (an_instance("@counter@счёт"),)),
    )
    good = (
        Example("Blanks, a tilde, punctuation", (an_instance("order 7 ~ {a|b}"),)),
        Example("A slash: another rule's", (an_instance("orders/7"),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at every character."""
        found = refused_characters(fact.instance_id)
        if found:
            more = ", …" if len(found) > MOST_NAMED else ""
            said = f"the ID holds {', '.join(found[:MOST_NAMED])}{more}"
            yield self.at(fact.place, said, head=fact.instance_id)
