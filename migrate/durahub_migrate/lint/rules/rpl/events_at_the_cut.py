"""RPL306: events that an eternal instance has not seen."""

from collections.abc import Iterable, Iterator

from durahub.model.history import ContinueAsNew, EventRaised, ExecutionStarted
from durahub_migrate.lint.examples import STARTED, a_history, a_message, an_instance
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.rpl.replaying import will_replay
from durahub_migrate.lint.target import Given

Carrier = InstanceFacts | MessageFacts

_ETERNAL = an_instance("watch", history=a_history(), row={"generation": 0})
_STARTED_ONCE = an_instance("watch", history=a_history(generation=0), row={"generation": 0})
_EVENT = a_message(EventRaised(timestamp=STARTED, name="changed", input="1"), "watch")


class EventsAtTheCut(JoiningRule[Carrier]):
    """Finds eternal instances for which events are waiting.

    Why it matters: an orchestrator that continues as new may not have seen all events that were raised
    for it. In the in-process model they were dropped unless the code asked to keep them; the isolated
    model and the SDKs keep them unless it asks to drop them. Events that wait while the hub is moved meet
    the new default: what used to be forgotten is now handled, perhaps twice.

    What to do: set the argument of ``ContinueAsNew`` in the new code to what the old code did. Let the
    instance take its events before the cut, or send them again behind it.

    When to ignore it: if old code and new code say themselves whether events are kept. Nothing is found in
    hubs of DurableTask 1.x, which do not show that an instance has continued.
    """

    code = "RPL306"
    message = "events wait for an eternal instance"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "azure-functions-durable-extension issue 1676; migration to the isolated model"
    about = (InstanceFacts, MessageFacts)
    needs = frozenset({Need.HISTORY, Need.QUEUES})
    profiles = MOVING_PROFILES
    bad = (Example("An event for an instance that has continued as new", (_ETERNAL, _EVENT)),)
    good = (
        Example("One for an instance in its first generation", (_STARTED_ONCE, _EVENT)),
        Example("An eternal instance for which nothing waits", (_ETERNAL,)),
    )

    def observe(self, fact: Carrier, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note eternal instances, and events by whom they are for."""
        if isinstance(fact, MessageFacts):
            if isinstance(fact.event, EventRaised) and fact.target is not None:
                yield Observation(_group(fact, fact.target), "event", fact.place)
        elif will_replay(fact) and _has_continued(fact):
            yield Observation(_group(fact, fact.instance_id), "eternal", fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Count the events of an instance that is eternal."""
        eternal: Observation | None = None
        events = 0
        for one in seen:
            if one.value == "event":
                events += 1
            else:
                eternal = one
        if eternal is not None and events:
            yield self.at(eternal.place, f"events that wait for it: {events}")


def _group(fact: Carrier, instance_id: str) -> str:
    return f"{fact.place.source}\n{instance_id}"


def _has_continued(fact: InstanceFacts) -> bool:
    """Tell whether an instance is in a later generation.

    A client's start has a number, which its row keeps; a generation that follows has none. Children have
    none either, so of them only old histories tell.
    """
    started = fact.state.started
    if any(isinstance(event, ContinueAsNew) for event in fact.history):
        return True
    if not isinstance(started, ExecutionStarted) or started.parent is not None:
        return False
    counted = fact.row is not None and fact.row.generation is not None
    return counted and started.generation is None
