"""PAY405: an entity whose state is above the scheduler's limit."""

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, SizeRule
from durahub_migrate.lint.target import Given


class LargeEntityState(SizeRule):
    """Finds entities with a state of more than 1,048,576 bytes.

    Why it matters: the state travels whole with every batch of operations. The scheduler refuses one
    above 1 MB, and then the entity can neither be moved nor do anything there. An offloaded state passes,
    but every operation reads and writes a blob, and queries leave such states out. Only the entity's own
    state counts, not the queue and the lock that Azure Storage hubs keep beside it.

    What to do: split the entity by key, or keep the bulk in a store of its own and its name in the state.
    Until then turn payload offloading on.
    """

    code = "PAY405"
    message = "entity state is too large for the scheduler"
    severity = Severity.ERROR
    source = "Durable Task Scheduler overview; durabletask-js issue 254"
    bad = (
        Example(
            "A state of 1,048,577 bytes",
            (an_instance("@cart@a", payloads=[a_payload(1_048_577, PayloadKind.ENTITY_STATE)]),),
        ),
        Example(
            "The same with offloading: a warning",
            (an_instance("@cart@a", payloads=[a_payload(1_048_577, PayloadKind.ENTITY_STATE)]),),
            moving(offload=True),
        ),
    )
    good = (
        Example(
            "A state of 1,048,576 bytes",
            (an_instance("@cart@a", payloads=[a_payload(1_048_576, PayloadKind.ENTITY_STATE)]),),
        ),
        Example(
            "A large operation that an entity is asked for: another rule's",
            (
                an_instance(
                    "@cart@a", payloads=[a_payload(1_048_577, PayloadKind.ENTITY_OPERATION)]
                ),
            ),
        ),
    )

    def of(self, payload: Payload, fact: Carrier, given: Given) -> Finding:
        """Say how much it is; offloaded it is a warning."""
        most = given.thresholds.payload_error
        said = f"the entity's state takes {payload.size:,} bytes, {most:,} are allowed"
        if given.target.offload:
            said = (
                f"the entity's state takes {payload.size:,} bytes and is offloaded with every batch"
            )
        severity = Severity.WARNING if given.target.offload else None
        return self.found(payload, fact, said, severity=severity)
