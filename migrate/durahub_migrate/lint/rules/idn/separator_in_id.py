r"""IDN503: an ID with one of ``/ \ # ?``."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule
from durahub_migrate.lint.target import Given

DOUBTFUL = "/\\#?"


class SeparatorInId(IdentifierRule):
    r"""Finds instance and entity IDs with ``/``, ``\``, ``#`` or ``?``.

    Why it matters: one article about the scheduler allows all printable ASCII, the general one about
    instances bars these four. Besides, they end or split an address: HTTP management calls with such an ID
    need it percent-encoded.

    What to do: start one instance with such an ID on the target, or its emulator, before you rely on it.
    If it is refused, map the IDs (``--id-map``).

    When to ignore it: once you have tried it.
    """

    code = "IDN503"
    message = "ID has characters on which the documentation disagrees"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "Durable Task documentation: the articles on instances and on the scheduler differ"
    bad = (
        Example("A slash", (an_instance("orders/7"),)),
        Example("A backslash", (an_instance("orders\\7"),)),
        Example("A question mark in an entity's key", (an_instance("@page@/search?q=1"),)),
    )
    good = (
        Example("A colon, a percent sign, a caret", (an_instance("orders:7%^"),)),
        Example("A child's default ID", (an_instance("14de3853e9404a70956d4f2cbb37e5fb:3"),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for the four."""
        found = [one for one in DOUBTFUL if one in fact.instance_id]
        if found:
            yield self.at(fact.place, f"the ID holds {' '.join(found)}", head=fact.instance_id)
