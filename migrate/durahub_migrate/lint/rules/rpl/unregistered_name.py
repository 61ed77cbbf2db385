"""RPL305: a recorded name that the target's app does not know."""

from collections.abc import Iterator

from durahub.engine.state import question_of
from durahub.model.history import SubOrchestrationInstanceCreated, TaskScheduled
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given

WITHOUT_CASE = frozenset({"dotnet"})  # SDKs that find a name in any case

_OPEN = an_instance(
    history=a_history(TaskScheduled(event_id=0, timestamp=STARTED, name="Charge")),
)


class UnregisteredName(Rule[InstanceFacts]):
    """Finds instances, waiting activities and entities with names that the target's app does not register.

    Why it matters: a work item with a name that no worker knows is never done: the instance fails, or
    waits for good. .NET finds a name in any case of letters; the other SDKs want it exactly as it was
    registered.

    What to do: register the name in the target's app, in the case that was recorded, at least until these
    instances have ended. If the name was left out of the list that you gave, add it there.
    """

    code = "RPL305"
    message = "the target's app does not register the name"
    severity = Severity.WARNING
    source = "durabletask-python worker.py; durabletask-dotnet DurableTaskFactory.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.TARGET_NAMES})
    profiles = MOVING_PROFILES
    bad = (
        Example("An orchestrator", (an_instance(),), moving(names=frozenset({"Invoice"}))),
        Example(
            "Another case, for Python",
            (an_instance(),),
            moving(names=frozenset({"order"}), sdk="python"),
        ),
        Example("An activity that waits", (_OPEN,), moving(names=frozenset({"Order"}))),
        Example("An entity", (an_instance("@cart@a"),), moving(names=frozenset({"Order"}))),
    )
    good = (
        Example("All of them", (_OPEN,), moving(names=frozenset({"Order", "Charge"}))),
        Example(
            "Another case, for .NET",
            (an_instance(),),
            moving(names=frozenset({"order"}), sdk="dotnet"),
        ),
        Example(
            "An entity, whose name is in lower case",
            (an_instance("@cart@a"),),
            moving(names=frozenset({"Cart"}), sdk="python"),
        ),
        Example(
            "An instance that has ended",
            (an_instance(status="Failed"),),
            moving(names=frozenset({"Invoice"})),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Look up the names that the target will be asked for."""
        target = given.target
        folded = target.folded_names
        for kind, name in _asked_for(fact):
            if name in (target.names or ()):
                continue
            if name.casefold() not in folded:
                said = f"{kind} {name!r} is not registered"
            elif kind == "entity" or target.sdk in WITHOUT_CASE:
                continue
            else:
                said = f"{kind} {name!r} is registered in another case only"
            yield self.at(fact.place, said, discriminator=f"{kind} {name}")


def _asked_for(fact: InstanceFacts) -> Iterator[tuple[str, str]]:
    """Yield what the target will be asked to run: the instance itself, and what has not answered."""
    if fact.entity is not None:
        yield "entity", fact.entity.name
        return
    if fact.is_terminal:
        return
    started = fact.state.started
    name = started.name if started is not None else fact.row.name if fact.row is not None else None
    if name:
        yield "orchestrator", name
    waiting: dict[tuple[str, str], None] = {}
    for event in fact.history:
        if not isinstance(event, TaskScheduled | SubOrchestrationInstanceCreated):
            continue
        if event.name and question_of(event) not in fact.state.answers:
            kind = "activity" if isinstance(event, TaskScheduled) else "orchestrator"
            waiting[kind, event.name] = None
    yield from waiting
