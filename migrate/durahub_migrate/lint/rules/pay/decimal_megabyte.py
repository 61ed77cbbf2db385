"""PAY402: a payload above a decimal megabyte."""

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, SizeRule, called
from durahub_migrate.lint.target import Given


class DecimalMegabyte(SizeRule):
    """Finds payloads of more than 1,000,000 bytes, where nothing offloads them.

    Why it matters: the limit is documented as "1 MB" and enforced by a service whose code is not public.
    Clients read it as 1,048,576 bytes. If the service reads it decimally, or counts what is around the
    payload, this one is refused. Details of failures belong here at any larger size too: nothing offloads
    them.

    What to do: treat it as too large. Turn payload offloading on, or make the payload smaller; a failure's
    message and stack trace are best cut where it is raised.
    """

    code = "PAY402"
    message = "payload may be too large for the scheduler"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "Durable Task Scheduler overview: the limit is called 1 MB"
    bad = (
        Example("An input of 1,000,001 bytes", (an_instance(payloads=[a_payload(1_000_001)]),)),
        Example("One of 1,048,576 bytes", (an_instance(payloads=[a_payload(1_048_576)]),)),
        Example(
            "The details of a failure, which offloading does not help",
            (an_instance(payloads=[a_payload(2_000_000, PayloadKind.FAILURE)]),),
            moving(offload=True),
        ),
    )
    good = (
        Example("An input of 1,000,000 bytes", (an_instance(payloads=[a_payload(1_000_000)]),)),
        Example(
            "One of 1,048,577 bytes: another rule's",
            (an_instance(payloads=[a_payload(1_048_577)]),),
        ),
        Example(
            "A large one, where the app offloads payloads",
            (an_instance(payloads=[a_payload(1_000_001)]),),
            moving(offload=True),
        ),
    )

    def of(self, payload: Payload, fact: Carrier, given: Given) -> Finding:
        """Say how much it is."""
        most = given.thresholds.payload_warning
        said = f"{called(payload)} takes {payload.size:,} bytes, more than {most:,}"
        return self.found(payload, fact, said)
