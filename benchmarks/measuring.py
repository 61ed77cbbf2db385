"""One measurement of one contestant: counted at a proxy, or timed without one; the result as a value."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from benchmarks.contestants import FLOOR, Contestant
from benchmarks.counting import by_kind, compare
from benchmarks.processes import Cost, Machine
from benchmarks.proxy import running_proxy
from benchmarks.scenarios import PATIENCE, Client, Load, Outcome, Scenario, play, prepare
from benchmarks.stand import Stand, running, serving
from benchmarks.stores import running_store

WARM_UP = 5  # before anything is measured
SETTLE = 1.5  # seconds after the last end in which what was put off is done
WINDOW = 100  # outstanding at the floor: more than any contestant has, so that it is not flattered
SHOWN = 5  # of the wrong results


@dataclass(frozen=True)
class Timed:
    """What a run without a proxy took. Latencies are in ms, CPU in ms for each unit, memory in MiB."""

    scenario: str
    contestant: str
    n: int
    at_once: int
    turn: int  # of all contestants
    per_second: float
    idle: list[float]
    loaded: list[float]
    cpu: dict[str, float]  # by role: server, worker, storage, client
    peak: dict[str, float]
    others: float = 0.0  # how much of the machine processes used that take no part, 0 to 1
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Counted:
    """What passed the proxy, and what our own counter says."""

    scenario: str
    contestant: str
    n: int
    at_once: int
    requests: dict[str, float]  # for each unit, by kind, less those that an idle server sends
    idle: dict[str, float]  # a second, by kind
    agrees: bool
    differences: list[str]
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failed:
    """A measurement that could not be finished."""

    what: str
    error: str


async def timed(
    contestant: Contestant,
    scenario: Scenario,
    n: int,
    at_once: int,
    turn: int,
    worker_flags: Sequence[str] = (),
) -> Timed:
    """Start everything from nothing and measure."""
    with running(contestant, *worker_flags) as stand:
        async with Clients(stand) as clients:
            warm = await warm_up(clients, scenario)
            alone = Outcome()
            if scenario.alone:
                alone = await play(scenario, Load(clients, min(scenario.alone, n), 1))
            load = Load(clients, n, at_once)
            made = await prepare(scenario, load)
            await asyncio.sleep(SETTLE)
            before, machine = stand.costs(), Machine.now()
            if contestant.store == FLOOR:
                loaded = await drive_floor(clients[0], n)
            else:
                loaded = await play(scenario, load)
            await asyncio.sleep(SETTLE)
            after, whole = stand.costs(), Machine.now()
    return Timed(
        scenario.name,
        contestant.name,
        n,
        at_once,
        turn,
        per_second=loaded.units / loaded.seconds,
        idle=[seconds * 1000 for seconds in alone.latencies],
        loaded=[seconds * 1000 for seconds in loaded.latencies],
        cpu=cpu_each(before, after, loaded.units),
        peak={role: cost.peak_memory for role, cost in after.items()},
        others=whole.used_by_others(machine, sum(cpu_each(before, after, 1).values()) / 1000),
        wrong=some((warm, made, alone, loaded)),
    )


async def counted(
    contestant: Contestant,
    scenario: Scenario,
    n: int,
    at_once: int,
    idle_seconds: float,
) -> Counted:
    """Start everything from nothing, with a proxy before the storage, and count."""
    with (
        TemporaryDirectory(prefix="durahub-benchmark-") as folder,
        running_store(contestant.store, Path(folder) / "store") as storage,
        running_proxy(dict(storage.urls)) as proxy,
        serving(contestant, storage.behind(proxy.urls)) as stand,
    ):
        async with Clients(stand) as clients:
            warm = await warm_up(clients, scenario)
            load = Load(clients, n, at_once)
            made = await prepare(scenario, load)
            await asyncio.sleep(SETTLE)
            before = by_kind(proxy.counts())
            await asyncio.sleep(idle_seconds)
            after = by_kind(proxy.counts())
            idle = {kind: count / idle_seconds for kind, count in (after - before).items()}
            started = time.perf_counter()
            loaded = await play(scenario, load)
            await asyncio.sleep(SETTLE)
            window = time.perf_counter() - started
            sent = by_kind(proxy.counts()) - after
            agreement = await asyncio.to_thread(compare, proxy.counts, stand.requests)
    return Counted(
        scenario.name,
        contestant.name,
        n,
        at_once,
        requests=less_idle(sent, idle, window, loaded.units),
        idle=idle,
        agrees=agreement.holds,
        differences=agreement.differences(),
        wrong=some((warm, made, loaded)),
    )


class Clients:
    """A client for each server of a stand, for the body."""

    def __init__(self, stand: Stand) -> None:
        self._clients = stand.clients()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> list[Client]:
        for client in self._clients:
            await self._stack.enter_async_context(client)
        return self._clients

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.aclose()


async def warm_up(clients: Sequence[Client], scenario: Scenario) -> Outcome:
    """Play it small, so that every process has done each thing once."""
    load = Load(clients, WARM_UP * len(clients), WARM_UP)
    made = await prepare(scenario, load)
    outcome = await play(scenario, load)
    outcome.wrong += made.wrong
    return outcome


async def drive_floor(client: Client, n: int) -> Outcome:
    """Let the floor run *n* instances by itself."""
    driver = await client.schedule_new_orchestration(f"{FLOOR}:{n}:{WINDOW}")
    state = await client.wait_for_orchestration_completion(driver, timeout=PATIENCE)
    wrong, seconds = orjson.loads((state and state.serialized_output) or "null")
    sentences = [f"{wrong} of {n} instances of the floor went wrong"] if wrong else []
    return Outcome([], sentences, seconds, n)


def cpu_each(before: Mapping[str, Cost], after: Mapping[str, Cost], units: int) -> dict[str, float]:
    """Return the ms of CPU that each unit cost, by role."""
    return {role: (after[role].cpu - cost.cpu) * 1000 / units for role, cost in before.items()}


def less_idle(
    sent: Counter[str], idle: Mapping[str, float], seconds: float, units: int
) -> dict[str, float]:
    """Return the requests for each unit, less those that would have been sent in that time anyway."""
    each = {kind: (count - idle.get(kind, 0.0) * seconds) / units for kind, count in sent.items()}
    return {kind: round(count, 3) for kind, count in sorted(each.items()) if abs(count) >= 0.005}


def some(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the first wrong results, and how many more there are."""
    wrong = [sentence for outcome in outcomes for sentence in outcome.wrong]
    more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
    return wrong[:SHOWN] + more
