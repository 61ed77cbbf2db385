"""QUE605: a message for an instance that has ended, or for an execution that is over."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from durahub.classic.doctor.rules.messages import ENDED, NOBODY, OLDER
from durahub.engine.state import answer_of, same_execution
from durahub.model.history import ExecutionRewound, ExecutionStarted, Status
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import Diagnosis, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import (
    STOPPED,
    a_diagnosis,
    a_queued,
    ago,
    began,
    ended,
    fired,
    raised,
    timer,
)
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, Observation
from durahub_migrate.lint.rules.groups import group_of, name_in
from durahub_migrate.lint.rules.hub.diagnosed import is_for_the_doctor
from durahub_migrate.lint.rules.of_hubs import OF_HUBS
from durahub_migrate.lint.rules.que.stray_message import StrayMessage, severity_in
from durahub_migrate.lint.target import Given

_BUNDLE = a_hub(kind=HubKind.BUNDLE, frozen=True)
_LATE = a_diagnosis(OLDER, "TimerFired 2", key="orders-control-01/m1", kind=PlaceKind.MESSAGE)


class StaleMessage(StrayMessage):
    """Finds messages that have come too late: their instance has ended, or runs again.

    Why it matters: a timer that was not cancelled, a result of an activity nobody waits for any
    more, an event after the end: the next worker deletes them. In a hub that is to be moved they
    stay, and must not be carried: an event could reach another execution under the same ID.

    What to do: nothing in a hub in use; before a move, let workers run until the queues are empty,
    or leave these messages behind.

    When to ignore it: in a hub in use, where they pass by themselves and are told as information
    only.
    """

    code = "QUE605"
    message = "a message has come too late for its instance"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension issue 3414"
    needs = frozenset({Need.QUEUES, Need.INSTANCES, Need.HISTORY})
    profiles = OF_HUBS
    bad = (
        Example(
            "A timer of an instance that has ended, in a bundle",
            (
                _BUNDLE,
                a_queued(fired(EXAMPLE_TIME)),
                an_instance(status="Completed", history=began(timer(EXAMPLE_TIME), ended())),
            ),
        ),
        Example(
            "An event for an execution that is over",
            (
                _BUNDLE,
                a_queued(raised("Go"), execution_id="f" * 32),
                an_instance(history=began()),
            ),
        ),
        Example("The doctor says so", (_LATE,)),
        Example("The doctor says so of a stopped hub", (_LATE,), STOPPED),
        Example(
            "It has ended, the doctor says",
            (
                a_diagnosis(
                    ENDED, "EventRaised", key="orders-control-01/m2", kind=PlaceKind.MESSAGE
                ),
            ),
        ),
    )
    good = (
        Example(
            "A timer of an instance that runs",
            (
                _BUNDLE,
                a_queued(fired(EXAMPLE_TIME), execution_id="0" * 32),
                an_instance(history=began(timer(EXAMPLE_TIME))),
            ),
        ),
        Example(
            "A new start of an ID that has ended",
            (
                _BUNDLE,
                a_queued(began()[1], execution_id="f" * 32),
                an_instance(status="Pending", history=began(ended())),
            ),
        ),
        Example(
            "It has ended after the messages of a bundle were read, for the hub was in use",
            (
                replace(_BUNDLE, frozen=False, since=ago(60)),
                a_queued(fired(EXAMPLE_TIME)),
                an_instance(
                    status="Completed",
                    history=began(timer(EXAMPLE_TIME), ended()),
                    row={"last_updated": ago(30)},
                ),
            ),
        ),
        Example(
            "A rewind of an instance that has failed",
            (
                _BUNDLE,
                a_queued(ExecutionRewound(timestamp=EXAMPLE_TIME, reason="again")),
                an_instance(status="Failed", history=began(ended(Status.Failed))),
            ),
        ),
        Example(
            "There is no instance: another rule's",
            (
                a_diagnosis(
                    NOBODY, "TimerFired 2", key="orders-control-01/m1", kind=PlaceKind.MESSAGE
                ),
            ),
        ),
    )

    def observe(
        self, fact: MessageFacts | InstanceFacts | Diagnosis, given: Given
    ) -> Iterator[Observation]:
        """Note by instance its execution and whether it has ended, in hubs of another kind."""
        if isinstance(fact, Diagnosis) or given.hub is None or is_for_the_doctor(given):
            return
        if isinstance(fact, InstanceFacts):
            if given.hub.has_messages and fact.row is not None and not fact.is_entity:
                by_history = fact.state.completed is not None and fact.row.status != "Pending"
                told = [fact.row.execution_id, fact.is_terminal or by_history]
                if _has_changed(fact, given):
                    told = [None, False]
                group = group_of(given, fact.instance_id)
                yield Observation(group, "!" + json.dumps(told), given.hub.place)
        elif fact.target is not None and fact.event is not None:
            is_due = fact.visible_at is None or fact.visible_at <= given.read_at
            begins = isinstance(fact.event, ExecutionStarted | ExecutionRewound)  # what has ended
            if begins or not is_due:
                return
            shown = answer_of(fact.event)
            name = fact.event.type.name + (f" {shown[1]}" if shown is not None else "")
            told = [name, fact.execution_id, severity_in(given).value]
            yield Observation(group_of(given, fact.target), json.dumps(told), fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare each message with its instance, which comes first."""
        target = name_in(group)
        current: tuple[str | None, bool] | None = None
        for one in seen:
            if one.value.startswith("!"):
                current = tuple(json.loads(one.value[1:]))
            elif current is not None:
                name, wanted, severity = json.loads(one.value)
                execution, has_ended = current
                is_other = None not in (wanted, execution) and not same_execution(wanted, execution)
                if has_ended or is_other:
                    why = "has ended" if has_ended else "runs again"
                    said = f"{name} is for {target}, which {why}"
                    yield self.at(one.place, said, severity=Severity(severity))


def _has_changed(fact: InstanceFacts, given: Given) -> bool:
    """Tell whether an instance may have gone on since the messages of a bundle were read."""
    until, row = given.settled_until, fact.row
    last = row.last_updated if row is not None else None
    return until is not None and (last is None or last >= until)
