"""PAY409: a payload that is no valid text."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import a_payload, an_instance
from durahub_migrate.lint.facts.payloads import Mark
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, PayloadRule, called
from durahub_migrate.lint.target import Given


class LoneSurrogate(PayloadRule):
    r"""Finds payloads with half of a surrogate pair: text that was cut in the middle of a character.

    Why it matters: Azure Tables keeps text in UTF-16 and takes such halves. Protobuf messages hold UTF-8,
    which has no form for them: the SDKs refuse the payload, or put U+FFFD in its place. JSON text may hold
    the half as an escape (``\ud83d``): that travels, and System.Text.Json fails to read it where Newtonsoft
    did not.

    What to do: find what cuts texts by a number of UTF-16 units (``Substring`` in .NET and JavaScript) and
    cut between characters. Instances that carry one can be moved only with the character replaced.
    """

    code = "PAY409"
    message = "payload is no valid Unicode text"
    severity = Severity.ERROR
    source = "Protocol Buffers documentation: a string holds UTF-8"
    profiles = SCHEDULER_PROFILES
    bad = (
        Example(
            "Half of an emoji",
            (an_instance(payloads=[a_payload(5, marks=frozenset({Mark.LONE_SURROGATE}))]),),
        ),
        Example(
            "Half of an emoji as an escape: a warning",
            (an_instance(payloads=[a_payload(8, marks=frozenset({Mark.ESCAPED_SURROGATE}))]),),
        ),
    )
    good = (Example("A whole emoji", (an_instance(payloads=[a_payload(6, head='"😀"')]),)),)

    def check(self, fact: Carrier, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for the marks that were set when the payload was measured."""
        for payload in fact.payloads:
            if Mark.LONE_SURROGATE in payload.marks:
                said = f"{called(payload)} holds half of a surrogate pair"
                yield self.found(payload, fact, said)
            elif Mark.ESCAPED_SURROGATE in payload.marks:
                said = f"{called(payload)} holds the escape of half a surrogate pair"
                yield self.found(payload, fact, said, severity=Severity.WARNING)
