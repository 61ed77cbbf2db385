"""CFG125: a setting whose name is nearly that of another."""

from collections.abc import Iterator
from difflib import get_close_matches

from durahub.configuration.host_json_keys import CURRENT, ONLY_1X
from durahub_migrate.lint.facts.apps import CLASSIC, SCHEDULER, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.repairs import renamed
from durahub_migrate.lint.target import Given

_PROVIDER = "storageprovider."
_SCHEDULERS = tuple(
    f"storageProvider.{name}"
    for name in (
        "payloadStorageEnabled",
        "payloadStorageThresholdBytes",
        "payloadStorageMaxPayloadBytes",
        "largePayloadStorageEnabled",
        "largePayloadStorageThresholdBytes",
    )
)
_KNOWN = {name.lower(): name for name in (*CURRENT, *_SCHEDULERS)}
_KNOWN_1X = _KNOWN | {name.lower(): name for name in ONLY_1X}


class MisspelledSetting(Rule[AppFacts]):
    """Finds names in host.json's section of Durable Functions that are nearly those of settings.

    Why it matters: the host passes over names that it does not know, without a word. A limit or a hub name
    that was misspelled has no effect, and the default counts.

    What to do: correct the name. Names that are like no other are left alone: they may be newer than what is
    known here.
    """

    code = "CFG125"
    message = "setting seems to be misspelled"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM  # it may be a new one
    source = "DurableTaskOptions.cs and AzureStorageOptions.cs of azure-functions-durable-extension"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("`partitonCount`", (an_app({"storageProvider": {"partitonCount": 8}}),)),
        Example("`maxConcurentActivityFunctions`", (an_app({"maxConcurentActivityFunctions": 8}),)),
    )
    good = (
        Example("Another case", (an_app({"HUBNAME": "orders"}),)),
        Example("A name that is like no other", (an_app({"flux": 1}),)),
        Example(
            "A setting of the scheduler", (a_scheduler_app({}, {"payloadStorageEnabled": True}),)
        ),
        Example(
            "Another provider has names of its own",
            (an_app({"storageProvider": {"type": "mssql", "connectionStringNames": "x"}}),),
        ),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look up each name, and what comes near it."""
        known = _KNOWN_1X if fact.at_top else _KNOWN
        for name, entry in fact.task.items():
            if name in known:
                continue
            if name.startswith(_PROVIDER) and fact.provider not in (CLASSIC, SCHEDULER):
                continue
            close = get_close_matches(name, known, n=1, cutoff=0.9)
            if close:
                meant = known[close[0]]
                same_place = meant.rpartition(".")[0].lower() == name.rpartition(".")[0]
                fix = renamed(entry, meant.rpartition(".")[2], safe=False) if same_place else None
                said = f"there is no setting {entry.name}; {meant} may be meant"
                yield self.at(entry.place, said, discriminator=name, fix=fix)
