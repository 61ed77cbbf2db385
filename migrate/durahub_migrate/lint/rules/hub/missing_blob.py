"""HUB206: a large payload that is not there, or cannot be read."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

BLOB = "order-7/history-0000000000000004-TaskCompleted-9A1F-Result.json.gz"


def _payload(problem: str | None, blob: str | None = BLOB) -> Payload:
    return Payload(
        kind=PayloadKind.ACTIVITY_OUTPUT,
        where="event 4, Result",
        size=0 if problem else 90_000,
        blob=blob,
        problem=problem,
    )


class MissingBlob(Rule[InstanceFacts | MessageFacts]):
    """Finds large payloads that are not where the row says, or are not compressed as they should be.

    Why it matters: texts of more than about 30,000 characters stand in blobs of their own. If the
    blob is gone, for a lifecycle rule deleted it or a purge was broken off, no worker can load the
    instance.

    What to do: restore the blob if soft delete is on for the account. If not, terminate and purge
    the instance, and start it again. See to it that no lifecycle rule covers the hub's
    ``-largemessages`` container.
    """

    code = "HUB206"
    message = "a large payload cannot be read from its blob"
    severity = Severity.ERROR
    source = "azure-functions-durable-extension issue 2501"
    about = (InstanceFacts, MessageFacts)
    needs = frozenset({Need.STORAGE, Need.INSTANCES, Need.HISTORY, Need.BLOBS})
    profiles = OF_HUBS
    bad = (
        Example(
            "The blob is gone",
            (an_instance(payloads=[_payload("there is no such blob")]),),
        ),
    )
    good = (
        Example("The blob is there", (an_instance(payloads=[_payload(None)]),)),
        Example(
            "Something else of the instance cannot be read",
            (an_instance(payloads=[_payload("not a payload", blob=None)]),),
        ),
    )

    def check(self, fact: InstanceFacts | MessageFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at what could not be read while payloads were measured: once for each blob."""
        problems: dict[str, Payload] = {}
        for payload in fact.payloads:
            if payload.problem is not None and payload.blob is not None:
                problems.setdefault(payload.blob, payload)
        for blob, payload in problems.items():
            said = f"{payload.where} ({payload.kind.value}) is in blob {blob}: {payload.problem}"
            yield self.at(fact.place, said, discriminator=blob)
