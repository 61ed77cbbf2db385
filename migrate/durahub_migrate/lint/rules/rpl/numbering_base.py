"""RPL301: a history numbered otherwise than the target's SDK numbers."""

from collections.abc import Iterator

from durahub.model.history import ActionEvent, TaskScheduled
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.rpl.replaying import NUMBERED_FROM, ReplayRule, is_rewound
from durahub_migrate.lint.target import Given

RENUMBERED = frozenset({"a"})  # our own server shows each worker the numbers that it counts by


def _from(number: int, **others: object) -> InstanceFacts:
    first = TaskScheduled(event_id=number, timestamp=STARTED, name="Charge")
    return an_instance(history=a_history(first), **others)  # type: ignore[arg-type]  # fields by name


class NumberingBase(ReplayRule):
    """Finds running instances whose actions are numbered from 0 and the target's from 1, or the reverse.

    Why it matters: a replay finds the result of an action by its number. .NET, Java and Go number the
    actions of an orchestrator from 0, the portable SDKs for Python and JavaScript from 1. A history of
    the one is nonsense to the other: the instance fails as non-deterministic at once.

    What to do: keep the SDK while instances run, and change it later with new ones. Or have the numbers
    changed where the history is copied: in each action, result and timer. ``durahub`` as the target does
    that (``strategy = "a"``).

    When to ignore it: if your tool renumbers.
    """

    code = "RPL301"
    message = "history is numbered otherwise than the target's SDK numbers"
    severity = Severity.ERROR
    source = "durabletask-python worker.py; DurableTask.Core TaskOrchestrationContext.cs"
    needs = frozenset({Need.HISTORY, Need.TARGET_SDK})
    bad = (
        Example("A .NET history for Python", (_from(0),), moving(sdk="python")),
        Example("A history that begins with 1 for .NET", (_from(1),), moving(sdk="dotnet")),
    )
    good = (
        Example("A .NET history for Java", (_from(0),), moving(sdk="java")),
        Example(
            "A history that begins with 1 for JavaScript", (_from(1),), moving(sdk="javascript")
        ),
        Example(
            "An instance that has ended", (_from(0, status="Completed"),), moving(sdk="python")
        ),
        Example(
            "One that is started anew on the target",
            (_from(0),),
            moving(sdk="python", strategy="b1"),
        ),
    )

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Look at the first action; behind a rewind it need not be the first that there was."""
        wanted = NUMBERED_FROM.get(given.target.sdk or "")
        if wanted is None or given.target.strategy in RENUMBERED:
            return
        if any(map(is_rewound, fact.history)):
            return
        actions = (
            one for one in fact.history if isinstance(one, ActionEvent) and one.event_id >= 0
        )
        first = next(actions, None)
        if first is not None and first.event_id == 1 - wanted:
            said = f"the actions are numbered from {first.event_id}, {given.target.sdk} counts from {wanted}"
            yield self.at(fact.place, said)
