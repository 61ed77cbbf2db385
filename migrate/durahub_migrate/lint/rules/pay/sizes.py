"""Which rule speaks of a payload's size: one for each payload, the worst that holds.

The service's own limit is documented as "1 MB". Clients take it for 1,048,576 bytes, so a payload of exactly
that size still passes; one of more than 1,000,000 does not where MB is meant decimally. A payload that is
offloaded to a blob stays within the limit, but may not be larger than 10 MiB. Offloading begins at 262,144
bytes: .NET moves a payload of that very size, Python the next larger one.

Sources: durabletask-dotnet, ``LargePayloadStorageOptions.cs``, ``PayloadInterceptor.cs``; durabletask-python,
``payload/helpers.py``.
"""

from collections.abc import Iterator
from dataclasses import replace

from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given

Carrier = InstanceFacts | MessageFacts


class PayloadRule(Rule[Carrier]):
    """A rule about the payloads of instances and messages, one by one."""

    about = (InstanceFacts, MessageFacts)
    needs = frozenset({Need.INSTANCES})
    profiles = SCHEDULER_PROFILES

    def found(
        self, payload: Payload, fact: Carrier, said: str, *, severity: Severity | None = None
    ) -> Finding:
        """Return a finding at *payload*, whose beginning is a user's."""
        return self.at(
            replace(fact.place, part=payload.where),
            said,
            head=payload.head or None,
            private=True,
            discriminator=payload.where,
            severity=severity,
        )


class SizeRule(PayloadRule):
    """A rule about one of the steps of size."""

    def check(self, fact: Carrier, given: Given) -> Iterator[Finding]:
        """Measure each payload that this rule is to speak of."""
        for payload in fact.payloads:
            if size_code(payload, given) == self.code:
                yield self.of(payload, fact, given)

    def of(self, payload: Payload, fact: Carrier, given: Given) -> Finding:
        """Return the finding for a payload of this step."""
        raise NotImplementedError


def size_code(payload: Payload, given: Given) -> str | None:
    """Return the code of the rule that speaks of a payload's size, ``None`` if it is small.

    Nothing offloads the details of a failure, and no document gives a limit for them.
    """
    limits, size = given.thresholds, payload.size
    if payload.kind is PayloadKind.FAILURE:
        return "PAY402" if size > limits.payload_warning else None
    if given.target.offload:
        if size > limits.offload_most:
            return "PAY404"
        if payload.kind is PayloadKind.ENTITY_STATE and size > limits.payload_error:
            return "PAY405"
        return "PAY403" if size >= limits.offload_from else None
    if size > limits.payload_error:
        return "PAY405" if payload.kind is PayloadKind.ENTITY_STATE else "PAY401"
    if size > limits.payload_warning:
        return "PAY402"
    return "PAY403" if size >= limits.payload_info else None


def called(payload: Payload) -> str:
    """Return what a payload is, in words: ``the activity output of Charge``."""
    return f"the {payload.kind.value}{f' of {payload.name}' if payload.name else ''}"
