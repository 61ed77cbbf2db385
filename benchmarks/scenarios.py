"""What is played: each scenario starts things with SDK clients, waits for their end, and checks it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from durabletask.azuremanaged.client import AsyncDurableTaskSchedulerClient
from durabletask.client import OrchestrationQuery, OrchestrationState, OrchestrationStatus

from benchmarks.app import GREETINGS

PATIENCE = 300.0  # seconds for one orchestration
TREE = [3, 3]  # 1 + 3 + 9 nodes
TREE_NODES = 13
FEW = 10  # activities of an orchestration that is one of many
KEYS = 50  # entities of the spread counter

Client = AsyncDurableTaskSchedulerClient


@dataclass
class Outcome:
    """What came of a load."""

    latencies: list[float] = field(default_factory=list)  # seconds, of each that was waited for
    wrong: list[str] = field(default_factory=list)  # a sentence for each result that is not right
    seconds: float = 0.0  # from the first start to the last end that the client saw
    units: int = 0


@dataclass(frozen=True)
class Load:
    """The clients, one a server, and how much to ask of them."""

    clients: Sequence[Client]
    n: int
    at_once: int
    prefix: str = field(default_factory=lambda: uuid4().hex[:8])  # of names in this load alone

    def client(self, number: int) -> Client:
        """Return the client of the *number*-th; they take turns."""
        return self.clients[number % len(self.clients)]

    def instance_id(self, number: int) -> str:
        """Return the ID of the *number*-th instance, where the client names them."""
        return f"{self.prefix}-{number:06}"


Play = Callable[[Load, Outcome], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """One kind of load."""

    name: str
    about: str
    unit: str  # what figures are per: "orchestration"
    play: Play
    n: int = 100  # what is asked for unless another number is named
    prepare: Play | None = None  # what must be there before it is measured
    alone: int = 20  # how many run one at a time for the idle latency; 0: no such phase
    units: int = 1  # units that each of the n is


async def play(scenario: Scenario, load: Load) -> Outcome:
    """Play it; what goes wrong is in the outcome."""
    outcome = Outcome()
    started = time.perf_counter()
    await scenario.play(load, outcome)
    outcome.seconds = outcome.seconds or time.perf_counter() - started
    outcome.units = outcome.units or load.n * scenario.units
    return outcome


async def prepare(scenario: Scenario, load: Load) -> Outcome:
    """Make what the scenario is played on."""
    outcome = Outcome()
    if scenario.prepare:
        await scenario.prepare(load, outcome)
    return outcome


async def run_one(
    client: Client, outcome: Outcome, name: str, given: Any, *, expected: Any
) -> OrchestrationState | None:
    """Run one orchestration to its end; its output must be *expected*, unless that is ``...``."""
    started = time.perf_counter()
    instance = await client.schedule_new_orchestration(name, input=given)
    return await _await_end(client, outcome, instance, started, expected)


async def _await_end(
    client: Client, outcome: Outcome, instance: str, started: float, expected: Any
) -> OrchestrationState | None:
    state = None
    with suppress(TimeoutError):
        state = await client.wait_for_orchestration_completion(instance, timeout=PATIENCE)
    outcome.latencies.append(time.perf_counter() - started)
    if state is None:
        outcome.wrong.append(f"{instance} had not ended after {PATIENCE:.0f} s")
    elif state.runtime_status is not OrchestrationStatus.COMPLETED:
        outcome.wrong.append(f"{instance} ended as {state.runtime_status}: {state.failure_details}")
        return None
    elif expected is not ... and (output := state.get_output()) != expected:
        outcome.wrong.append(f"{instance} returned {output!r:.200}, not {expected!r:.200}")
    return state


async def gather(load: Load, n: int, one: Callable[[Client, int], Awaitable[Any]]) -> list[Any]:
    """Run *one* for each of *n*, ``load.at_once`` at a time."""
    places = asyncio.Semaphore(load.at_once)

    async def in_place(number: int) -> Any:
        async with places:
            return await one(load.client(number), number)

    return await asyncio.gather(*(in_place(number) for number in range(n)))


async def _five_cities(load: Load, outcome: Outcome) -> None:
    await gather(
        load,
        load.n,
        lambda client, _: run_one(client, outcome, "five_cities", None, expected=GREETINGS),
    )


async def _fan_out(load: Load, outcome: Outcome) -> None:
    n = load.n
    outcome.units = n
    await run_one(load.client(0), outcome, "fan_out", n, expected=n * (n - 1))


async def _fan_out_many(load: Load, outcome: Outcome) -> None:
    total = FEW * (FEW - 1)
    await gather(
        load, load.n, lambda client, _: run_one(client, outcome, "fan_out", FEW, expected=total)
    )


async def _tree(load: Load, outcome: Outcome) -> None:
    await gather(
        load,
        load.n,
        lambda client, _: run_one(client, outcome, "tree", TREE, expected=TREE_NODES),
    )


async def _entity_hot(load: Load, outcome: Outcome) -> None:
    await _count_up(load, outcome, keys=1)


async def _entity_spread(load: Load, outcome: Outcome) -> None:
    await _count_up(load, outcome, keys=KEYS)


async def _count_up(load: Load, outcome: Outcome, keys: int) -> None:
    async def one(client: Client, number: int) -> Any:
        key = f"{load.prefix}-{number % keys}"
        state = await run_one(client, outcome, "count_up", key, expected=...)
        return number % keys, state.get_output() if state else None

    came_to = await gather(load, load.n, one)
    for key in range(min(keys, load.n)):
        numbers = [number for of, number in came_to if of == key]
        outcome.wrong += miscounted(f"{load.prefix}-{key}", numbers)


def miscounted(key: str, numbers: Iterable[Any]) -> list[str]:
    """Tell whether a counter was told of all calls, each once: *numbers* are what it answered."""
    answered = list(numbers)
    if sorted(n for n in answered if n is not None) == list(range(1, len(answered) + 1)):
        return []
    return [f"counter {key} answered {len(answered)} calls with {answered!r:.200}"]


async def _events(load: Load, outcome: Outcome) -> None:
    async def one(client: Client, number: int) -> None:
        started = time.perf_counter()
        instance = await client.schedule_new_orchestration("wait_for_go")
        await client.raise_orchestration_event(instance, "go", data=number)
        await _await_end(client, outcome, instance, started, number)

    await gather(load, load.n, one)


async def _start_rate(load: Load, outcome: Outcome) -> None:
    started = time.perf_counter()
    instances = await _start(load, outcome)
    outcome.seconds = time.perf_counter() - started
    await _await_ends(load, outcome, instances)  # of which only the results count


async def _start(load: Load, outcome: Outcome) -> list[str]:
    async def one(client: Client, number: int) -> str:
        started = time.perf_counter()
        instance = await client.schedule_new_orchestration(
            "nothing", input=number, instance_id=load.instance_id(number)
        )
        outcome.latencies.append(time.perf_counter() - started)
        return instance

    return await gather(load, load.n, one)


async def _query(load: Load, outcome: Outcome) -> None:
    client = load.client(0)
    for query in (
        OrchestrationQuery(max_instance_count=100, instance_id_prefix=load.prefix),
        OrchestrationQuery(
            max_instance_count=100,
            instance_id_prefix=load.prefix,
            runtime_status=[OrchestrationStatus.COMPLETED],
        ),
    ):
        started = time.perf_counter()
        found = await client.get_all_orchestration_states(query)
        took = time.perf_counter() - started
        outcome.latencies.append(took)
        outcome.seconds += took
        outcome.units += len(found)
        if sorted(state.instance_id for state in found) != [*map(load.instance_id, range(load.n))]:
            outcome.wrong.append(f"a query found {len(found)} of {load.n} instances")


async def _purge(load: Load, outcome: Outcome) -> None:
    client = load.client(0)
    started = time.perf_counter()
    purged = 0
    while part := (
        await client.purge_orchestrations_by(runtime_status=[OrchestrationStatus.COMPLETED])
    ).deleted_instance_count:
        purged += part
    outcome.seconds = time.perf_counter() - started
    outcome.latencies.append(outcome.seconds)
    outcome.units = purged
    left = await client.get_all_orchestration_states(
        OrchestrationQuery(instance_id_prefix=load.prefix)
    )
    if purged < load.n or left:
        outcome.wrong.append(f"{purged} of {load.n} purged, {len(left)} left")


async def _let_end(load: Load, outcome: Outcome) -> None:
    await _await_ends(load, outcome, await _start(load, Outcome()))


async def _await_ends(load: Load, outcome: Outcome, instances: Sequence[str]) -> None:
    """Check how those that were started end; when they do is nobody's latency."""
    aside = Outcome()

    async def one(client: Client, number: int) -> None:
        await _await_end(client, aside, instances[number], 0.0, number)

    await gather(load, load.n, one)
    outcome.wrong += aside.wrong


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "five-cities", "five activities, one after the other", "orchestration", _five_cities
        ),
        Scenario(
            "fan-out",
            "one orchestration, n activities at once",
            "activity",
            _fan_out,
            1000,
            alone=0,
        ),
        Scenario(
            "fan-out-10",
            "n orchestrations of 10 activities at once",
            "activity",
            _fan_out_many,
            alone=10,
            units=FEW,
        ),
        Scenario(
            "tree",
            "n trees of 13 orchestrations, three levels",
            "orchestration",
            _tree,
            n=20,
            alone=5,
            units=TREE_NODES,
        ),
        Scenario("entity-hot", "n orchestrations call one counter", "call", _entity_hot, alone=10),
        Scenario(
            "entity-spread", "n orchestrations call 50 counters", "call", _entity_spread, alone=10
        ),
        Scenario(
            "events", "n orchestrations wait for an event each", "orchestration", _events, alone=10
        ),
        Scenario("start-rate", "n starts, and their ends", "start", _start_rate, n=300, alone=0),
        Scenario(
            "query",
            "n ended instances in pages of 100, without and with a status",
            "instance",
            _query,
            n=300,
            prepare=_let_end,
            alone=0,
        ),
        Scenario(
            "purge",
            "n ended instances, by a filter",
            "instance",
            _purge,
            n=300,
            prepare=_let_end,
            alone=0,
        ),
    )
}
