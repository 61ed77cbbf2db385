"""IDN507: instances whose children will get IDs that are too long."""

from collections.abc import Iterable, Iterator

from durahub.engine.entities.messages import guid_of
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    Parent,
    SubOrchestrationInstanceCreated,
)
from durahub_migrate.lint.examples import STARTED, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.idn.identifiers import grouped, is_generated, length
from durahub_migrate.lint.target import Given

GROWTH = 5  # characters that each level adds: a colon and four hex digits
GROWING = frozenset({"python", "javascript"})
_CHILD = "14de3853e9404a70956d4f2cbb37e5fb:0"


def _parent(instance_id: str, child: str = _CHILD, parent: str | None = None) -> InstanceFacts:
    started_by = None
    if parent is not None:
        started_by = Parent(name="Order", execution=Execution(parent), task_schedule_id=0)
    history: tuple[Event, ...] = (
        ExecutionStarted(
            timestamp=STARTED, execution=Execution(instance_id), name="Order", parent=started_by
        ),
        SubOrchestrationInstanceCreated(
            event_id=0, timestamp=STARTED, instance_id=child, name="Ship"
        ),
    )
    return an_instance(instance_id, history=history)


class GrowingChildId(JoiningRule[InstanceFacts]):
    """Finds instances whose children would get IDs of more than 100 characters from the target's SDK.

    Why it matters: a child that is given no ID gets one from the SDK. .NET and Java take a GUID; Python's
    and JavaScript's portable SDKs take the parent's ID and add five characters, level by level. A parent
    that fits then has children and grandchildren that do not, and the scheduler refuses to start them.

    What to do: give the children short IDs of your own, or shorten the IDs of the instances that start
    them: 100 less 5 for each level below. Two levels of children are looked at; count further ones
    yourself.
    """

    code = "IDN507"
    message = "IDs of children will be too long for the scheduler"
    severity = Severity.WARNING
    source = "durabletask-python worker.py; durabletask-js runtime-orchestration-context.ts"
    confidence = Confidence.HIGH
    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY, Need.TARGET_SDK})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example("An ID of 96 characters with a child", (_parent("a" * 96),), moving(sdk="python")),
        Example(
            "One of 91 characters with a child that has one itself",
            (_parent("a" * 91), _parent(_CHILD, "1" * 32, parent="a" * 91)),
            moving(sdk="javascript"),
        ),
    )
    good = (
        Example("An ID of 95 characters with a child", (_parent("a" * 95),), moving(sdk="python")),
        Example(
            "One of 96 characters, and a target that makes GUIDs",
            (_parent("a" * 96),),
            moving(sdk="dotnet"),
        ),
        Example(
            "One of 96 characters whose child was given an ID",
            (_parent("a" * 96, "ship-7"),),
            moving(sdk="python"),
        ),
    )

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:
        """Note the levels below an instance, and below its parent, where that is too many."""
        if given.target.sdk not in GROWING or not any(map(_has_default_id, fact.history)):
            return
        most, started = given.thresholds.id_most, fact.state.started
        if most - GROWTH < length(fact.instance_id) <= most:
            yield Observation(grouped(fact, fact.instance_id), "1", fact.place)
        if started is None or started.parent is None or not _is_default(fact.instance_id):
            return
        above = started.parent.execution.instance_id
        if most - 2 * GROWTH < length(above) <= most:
            place = Place(source=fact.place.source, kind=PlaceKind.INSTANCE, key=above)
            yield Observation(grouped(fact, above), "2", place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Count as many levels as were seen."""
        *_, deepest = seen
        size = length(deepest.place.key) + GROWTH * int(deepest.value)
        most = given.thresholds.id_most
        said = (
            f"a child {deepest.value} deep will have an ID of {size} characters, {most} are allowed"
        )
        yield self.at(deepest.place, said, head=deepest.place.key)


def _has_default_id(event: Event) -> bool:
    return isinstance(event, SubOrchestrationInstanceCreated) and _is_default(event.instance_id)


def _is_default(instance_id: str | None) -> bool:
    """Tell whether an SDK made the ID of a child: a GUID, or one that begins with an execution's."""
    known = instance_id or ""
    return is_generated(known) or guid_of(known) is not None
