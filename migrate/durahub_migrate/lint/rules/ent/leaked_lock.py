"""ENT701: an entity whose lock nobody will release."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from durahub.classic.doctor.rules.entities import LEAKED, UNREADABLE
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import a_diagnosis, a_queued, ago, raised
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Example, JoiningRule, Observation
from durahub_migrate.lint.rules.ent.holders import (
    ALIVE,
    RELEASED,
    is_unsettled,
    lock_observations,
    release_observations,
)
from durahub_migrate.lint.rules.groups import group_of, name_in
from durahub_migrate.lint.rules.hub.diagnosed import diagnosed, is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.target import Given

_LOCKED = an_instance(
    "@account@7",
    entity=EntityFacts(name="account", key="7", state="5", locked_by="transfer-1"),
    row={"last_updated": ago(3600)},
)
_IN_USE = a_hub(kind=HubKind.BUNDLE, frozen=False, since=ago(0))


def _completed(seconds_ago: float) -> InstanceFacts:
    row = {"last_updated": ago(seconds_ago)}
    return an_instance("transfer-1", status="Completed", row=row)


_RELEASE = replace(raised("release"), input='{"parent":"transfer-1","id":"1"}')


class LeakedLock(JoiningRule[InstanceFacts | MessageFacts | Diagnosis]):
    """Finds entities that are locked by an orchestration that has ended, or is gone.

    Why it matters: a lock is released by the orchestration that holds it. If that was terminated,
    purged or has failed in a bad moment, nobody releases it: every other caller of the entity waits
    for ever, and operations pile up behind the lock. A move would carry the lock along.

    What to do: in Azure Storage ``durahub hub doctor --repair`` sends the entity its release, as
    cleaning entity storage does. Do not terminate or purge orchestrations in a critical section.
    """

    code = "ENT701"
    message = "an entity is locked by an orchestration that will not release it"
    severity = Severity.ERROR
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension issues 1977 and 2743"
    about = (InstanceFacts, MessageFacts, Diagnosis)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example("The holder has ended", (_LOCKED, an_instance("transfer-1", status="Failed"))),
        Example("The holder is gone", (_LOCKED,)),
        Example(
            "The holder ended an hour before a hub in use was exported",
            (
                _IN_USE,
                _LOCKED,
                _completed(3600),
            ),
        ),
        Example(
            "The doctor says so",
            (a_diagnosis(LEAKED, "held by transfer-1", key="@account@7", kind=PlaceKind.ENTITY),),
        ),
    )
    good = (
        Example("The holder runs", (_LOCKED, an_instance("transfer-1"))),
        Example(
            "The holder is suspended", (_LOCKED, an_instance("transfer-1", status="Suspended"))
        ),
        Example("No lock", (an_instance("@account@7"),)),
        Example("The release is on its way", (a_queued(_RELEASE, "@account@7"), _LOCKED)),
        Example(
            "The holder ended a minute before a hub in use was exported: its release may be on the way",
            (
                _IN_USE,
                _LOCKED,
                _completed(60),
            ),
        ),
        Example(
            "Its state cannot be read: another rule's",
            (a_diagnosis(UNREADABLE, "not JSON", key="@account@7", kind=PlaceKind.ENTITY),),
        ),
    )

    def check(
        self,
        fact: InstanceFacts | MessageFacts | Diagnosis,
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Ask the doctor, who knows as well whether the release is on its way."""
        if isinstance(fact, Diagnosis):
            yield from diagnosed(self, fact)

    def observe(
        self, fact: InstanceFacts | MessageFacts | Diagnosis, given: Given
    ) -> Iterator[Observation]:
        """Note locks, releases and who is alive, in hubs of another kind."""
        if is_for_the_doctor(given):
            return
        if isinstance(fact, InstanceFacts):
            if not is_unsettled(fact, given):
                yield from lock_observations(fact, given)
            elif not fact.is_entity:
                yield Observation(group_of(given, fact.instance_id), ALIVE, fact.place)
        elif isinstance(fact, MessageFacts):
            yield from release_observations(fact, given)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell the locks of a holder that is not alive, but for those whose release is on its way."""
        released = set()
        for one in seen:
            if one.value == ALIVE:
                return
            if one.value.startswith(RELEASED):
                released.add(one.value.removeprefix(RELEASED))
            elif one.value not in released:
                yield self.at(one.place, f"held by {name_in(group)}, which has ended or is gone")
