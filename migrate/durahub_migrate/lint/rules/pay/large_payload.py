"""PAY401: a payload above the scheduler's limit."""

from durahub_migrate.lint.examples import a_payload, an_instance, limited, moving
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, SizeRule, called
from durahub_migrate.lint.target import Given


class LargePayload(SizeRule):
    """Finds payloads of more than 1,048,576 bytes where large payloads are not offloaded to blobs.

    Why it matters: Azure Storage hubs put large values into blobs without being asked, up to any size. The
    Durable Task Scheduler refuses a payload above 1 MB unless the app offloads it: the instance cannot be
    moved, and code that makes such payloads fails there. What counts is the serialized text in UTF-8,
    unpacked, so a hub's blobs and tables show other sizes.

    What to do: turn payload offloading on in the app that runs on the scheduler, and say so here (``offload =
    true`` of the target). Or keep the data in a blob of your own and pass its name. Purge ended instances
    that nobody asks for any more.

    When to ignore it: for instances that are left to end where they are.
    """

    code = "PAY401"
    message = "payload is too large for the scheduler"
    severity = Severity.ERROR
    source = "Durable Task Scheduler overview; durabletask-dotnet LargePayloadStorageOptions.cs"
    bad = (
        Example("An input of 1,048,577 bytes", (an_instance(payloads=[a_payload(1_048_577)]),)),
        Example(
            "A limit of your own, and an activity's output above it",
            (an_instance(payloads=[a_payload(2_001, PayloadKind.ACTIVITY_OUTPUT)]),),
            limited(payload_error=2_000),
        ),
    )
    good = (
        Example("An input of 1,048,576 bytes", (an_instance(payloads=[a_payload(1_048_576)]),)),
        Example(
            "A larger one, where the app offloads payloads",
            (an_instance(payloads=[a_payload(3_000_000)]),),
            moving(offload=True),
        ),
        Example(
            "The state of an entity: another rule's",
            (an_instance("@cart@a", payloads=[a_payload(3_000_000, PayloadKind.ENTITY_STATE)]),),
        ),
    )

    def of(self, payload: Payload, fact: Carrier, given: Given) -> Finding:
        """Say how much it is and how much is allowed."""
        most = given.thresholds.payload_error
        said = f"{called(payload)} takes {payload.size:,} bytes, {most:,} are allowed"
        return self.found(payload, fact, said)
