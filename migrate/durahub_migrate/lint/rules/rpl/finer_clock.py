"""RPL314: times that are finer than the target's clock."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.model.history import OrchestratorStarted
from durahub.model.ticks import Ticks, to_round_trip_text
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.rpl.replaying import TICKS_OF_CLOCK, ReplayRule
from durahub_migrate.lint.target import Given


def _at(ticks: int) -> InstanceFacts:
    return an_instance(history=a_history(at=Ticks(STARTED + ticks)))


class FinerClock(ReplayRule):
    """Finds running instances whose orchestrator clock is finer than the target's SDK can tell.

    Why it matters: .NET counts time in steps of 100 ns and records all seven digits. Python keeps six of
    them, JavaScript three. Whatever the orchestrator makes of its clock, IDs above all, comes out
    otherwise when the history is replayed there. A tool that passes the times through such a language
    loses the digits for good, and then .NET cannot replay the history any more either.

    What to do: use a tool that keeps ticks (``durahub`` does). Where the SDK changes as well, let those
    instances end that make IDs or file names of the time.
    """

    code = "RPL314"
    message = "times are finer than the target's clock"
    severity = Severity.WARNING
    source = "durabletask-dotnet TaskOrchestrationContextWrapper.cs; Python datetime"
    needs = frozenset({Need.HISTORY, Need.TARGET_SDK})
    bad = (
        Example("100 ns, for Python", (_at(1),), moving(sdk="python")),
        Example("1 µs, for JavaScript", (_at(10),), moving(sdk="javascript")),
    )
    good = (
        Example("1 µs, for Python", (_at(10),), moving(sdk="python")),
        Example("1 ms, for JavaScript", (_at(10_000),), moving(sdk="javascript")),
        Example("100 ns, for .NET", (_at(1),), moving(sdk="dotnet")),
    )

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Count the episodes whose time the target would cut."""
        step = TICKS_OF_CLOCK.get(given.target.sdk or "")
        if step is None:
            return
        finer = [
            (index, event.timestamp)
            for index, event in enumerate(fact.history)
            if isinstance(event, OrchestratorStarted) and event.timestamp % step
        ]
        if finer:
            index, first = finer[0]
            place = replace(fact.place, part=f"event {index}")
            said = f"episodes whose times {given.target.sdk} cuts: {len(finer)}"
            said += f", the first at {to_round_trip_text(first)}"
            yield self.at(place, said)
