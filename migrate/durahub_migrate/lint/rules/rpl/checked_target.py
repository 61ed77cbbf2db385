"""RPL308: events sent to other instances, for a target that checks to whom."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.engine.entities.ids import is_entity
from durahub.model.history import EventSent
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.rpl.replaying import ReplayRule
from durahub_migrate.lint.target import Given


def _sent_to(instance_id: str) -> InstanceFacts:
    sent = EventSent(event_id=0, timestamp=STARTED, instance_id=instance_id, name="paid")
    return an_instance(history=a_history(sent))


class CheckedTarget(ReplayRule):
    """Finds running instances that have sent events to other instances, where the target is Python.

    Why it matters: on a replay Python's worker compares to whom an event was sent and what it is called,
    and fails the instance if either differs. DTFx compares neither, so an orchestrator that computes the
    target from something that changes has worked until now.

    What to do: see that the code computes the target from its input, results and events alone.
    """

    code = "RPL308"
    message = "the target's SDK checks to whom events were sent"
    severity = Severity.INFO
    source = "durabletask-python worker.py"
    needs = frozenset({Need.HISTORY, Need.TARGET_SDK})
    bad = (Example("An event to another order", (_sent_to("order-8"),), moving(sdk="python")),)
    good = (
        Example(
            "An event to another order, for .NET", (_sent_to("order-8"),), moving(sdk="dotnet")
        ),
        Example("A message to an entity", (_sent_to("@stock@a"),), moving(sdk="python")),
    )

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Count the events; messages to entities are no events."""
        if given.target.sdk != "python":
            return
        sent = [
            index
            for index, event in enumerate(fact.history)
            if isinstance(event, EventSent) and not is_entity(event.instance_id)
        ]
        if sent:
            place = replace(fact.place, part=f"event {sent[0]}")
            yield self.at(place, f"events sent to other instances: {len(sent)}")
