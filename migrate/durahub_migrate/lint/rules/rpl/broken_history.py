"""RPL312: a history that cannot have happened."""

from collections.abc import Iterator, Sequence

from durahub.classic.doctor.rules.history import (
    MOST_NAMED,
    doubled_results,
    unasked,
)
from durahub.model.history import (
    TaskCompleted,
    TaskScheduled,
)
from durahub_migrate.lint.examples import STARTED, a_history, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import ALL_PROFILES, Example, Rule
from durahub_migrate.lint.rules.rpl.replaying import will_replay
from durahub_migrate.lint.target import Given

_ASKED = TaskScheduled(event_id=0, timestamp=STARTED, name="Charge")
_ASKED_NEXT = TaskScheduled(event_id=1, timestamp=STARTED, name="Ship")
_RESULT = TaskCompleted(timestamp=STARTED, task_scheduled_id=0, result="1")


class BrokenHistory(Rule[InstanceFacts]):
    """Finds histories without a start, results without their actions, and results that came twice.

    Why it matters: a replay takes a history for what happened. Without its start nothing can be replayed;
    a result without its action is passed over, or taken for non-determinism, according to the SDK. A
    result that came twice is harmless to most: a message was delivered again after a crash, and the first
    one counts.

    What to do: look at who writes the hub beside its workers, and at errors of storage about that time. An
    instance whose history is broken is best ended and started anew; do not move it with its history.
    """

    code = "RPL312"
    message = "history is not complete, or holds something twice"
    severity = Severity.ERROR
    source = "DurableTask.Core, TaskOrchestrationExecutor.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY})
    profiles = ALL_PROFILES
    bad = (
        Example("A history without a start", (an_instance(history=[_ASKED, _RESULT]),)),
        Example("A result without its action", (an_instance(history=a_history(_RESULT)),)),
        Example(
            "A result that came twice: worth knowing",
            (an_instance(history=a_history(_ASKED, _RESULT, _RESULT)),),
        ),
    )
    good = (
        Example(
            "An action that stands twice: another rule's",
            (an_instance(history=a_history(_ASKED, _ASKED)),),
        ),
        Example(
            "Two actions, the first with its result",
            (an_instance(history=a_history(_ASKED, _ASKED_NEXT, _RESULT)),),
        ),
        Example("An instance that has not run", (an_instance(status="Pending"),)),
        Example(
            "A history that was not read",
            (an_instance(history=[_RESULT], history_is_read=False),),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Check the history as a whole; what has ended is a warning at most."""
        if not fact.history_is_read or not fact.history or fact.problems:
            return
        severity = Severity.ERROR if will_replay(fact) or fact.is_entity else Severity.WARNING
        events = fact.history
        if fact.state.started is None:
            said = f"the history of {len(events)} events has no start"
            yield self.at(fact.place, said, discriminator="start", severity=severity)
            return
        yield from self._named(fact, "results without their actions", unasked(events), severity)
        twice = doubled_results(events)
        yield from self._named(fact, "results that came twice", twice, Severity.INFO)

    def _named(
        self, fact: InstanceFacts, what: str, found: Sequence[str], severity: Severity
    ) -> Iterator[Finding]:
        if found:
            more = ", …" if len(found) > MOST_NAMED else ""
            said = f"{what}: {', '.join(found[:MOST_NAMED])}{more}"
            yield self.at(fact.place, said, discriminator=what, severity=severity)
