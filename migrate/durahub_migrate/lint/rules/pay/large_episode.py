"""PAY406: an episode that does too much at once."""

from collections.abc import Iterator
from dataclasses import replace

from durahub.model.history import (
    ActionEvent,
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskScheduled,
)
from durahub_migrate.lint.examples import STARTED, a_payload, an_instance, moving
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, Rule
from durahub_migrate.lint.target import Given

AROUND = 64  # bytes that an action takes beside its payload, about
TOKEN = 200  # bytes of what stands for an offloaded payload, about

_FAN_OUT: tuple[Event, ...] = (
    OrchestratorStarted(timestamp=STARTED),
    ExecutionStarted(timestamp=STARTED, execution=Execution("order-7"), name="Order"),
    *(TaskScheduled(event_id=number, timestamp=STARTED, name="Resize") for number in range(5)),
    OrchestratorCompleted(timestamp=STARTED),
)


def _inputs(size: int, count: int = 5) -> list[Payload]:
    return [
        a_payload(size, PayloadKind.ACTIVITY_INPUT, where=f"event {index}, Input", event=index)
        for index in range(2, 2 + count)
    ]


class LargeEpisode(Rule[InstanceFacts]):
    """Finds episodes whose actions together take more than 4,089,446 bytes.

    Why it matters: a worker answers each turn of an orchestrator with one message that holds all it
    wants done: activities and children with their inputs, events, the result. gRPC takes messages of 4 MiB.
    Workers for .NET split a larger answer and need newer versions for that; others send it whole, and it
    is refused. The orchestrator is then run again and again with the same end.

    What to do: pass references instead of data to activities that are started together, start fewer at
    once, or turn payload offloading on. Only inputs that the history holds are counted: hubs in Azure
    Storage leave them out unless told otherwise, and then there is nothing to find here.
    """

    code = "PAY406"
    message = "one episode's actions may be too large for one message"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "durabletask-dotnet GrpcDurableTaskWorkerOptions.cs"
    about = (InstanceFacts,)
    needs = frozenset({Need.HISTORY})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example(
            "Five activities with 900,000 bytes of input each",
            (an_instance(history=_FAN_OUT, payloads=_inputs(900_000)),),
        ),
    )
    good = (
        Example(
            "Five activities with 800,000 bytes of input each",
            (an_instance(history=_FAN_OUT, payloads=_inputs(800_000)),),
        ),
        Example(
            "The same 900,000 bytes each, where the app offloads payloads",
            (an_instance(history=_FAN_OUT, payloads=_inputs(900_000)),),
            moving(offload=True),
        ),
        Example(
            "Large results, which come one by one",
            (
                an_instance(
                    history=_FAN_OUT,
                    payloads=[a_payload(5_000_000, PayloadKind.ACTIVITY_OUTPUT, event=7)],
                ),
            ),
        ),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Add up the actions between the start and the end of each episode."""
        most = given.thresholds.episode_most
        if sum(payload.size for payload in fact.payloads) + AROUND * len(fact.history) <= most:
            return
        for number, (first, size) in enumerate(_episodes(fact, given), 1):
            if size > most:
                said = f"the actions of episode {number} take {size:,} bytes, {most:,} are allowed"
                place = replace(fact.place, part=f"event {first}")
                yield self.at(place, said, discriminator=f"episode {number}")


def _episodes(fact: InstanceFacts, given: Given) -> Iterator[tuple[int, int]]:
    """Yield the first event of each episode and the bytes of its actions."""
    sizes: dict[int, int] = {}
    for payload in fact.payloads:
        if payload.event is not None:
            moved = given.target.offload and payload.size >= given.thresholds.offload_from
            size = TOKEN if moved else payload.size
            sizes[payload.event] = sizes.get(payload.event, 0) + size
    first, total = 0, 0
    for index, event in enumerate(fact.history):
        if isinstance(event, OrchestratorStarted):
            if index:
                yield first, total
            first, total = index, 0
        elif isinstance(event, ActionEvent | ExecutionCompleted):
            total += sizes.get(index, 0) + AROUND
    yield first, total
