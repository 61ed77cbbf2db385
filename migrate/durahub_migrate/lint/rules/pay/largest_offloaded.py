"""PAY404: a payload that is too large even to be offloaded."""

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, SizeRule, called
from durahub_migrate.lint.target import Given


class LargestOffloaded(SizeRule):
    """Finds payloads of more than 10 MiB where large payloads are offloaded.

    Why it matters: the SDKs refuse to offload a payload above 10,485,760 bytes, measured before it is
    compressed. The call that carries it fails with an error of the payload store.

    What to do: raise the limit in the app (``MaxPayloadBytes`` in .NET, ``max_stored_payload_bytes`` in
    Python) and say so here (``offload-most`` of the thresholds), or pass the name of a blob instead
    of the data.
    """

    code = "PAY404"
    message = "payload is too large to be offloaded"
    severity = Severity.ERROR
    source = "durabletask-dotnet PayloadInterceptor.cs; Durable-Task-Scheduler samples, issue 359"
    bad = (
        Example(
            "An input of 10,485,761 bytes",
            (an_instance(payloads=[a_payload(10_485_761)]),),
            moving(offload=True),
        ),
    )
    good = (
        Example(
            "An input of 10,485,760 bytes",
            (an_instance(payloads=[a_payload(10_485_760)]),),
            moving(offload=True),
        ),
        Example(
            "A larger one, without offloading: another rule's",
            (an_instance(payloads=[a_payload(10_485_761)]),),
        ),
    )

    def of(self, payload: Payload, fact: Carrier, given: Given) -> Finding:
        """Say how much it is and how much can be offloaded."""
        most = given.thresholds.offload_most
        said = f"{called(payload)} takes {payload.size:,} bytes, {most:,} can be offloaded"
        return self.found(payload, fact, said)
