"""CFG111: concurrency that was tuned for another store."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity, head_of
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.target import Given

_LIMITS = (
    "maxConcurrentActivityFunctions",
    "maxConcurrentOrchestratorFunctions",
    "maxConcurrentEntityFunctions",
)
_ALL = dict.fromkeys(_LIMITS, 20)


class Concurrency(Rule[AppFacts]):
    """Finds concurrency limits that are to be looked at when an app moves to the scheduler.

    Why it matters: on Azure Storage partitions and queue polling hold an app back, and limits were tuned to
    that. The scheduler hands out work as fast as it is taken. Entities have a limit of their own there,
    ``maxConcurrentEntityFunctions``; on Azure Storage they count as orchestrators.

    What to do: set all three limits to what one instance of the app can bear, and measure under load.
    """

    code = "CFG111"
    message = "concurrency limits are to be measured again"
    severity = Severity.INFO
    source = "host.json reference of Durable Functions"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    profiles = frozenset({"migrate", "strict", "dts-native"})
    bad = (
        Example("No limit for entities", (a_scheduler_app({_LIMITS[0]: 20, _LIMITS[1]: 20}),)),
        Example("A limit for Azure Storage", (an_app({_LIMITS[0]: 5}),)),
    )
    good = (
        Example("All limits are set for the scheduler", (a_scheduler_app(_ALL),)),
        Example("Azure Storage with its defaults", (an_app({"hubName": "orders"}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Say which limits are missing on the scheduler, and which are set elsewhere."""
        if fact.uses_scheduler:
            missing = [name for name in _LIMITS if fact.get(name) is None]
            if missing:
                kind = fact.get("storageProvider.type")
                place = kind.place if kind is not None else fact.place
                yield self.at(place, f"nothing is said of {', '.join(missing)}")
            return
        if fact.provider == CLASSIC:
            for name in _LIMITS:
                entry = fact.get(name)
                if entry is not None:
                    said = (
                        f"{name} is {head_of(entry.text)}, set for Azure Storage; on the scheduler the load "
                        "is another"
                    )
                    yield self.at(entry.place, said, head=entry.text, discriminator=name)
