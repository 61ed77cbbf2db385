"""PAY411: an eternal instance whose input grows."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.model.history import (
    ContinueAsNew,
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
)
from durahub.model.ticks import later, seconds_between
from durahub_migrate.lint.examples import STARTED, a_payload, an_instance, limited
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given

DAY = 86_400.0  # seconds


def _a_day(before: int, after: int) -> InstanceFacts:
    history = (
        OrchestratorStarted(timestamp=STARTED),
        ExecutionStarted(timestamp=STARTED, execution=Execution("watch"), name="Watch"),
        ContinueAsNew(timestamp=later(STARTED, DAY), status=Status.ContinuedAsNew),
    )
    payloads = [
        a_payload(before, where="event 1, Input", event=1),
        a_payload(after, where="event 2, Result", event=2),
    ]
    return an_instance("watch", history=history, payloads=payloads)


class GrowingInput(Rule[InstanceFacts]):
    """Finds eternal instances whose input grows from one generation to the next.

    Why it matters: what an orchestrator hands to its next generation grows where it keeps a list of what it
    has seen. Azure Storage takes any size; on the scheduler the instance fails on the day the input passes
    1 MB, long after the move.

    What to do: keep what grows in an entity or a store, or drop what is old when the orchestrator continues
    as new. Only a history that holds the end of a generation shows the growth: Azure Storage hubs written by
    current versions keep none, so there a clean result proves little.
    """

    code = "PAY411"
    message = "input of an eternal instance grows"
    severity = Severity.INFO
    confidence = Confidence.LOW
    source = "inferred from the limit of payloads"
    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example("From 500,000 to 510,000 bytes in a day", (_a_day(500_000, 510_000),)),
        Example("By little, near the limit", (_a_day(1_048_000, 1_048_010),)),
    )
    good = (
        Example("The same size again", (_a_day(500_000, 500_000),)),
        Example("By 10 bytes a day from 1,000: a hundred thousand days", (_a_day(1_000, 1_010),)),
        Example(
            "From 500,000 to 510,000 in a day, where 30 days count",
            (_a_day(500_000, 510_000),),
            limited(growth_days=30.0),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Compare the input of a generation with that of the next; go on in a straight line."""
        most = given.thresholds.payload_error
        sizes = {one.event: one.size for one in fact.payloads}
        started = _first(fact.history, ExecutionStarted)
        ended = _end(fact.history)
        if fact.is_entity or started is None or ended is None:
            return
        before, after = sizes.get(started, 0), sizes.get(ended, 0)
        took = seconds_between(fact.history[started].timestamp, fact.history[ended].timestamp)
        if not before or after <= before or after > most:
            return
        generations = (most - after) / (after - before) + 1
        days = generations * max(took, 0.0) / DAY
        if days <= given.thresholds.growth_days:
            said = (
                f"the input grew from {before:,} to {after:,} bytes in one generation: "
                f"{most:,} are passed in about {generations:,.0f} more, or {days:,.1f} days"
            )
            yield self.at(replace(fact.place, part=f"event {ended}, Result"), said)


def _first(history: tuple[Event, ...], kind: type[Event]) -> int | None:
    return next((index for index, event in enumerate(history) if isinstance(event, kind)), None)


def _end(history: tuple[Event, ...]) -> int | None:
    """Return the index of the event that ends a generation, ``None`` if there is none."""
    for index, event in enumerate(history):
        if isinstance(event, ContinueAsNew) or (
            isinstance(event, ExecutionCompleted) and event.status is Status.ContinuedAsNew
        ):
            return index
    return None
