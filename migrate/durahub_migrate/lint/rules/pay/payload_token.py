"""PAY407: a payload that looks like a reference to an offloaded one."""

from collections.abc import Iterator

from durahub_migrate.lint.examples import a_payload, an_instance, moving
from durahub_migrate.lint.facts.payloads import Mark
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example
from durahub_migrate.lint.rules.pay.sizes import Carrier, PayloadRule, called
from durahub_migrate.lint.target import Given

_TOKEN = a_payload(30, head="blob:v1:durabletask-payloads:a", marks=frozenset({Mark.PAYLOAD_TOKEN}))


class PayloadToken(PayloadRule):
    """Finds payloads that begin with ``blob:v1:`` or ``blob:v2:``.

    Why it matters: SDKs write such a token where they have put a payload into a blob. A worker with
    offloading turned on takes every text of this form for one: a user's own text fails to load, or
    becomes what stands in another blob. A real token in a hub that is moved goes on pointing to the blob
    container of the old app.

    What to do: give a text of your own another beginning. If these are real tokens, give the new app
    the same container, and keep the blobs that they name.

    When to ignore it: where the app has offloaded payloads all along and keeps its container.
    """

    code = "PAY407"
    message = "payload looks like a reference to an offloaded one"
    severity = Severity.WARNING
    source = "durabletask-dotnet BlobPayloadStore.cs; durabletask-python payload/store.py"
    profiles = MOVING_PROFILES
    bad = (
        Example("An input that is a token", (an_instance(payloads=[_TOKEN]),)),
        Example(
            "The same with offloading", (an_instance(payloads=[_TOKEN]),), moving(offload=True)
        ),
    )
    good = (
        Example(
            "An input that only holds one",
            (an_instance(payloads=[a_payload(40, head='{"blob":"blob:v1:orders:a"}')]),),
        ),
    )

    def check(self, fact: Carrier, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look for the mark that was set when the payload was measured."""
        for payload in fact.payloads:
            if Mark.PAYLOAD_TOKEN in payload.marks:
                yield self.found(payload, fact, f"{called(payload)} begins like a payload token")
