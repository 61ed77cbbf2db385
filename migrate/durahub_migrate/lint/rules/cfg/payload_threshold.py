"""CFG113: a threshold for large payloads above what the scheduler takes."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app
from durahub_migrate.lint.rules.cfg.repairs import rewritten
from durahub_migrate.lint.target import Given

_NAMES = ("payloadStorageThresholdBytes", "largePayloadStorageThresholdBytes")


class PayloadThreshold(Rule[AppFacts]):
    """Finds thresholds from which payloads go to blobs that are above 1,048,576 bytes.

    Why it matters: the SDK refuses such a threshold at the start, and a payload between 1 MiB and the
    threshold would be refused by the scheduler.

    What to do: 1,048,576 is the most; 262,144 is the SDKs' default and leaves room for what is sent beside
    the payload.
    """

    code = "CFG113"
    message = "threshold for large payloads is too high"
    severity = Severity.ERROR
    source = "durabletask-dotnet, LargePayloadStorageOptions.cs"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (Example("1,048,577 bytes", (a_scheduler_app({}, {_NAMES[0]: 1_048_577}),)),)
    good = (
        Example("1,048,576 bytes", (a_scheduler_app({}, {_NAMES[0]: 1_048_576}),)),
        Example("No threshold", (a_scheduler_app({}, {"payloadStorageEnabled": True}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:
        """Compare the number with the limit."""
        most = given.thresholds.payload_error
        for name in _NAMES:
            entry = fact.get(f"storageProvider.{name}")
            if entry is not None and entry.number is not None and entry.number > most:
                yield self.at(
                    entry.place,
                    f"the threshold is {entry.number} bytes, {most} are allowed",
                    head=entry.text,
                    discriminator=name,
                    fix=rewritten(entry, most),
                )
