"""RPL313: a failure of which only texts are recorded."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TaskScheduled,
)
from durahub_migrate.lint.examples import STARTED, a_history, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.rpl.replaying import ReplayRule
from durahub_migrate.lint.target import Given


def _failed(failure: Failure | None) -> tuple[Event, ...]:
    asked = TaskScheduled(event_id=0, timestamp=STARTED, name="Charge")
    failed = TaskFailed(
        timestamp=STARTED, task_scheduled_id=0, reason="no credit", details="…", failure=failure
    )
    return a_history(asked, failed)


class UntypedFailure(ReplayRule):
    """Finds running instances with failures that are recorded as a reason and details alone.

    Why it matters: the in-process model and old hosts write a failure as two texts. The SDKs of today
    hand the orchestrator a failure with a type, a message and a stack, which has to be made of these
    texts: the type is then a guess, and an ``except`` or ``catch`` by type, or a retry that asks for it,
    decides otherwise on the replay than it did at first.

    What to do: let the instances end where they are if their code looks at types of failures. In code that
    only catches any failure nothing changes.
    """

    code = "RPL313"
    message = "failure is recorded without its type"
    severity = Severity.WARNING
    source = "azure-functions-durable for Python, MIGRATION_GUIDE.md"
    bad = (Example("A reason and details", (an_instance(history=_failed(None)),)),)
    good = (
        Example(
            "Failure details",
            (an_instance(history=_failed(Failure(error_type="NoCredit", message="no credit"))),),
        ),
        Example(
            "An instance that has ended", (an_instance(history=_failed(None), status="Failed"),)
        ),
    )

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Count the failures of activities and children."""
        found = [
            index
            for index, event in enumerate(fact.history)
            if isinstance(event, TaskFailed | SubOrchestrationInstanceFailed)
            and event.failure is None
        ]
        if found:
            place = replace(fact.place, part=f"event {found[0]}")
            yield self.at(place, f"failures with a reason and details alone: {len(found)}")
