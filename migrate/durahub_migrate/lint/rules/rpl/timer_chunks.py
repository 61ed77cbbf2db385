"""RPL303: long timers that the target's SDK divides otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from durahub.model.history import (
    ActionEvent,
    Event,
    OrchestratorStarted,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import PER_SECOND, Ticks, later
from durahub_migrate.lint.examples import STARTED, a_history, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.rpl.replaying import LONGEST_TIMER, ReplayRule
from durahub_migrate.lint.target import Given

CHUNK = timedelta(days=3)  # of .NET, Java, Python's own worker, and Durable Functions in-process
DAY = 86_400.0  # seconds


def _timer(number: int, days: float, since: Ticks = STARTED) -> TimerCreated:
    return TimerCreated(event_id=number, timestamp=since, fire_at=later(since, days * DAY))


def _fired(timer: TimerCreated) -> tuple[Event, ...]:
    at = timer.fire_at
    return (
        OrchestratorStarted(timestamp=at),
        TimerFired(timestamp=at, timer_id=timer.event_id, fire_at=at),
    )


_CHUNK, _WHOLE = _timer(0, 3), _timer(0, 7)
_CHAIN = (*a_history(_CHUNK), *_fired(_CHUNK), _timer(1, 3, _CHUNK.fire_at))


class TimerChunks(ReplayRule):
    """Finds running instances with long timers that the target's SDK would divide otherwise.

    Why it matters: some SDKs set no timer beyond three days: they set several, one after the other, and
    each is an action with a number of its own. .NET and Java do; Python's worker for the scheduler,
    JavaScript and Go do not. An orchestrator that waits for the first of three such timers goes on with
    the others where it is replayed so: it wakes up days too early, or fails as non-deterministic.

    What to do: let these instances end where they are, or wait until the long timer has fired. Where the
    SDK lets you, set its maximum timer interval to what the history has.

    When to ignore it: a timer of exactly three days that the code itself sets is no part of a longer
    one. Alone it cannot be told from a piece, so it is a warning as long as it runs, and an error where
    the code sets the next timer as soon as it has fired. Nothing is told of an instance that has set a
    timer for longer than three days: whoever ran it does not divide any.
    """

    code = "RPL303"
    message = "long timers are divided otherwise than the target's SDK does"
    severity = Severity.ERROR
    source = (
        "durabletask-dotnet DurableTaskWorkerOptions.cs; durabletask-python azuremanaged worker.py"
    )
    needs = frozenset({Need.HISTORY, Need.TARGET_SDK})
    bad = (
        Example(
            "Three days and on, for Python", (an_instance(history=_CHAIN),), moving(sdk="python")
        ),
        Example(
            "Three days that have not passed: a warning",
            (an_instance(history=a_history(_CHUNK)),),
            moving(sdk="python"),
        ),
        Example(
            "Seven days in one that have passed, for .NET",
            (an_instance(history=(*a_history(_WHOLE), *_fired(_WHOLE))),),
            moving(sdk="dotnet"),
        ),
    )
    good = (
        Example("Three days and on, for Java", (an_instance(history=_CHAIN),), moving(sdk="java")),
        Example(
            "Seven days in one, for Python",
            (an_instance(history=a_history(_WHOLE)),),
            moving(sdk="python"),
        ),
        Example(
            "Seven days in one that have not passed, for .NET",
            (an_instance(history=a_history(_WHOLE)),),
            moving(sdk="dotnet"),
        ),
        Example(
            "Three days of the code's own, by an SDK that sets a timer for seven, for Python",
            (an_instance(history=(*_CHAIN, _timer(2, 10))),),
            moving(sdk="python"),
        ),
        Example(
            "A timer of two days", (an_instance(history=a_history(_timer(0, 2))),), moving(sdk="go")
        ),
    )

    def replayed(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Compare the timers with those that the SDK would set."""
        sdk = given.target.sdk or ""
        longest = LONGEST_TIMER.get(sdk)
        timers = list(_timers(fact.history))
        is_divided = all(takes <= CHUNK for _, takes in timers)
        for index, takes in timers:
            event, then = fact.history[index], _behind(fact.history, index)
            if longest is None:
                if takes == CHUNK and is_divided:
                    yield from self._chunk(fact, index, then, sdk)
            elif takes > longest and then is not None:
                said = f"timer {event.event_id} ran {_days(takes)}"
                said += f", {sdk} sets none beyond {_days(longest)}"
                yield self._at(fact, index, said)

    def _chunk(
        self, fact: InstanceFacts, index: int, then: list[Event] | None, sdk: str
    ) -> Iterator[Finding]:
        """Judge a timer of three days for an SDK that divides none."""
        number = fact.history[index].event_id
        if then is None:
            said = f"timer {number} runs {_days(CHUNK)}: if it is part of a longer one, {sdk} ends that early"
            yield self._at(fact, index, said, Severity.WARNING)
        elif then and isinstance(then[0], TimerCreated):
            said = f"timer {number} is followed by another at once; {sdk} sets one timer for the whole time"
            yield self._at(fact, index, said)

    def _at(
        self, fact: InstanceFacts, index: int, said: str, severity: Severity | None = None
    ) -> Finding:
        place = replace(fact.place, part=f"event {index}")
        number = fact.history[index].event_id
        return self.at(place, said, discriminator=f"timer {number}", severity=severity)


def _timers(history: Sequence[Event]) -> Iterator[tuple[int, timedelta]]:
    """Yield where each timer was set, and for how long by the orchestrator's clock."""
    clock = history[0].timestamp
    for index, event in enumerate(history):
        if isinstance(event, OrchestratorStarted):
            clock = event.timestamp
        elif isinstance(event, TimerCreated):
            yield index, timedelta(microseconds=(event.fire_at - clock) * 1_000_000 // PER_SECOND)


def _behind(history: Sequence[Event], index: int) -> list[Event] | None:
    """Return the actions of the episode in which a timer fired, ``None`` if it has not."""
    number = history[index].event_id
    fired = None
    for place in range(index + 1, len(history)):
        event = history[place]
        if isinstance(event, TimerFired) and event.timer_id == number:
            fired = place
            break
    if fired is None:
        return None
    actions: list[Event] = []
    for event in history[fired + 1 :]:
        if isinstance(event, OrchestratorStarted):
            break
        if isinstance(event, ActionEvent):
            actions.append(event)
    return actions


def _days(time: timedelta) -> str:
    return f"{time.total_seconds() / DAY:.3g} days"
