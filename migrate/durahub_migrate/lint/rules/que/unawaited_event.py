"""QUE609: events that an orchestration has received and perhaps never asks for."""

from collections.abc import Iterator

from durahub.engine.entities.messages import guid_of
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.hub_examples import activity, began, episode, raised
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.of_hubs import WHEN_MOVING
from durahub_migrate.lint.target import Given

MOST_NAMED = 5
_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


class UnawaitedEvent(Rule[InstanceFacts]):
    """Finds live orchestrations that did nothing after they received an event.

    Why it matters: an event that nobody waits for is kept with the instance until somebody does,
    through continue-as-new too, and is carried by a move. What an orchestration waits for stands in
    its code and not in its history. So this is a guess: nothing was scheduled in the episode that
    the event caused, nor later.

    What to do: compare the names with those that the orchestrator waits for; a wrong name, also in
    upper and lower case, is found here. If the event is of no use, leave the instance as it is.

    When to ignore it: where an orchestration waits for several events before it goes on.
    """

    code = "QUE609"
    message = "an event may be one that nobody waits for"
    severity = Severity.INFO
    confidence = Confidence.LOW
    source = "ours"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.HISTORY})
    profiles = WHEN_MOVING
    bad = (
        Example(
            "An episode with an event and nothing else",
            (an_instance(history=[*began(), *episode(raised("Aproved"))]),),
        ),
    )
    good = (
        Example(
            "The event was followed by an activity",
            (an_instance(history=[*began(), *episode(raised("Approved"), activity())]),),
        ),
        Example(
            "So it was in a later episode",
            (
                an_instance(
                    history=[
                        *began(),
                        *episode(raised("Low")),
                        *episode(raised("High"), activity()),
                    ]
                ),
            ),
        ),
        Example(
            "An entity's answer",
            (an_instance(history=[*began(), *episode(raised(_GUID))]),),
        ),
        Example(
            "An entity: its events are operations",
            (an_instance("@counter@a", history=[*began(), *episode(raised("op"))]),),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Collect the events behind the last action; a suspended instance keeps them on purpose."""
        if fact.is_entity or not fact.state.is_live or fact.state.suspended:
            return
        names: dict[str, int] = {}
        for event in reversed(fact.history):
            if _acts(event):
                break
            if isinstance(event, EventRaised) and event.name and guid_of(event.name) is None:
                names[event.name] = names.get(event.name, 0) + 1
        if names:
            count = sum(names.values())
            shown = ", ".join(repr(name) for name in list(names)[:MOST_NAMED])
            more = ", …" if len(names) > MOST_NAMED else ""
            said = (
                f"{count} {'events' if count > 1 else 'event'} without effect so far: {shown}{more}"
            )
            yield self.at(fact.place, said)


def _acts(event: Event) -> bool:
    actions = (TaskScheduled, TimerCreated, SubOrchestrationInstanceCreated, EventSent)
    return isinstance(event, actions)
