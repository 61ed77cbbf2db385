"""QUE604: a message for an instance that is not there."""

from collections.abc import Iterable, Iterator

from durahub.classic.doctor.rules.messages import ENDED, NOBODY, START_WITHOUT_ROW
from durahub.engine.entities.ids import is_entity
from durahub.model.history import ExecutionStarted
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import STOPPED, a_diagnosis, a_queued, began, fired, raised
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, Observation
from durahub_migrate.lint.rules.groups import group_of, name_in
from durahub_migrate.lint.rules.hub.diagnosed import is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.rules.que.stray_message import StrayMessage, severity_in
from durahub_migrate.lint.target import Given

THERE = "!"  # before every message
_BUNDLE = a_hub(kind=HubKind.BUNDLE, frozen=True)
_LOST = a_diagnosis(NOBODY, "TimerFired 2", key="orders-control-01/m1", kind=PlaceKind.MESSAGE)


class UnknownTarget(StrayMessage):
    """Finds messages whose instance is not there.

    Why it matters: in a hub in use the next worker deletes such a message, or, of a start whose
    client died before it wrote the row, puts it back for about a quarter of an hour. In a hub that
    is to be moved it stays, and would be delivered to nobody.

    What to do: leave it behind. If it is a start, ask whoever sent it to start the instance again.
    Events for IDs that never exist come from clients with a wrong ID: correct these.

    When to ignore it: in a hub in use, where it passes by itself and is told as information only.
    """

    code = "QUE604"
    message = "a message is for an instance that is not there"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension issue 3414"
    needs = frozenset({Need.QUEUES, Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "A timer of a purged instance, in a bundle", (_BUNDLE, a_queued(fired(EXAMPLE_TIME)))
        ),
        Example("The doctor says so", (_LOST,)),
        Example("The doctor says so of a stopped hub", (_LOST,), STOPPED),
        Example(
            "A start without a row",
            (
                a_diagnosis(
                    START_WITHOUT_ROW,
                    "ExecutionStarted",
                    key="orders-control-01/m1",
                    kind=PlaceKind.MESSAGE,
                ),
            ),
        ),
    )
    good = (
        Example(
            "Its instance is there",
            (_BUNDLE, a_queued(fired(EXAMPLE_TIME)), an_instance(history=began())),
        ),
        Example(
            "It is the start itself, of a child",
            (_BUNDLE, a_queued(began()[1], "parcel-7"), a_queued(raised("Go"), "parcel-7")),
        ),
        Example("A signal makes its entity", (_BUNDLE, a_queued(raised("op"), "@counter@a"))),
        Example(
            "Its instance has ended: another rule's",
            (
                a_diagnosis(
                    ENDED, "TimerFired 2", key="orders-control-01/m1", kind=PlaceKind.MESSAGE
                ),
            ),
        ),
    )

    def observe(
        self, fact: MessageFacts | InstanceFacts | Diagnosis, given: Given
    ) -> Iterator[Observation]:
        """Note by instance which are there, in hubs of another kind that have messages at all."""
        if isinstance(fact, Diagnosis) or given.hub is None or is_for_the_doctor(given):
            return
        if isinstance(fact, InstanceFacts):
            if given.hub.has_messages:
                yield Observation(group_of(given, fact.instance_id), THERE, given.hub.place)
        elif fact.target is not None and fact.event is not None:
            makes_it = isinstance(fact.event, ExecutionStarted) or is_entity(fact.target)
            value = THERE if makes_it else f"{fact.event.type.name} {severity_in(given).value}"
            yield Observation(group_of(given, fact.target), value, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell the messages of a group without an instance."""
        for one in seen:
            if one.value == THERE:
                return
            name, _, severity = one.value.partition(" ")
            said = f"{name} is for {name_in(group)}, which is not there"
            yield self.at(one.place, said, severity=Severity(severity))
