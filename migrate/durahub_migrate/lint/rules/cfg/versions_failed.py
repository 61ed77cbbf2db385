"""CFG110: instances that fail at once because of their version."""

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
from durahub_migrate.lint.rules.cfg.versions import (
    Versioning,
    is_matched,
    is_waiting,
    versioning_of,
)
from durahub_migrate.lint.target import Given

_Fact = AppFacts | HubFacts | InstanceFacts
_TASK = {"hubName": "orders", "defaultVersion": "2.0", "versionFailureStrategy": "Fail"}
_STRICT = an_app({**_TASK, "versionMatchStrategy": "Strict"})
_OLDER = an_app(_TASK)
_OLD = an_instance(row={"version": "1.0"})
_NEW = an_instance(row={"version": "10.0"})


class VersionsFailed(JoiningRule[_Fact]):
    """Finds apps that fail instances of other versions, where the hub has such instances in flight.

    Why it matters: with ``"versionFailureStrategy": "Fail"`` an instance whose version does not match is
    failed at its next turn, for good. With ``Reject``, the default, it waits for a worker that takes it.

    What to do: use ``Reject`` until these instances have ended, or ``CurrentOrOlder`` with code that still
    knows the old versions.
    """

    code = "CFG110"
    message = "instances in flight would fail because of their version"
    severity = Severity.WARNING
    source = "article on orchestration versioning"
    about = (AppFacts, HubFacts, InstanceFacts)
    needs = frozenset({Need.APP_FILES, Need.INSTANCES})
    bad = (
        Example("`Strict` and `Fail` with an older instance", (_STRICT, a_hub(), _OLD)),
        Example("`Fail` with a newer instance", (_OLDER, a_hub(), _NEW)),
    )
    good = (
        Example("`CurrentOrOlder` takes the older one", (_OLDER, a_hub(), _OLD)),
        Example(
            "`Reject`, the default",
            (an_app({"hubName": "orders", "defaultVersion": "1.0"}), a_hub(), _NEW),
        ),
        Example("It has the version", (_STRICT, a_hub(), an_instance(row={"version": "2.0"}))),
    )

    def observe(self, fact: _Fact, given: Given) -> Iterator[Observation]:
        """Note apps that fail instances, and the versions of those that wait."""
        if isinstance(fact, AppFacts):
            rules, entry = versioning_of(fact), fact.get("versionFailureStrategy")
            if rules.failure == "fail" and entry is not None:
                yield of_app(fact, place=entry.place, own=rules.own, match=rules.match)
        elif isinstance(fact, HubFacts):
            yield of_hub(fact)
        elif given.hub is not None and is_waiting(fact) and fact.row is not None:
            yield in_hub(given.hub.name, fact.row.version or "", given.hub.place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Judge each app with its hub."""
        for one in joined(seen):
            rules = Versioning(one.app["own"], one.app["match"], "fail")
            lost = {
                version: count
                for version, count in one.inside.items()
                if not is_matched(version, rules)
            }
            if lost:
                named = ", ".join(version or "none" for version in sorted(lost)[:5])
                count = sum(lost.values())
                said = (
                    f"hub {one.hub} has {count} waiting instance{'' if count == 1 else 's'} of other "
                    f"versions ({named}), which would fail at the next turn"
                )
                yield self.at(one.place, said, discriminator=one.hub)
