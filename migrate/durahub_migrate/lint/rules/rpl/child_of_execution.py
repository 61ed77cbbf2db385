"""RPL307: children whose IDs contain the execution's."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.model.history import SubOrchestrationInstanceCreated
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.rules.rpl.replaying import children, will_replay
from durahub_migrate.lint.target import Given

NEW_EXECUTION = frozenset({None, "b1", "b2"})  # strategies that start another execution


def _with_child(instance_id: str, status: str = "Running") -> InstanceFacts:
    child = SubOrchestrationInstanceCreated(
        event_id=0, timestamp=STARTED, instance_id=instance_id, name="Ship"
    )
    return an_instance(history=a_history(child), status=status)


class ChildOfExecution(Rule[InstanceFacts]):
    """Finds running instances with children whose IDs contain the execution ID.

    Why it matters: a child that is given no ID gets ``EXECUTION:NUMBER`` from the Durable Task Framework.
    An instance that is started again on the target has another execution ID, so it starts another child;
    the one that was moved beside it belongs to nobody.

    What to do: move parent and children together with their execution IDs (``a``, ``b4``), or let them end
    first. Give children IDs of your own in new code.
    """

    code = "RPL307"
    message = "children's IDs contain the execution ID"
    severity = Severity.WARNING
    source = "DurableTask.Core, TaskOrchestrationContext.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY})
    profiles = MOVING_PROFILES
    bad = (Example("A child without an ID of its own", (_with_child(f"{'0' * 32}:0"),)),)
    good = (
        Example("A child that was given an ID", (_with_child("ship-7"),)),
        Example("A child of another execution", (_with_child(f"{'1' * 32}:0"),)),
        Example("A parent that has ended", (_with_child(f"{'0' * 32}:0", "Completed"),)),
        Example(
            "A move that keeps the execution ID",
            (_with_child(f"{'0' * 32}:0"),),
            moving(strategy="b4"),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Look for the execution ID at the beginning of the children's."""
        started = fact.state.started
        if given.target.strategy not in NEW_EXECUTION or started is None or not will_replay(fact):
            return
        execution = started.execution.execution_id
        if not execution:
            return
        found = [
            (index, child.instance_id)
            for index, child in children(fact.history)
            if (child.instance_id or "").startswith(f"{execution}:")
        ]
        if found:
            index, first = found[0]
            place = replace(fact.place, part=f"event {index}")
            yield self.at(place, f"children named for the execution: {len(found)}", head=first)
