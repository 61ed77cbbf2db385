"""PAY403: a payload near the limit, or one that will be offloaded."""

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, SizeRule, called
from durahub_migrate.lint.target import Given


class LittleRoom(SizeRule):
    """Finds payloads of 900,000 bytes and more, and with offloading those that go to blobs.

    Why it matters: such a payload passes today. A few more items in a list, or longer texts, and the next
    one of its kind does not. Where the app offloads payloads, one of 262,144 bytes and more costs a blob to
    write and to read, and somebody has to delete that blob one day.

    What to do: look at what grows in it. With offloading, see that the app may use the blob container, and
    that a lifecycle rule deletes old blobs.

    When to ignore it: where the payload's size is bounded by what it is.
    """

    code = "PAY403"
    message = "payload is near the limit, or will be offloaded"
    severity = Severity.INFO
    source = "durabletask-dotnet pull request 755: the threshold of offloading was 900,000 bytes"
    bad = (
        Example("An input of 900,000 bytes", (an_instance(payloads=[a_payload(900_000)]),)),
        Example(
            "A custom status of 262,144 bytes, with offloading",
            (an_instance(payloads=[a_payload(262_144, PayloadKind.CUSTOM_STATUS)]),),
            moving(offload=True),
        ),
    )
    good = (
        Example("An input of 899,999 bytes", (an_instance(payloads=[a_payload(899_999)]),)),
        Example(
            "One of 262,144 bytes, without offloading",
            (an_instance(payloads=[a_payload(262_144)]),),
            moving(offload=False),
        ),
        Example(
            "One of 262,143 bytes, with offloading",
            (an_instance(payloads=[a_payload(262_143)]),),
            moving(offload=True),
        ),
    )

    def of(self, payload: Payload, fact: Carrier, given: Given) -> Finding:
        """Say how much it is, and what that means."""
        most = given.thresholds.payload_error
        means = "it will go to a blob" if given.target.offload else f"{most:,} are allowed"
        said = f"{called(payload)} takes {payload.size:,} bytes, {means}"
        return self.found(payload, fact, said)
