"""CFG109: instances without a version that no worker will take."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.rules.cfg.hub_of_app import in_hub, joined, of_app, of_hub
from durahub_migrate.lint.rules.cfg.versions import is_matched, is_waiting, versioning_of
from durahub_migrate.lint.target import Given

_Fact = AppFacts | HubFacts | InstanceFacts
_STRICT = an_app({"hubName": "orders", "defaultVersion": "1.0", "versionMatchStrategy": "Strict"})
_OLDER = an_app({"hubName": "orders", "defaultVersion": "1.0"})
_NO_VERSION = an_app({"hubName": "orders", "versionMatchStrategy": "Strict"})


class VersionsRejected(JoiningRule[_Fact]):
    """Finds hubs with waiting instances that have no version, and apps that take none of them.

    Why it matters: instances from before versioning have no version, and keep none. With
    ``"versionMatchStrategy": "Strict"`` and a ``defaultVersion`` a worker takes only instances of exactly
    that version; the others wait in the hub for ever.

    What to do: use ``CurrentOrOlder``, for which no version is the oldest one, until the old instances have
    ended; or keep an app without versioning for them.
    """

    code = "CFG109"
    message = "instances without a version are taken by no worker"
    severity = Severity.WARNING
    source = "article on orchestration versioning"
    about = (AppFacts, HubFacts, InstanceFacts)
    needs = frozenset({Need.APP_FILES, Need.INSTANCES})
    bad = (Example("`Strict` and an old instance", (_STRICT, a_hub(), an_instance())),)
    good = (
        Example("`CurrentOrOlder`, the default", (_OLDER, a_hub(), an_instance())),
        Example("`Strict` without a version of its own", (_NO_VERSION, a_hub(), an_instance())),
        Example("The old instance has ended", (_STRICT, a_hub(), an_instance(status="Completed"))),
        Example(
            "The instance has the version", (_STRICT, a_hub(), an_instance(row={"version": "1.0"}))
        ),
        Example("Another hub", (_STRICT, a_hub(name="others"), an_instance())),
    )

    def observe(self, fact: _Fact, given: Given) -> Iterator[Observation]:
        """Note strict apps, and each waiting instance without a version."""
        if isinstance(fact, AppFacts):
            rules = versioning_of(fact)
            if not is_matched(None, rules):
                entry = fact.get("versionMatchStrategy")
                yield of_app(fact, place=entry.place if entry is not None else None)
        elif isinstance(fact, HubFacts):
            yield of_hub(fact)
        elif given.hub is not None and is_waiting(fact) and not _version(fact):
            yield in_hub(given.hub.name, "unversioned", given.hub.place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Judge each app with its hub."""
        for one in joined(seen):
            count = one.inside.get("unversioned", 0)
            if count:
                said = (
                    f"hub {one.hub} has {count} waiting instance{'' if count == 1 else 's'} without a "
                    "version, and versionMatchStrategy is Strict"
                )
                yield self.at(one.place, said, discriminator=one.hub)


def _version(fact: InstanceFacts) -> str:
    return (fact.row.version if fact.row is not None else None) or ""
