"""PAY408: a payload of which there is only the address."""

from collections.abc import Iterator
from dataclasses import replace

from durahub_migrate.lint.examples import a_hub, a_payload, an_instance
from durahub_migrate.lint.facts.hubs import HubKind
from durahub_migrate.lint.facts.payloads import Mark
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import ALL_PROFILES, Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, PayloadRule, called
from durahub_migrate.lint.target import Given

_ADDRESS = a_payload(
    80,
    head="https://orders.blob.core.windows.net/orders-largemessages/a/…",
    marks=frozenset({Mark.BLOB_ADDRESS}),
)
_LOST = a_payload(0, blob="a/history-1.json.gz", problem="its blob could not be read")


class UnresolvedReference(PayloadRule):
    """Finds payloads of which there is only the address of a blob.

    Why it matters: Azure Storage hubs keep large values in blobs and write the blob's address in their
    place. Whoever copies a hub without following it hands the address to the new app as if it were the data.
    The same shows in a hub that was copied to another account and still names the old one.

    What to do: export the hub again while its ``-largemessages`` container is there. If the blob is gone, the
    payload is lost: end the instance, or leave it behind.

    When to ignore it: if your own code passes such addresses as data.
    """

    code = "PAY408"
    message = "payload is the address of a large-message blob"
    severity = Severity.WARNING
    source = "DurableTask.AzureStorage, MessageManager.cs"
    profiles = ALL_PROFILES
    bad = (
        Example("An input that is an address", (an_instance(payloads=[_ADDRESS]),)),
        Example(
            "A payload that a bundle names and does not hold",
            (a_hub(kind=HubKind.BUNDLE), an_instance(payloads=[_LOST])),
        ),
    )
    good = (
        Example(
            "A payload that was found in its blob",
            (an_instance(payloads=[replace(_LOST, size=80_000, problem=None)]),),
        ),
        Example(
            "A lost blob of a hub in Azure Storage: a rule of the hub's",
            (a_hub(), an_instance(payloads=[_LOST])),
        ),
    )

    def check(self, fact: Carrier, given: Given) -> Iterator[Finding]:
        """Look for addresses, and in a bundle for what it does not hold."""
        in_bundle = given.hub is not None and given.hub.kind is HubKind.BUNDLE
        for payload in fact.payloads:
            if Mark.BLOB_ADDRESS in payload.marks:
                said = f"{called(payload)} is the address of a large-message blob"
                yield self.found(payload, fact, said)
            elif payload.problem is not None and in_bundle:
                yield self.found(
                    payload, fact, f"{called(payload)} is not there: {payload.problem}"
                )
