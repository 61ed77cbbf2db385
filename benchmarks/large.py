"""Large hubs: what an orchestration costs in them, and what their instances cost a server that starts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contestants import Contestant
from benchmarks.counting import Requests, by_kind
from benchmarks.filling import SLEEPING, Filling, fill, instance_id
from benchmarks.measuring import SETTLE, Clients, cpu_each, less_idle, some, warm_up
from benchmarks.processes import Cost
from benchmarks.proxy import Proxy, running_proxy
from benchmarks.scenarios import SCENARIOS, Client, Load, Outcome, gather, play
from benchmarks.stand import Stand, serving
from benchmarks.stores import Storage, running_store

AT_ONCE = 4  # Azurite answers slowly in a large hub; more would only wait in line
WOKEN = 100  # of the instances that sleep
FIVE_CITIES = SCENARIOS["five-cities"]


@dataclass(frozen=True)
class HubSize:
    """What five cities cost in a hub of so many ended instances. CPU in ms for each."""

    contestant: str
    finished: int
    n: int
    requests: float
    cpu: dict[str, float]  # by role, less what it uses in that time when idle
    storage_ms: float  # CPU of the storage for each request; 0 where it has no process of its own
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scale:
    """What a server does that starts on a hub in which instances sleep. Memory in MiB, times in s."""

    contestant: str
    finished: int
    sleeping: int
    ready: float  # from its start until it takes connections, and a worker is there
    first_end: float  # from then until a new orchestration has ended: partitions are taken over
    requests: int  # until then
    memory: float  # of the server, then
    peak: float  # of the server, when some that slept have been woken
    woken_per_second: float
    wrong: list[str] = field(default_factory=list)


@asynccontextmanager
async def filled(
    contestant: Contestant, filling: Filling
) -> AsyncIterator[tuple[Storage, Proxy | None]]:
    """Run a store with a hub that is filled; before Azurite there is a proxy."""
    with ExitStack() as stack:
        folder = (
            Path(stack.enter_context(TemporaryDirectory(prefix="durahub-benchmark-"))) / "store"
        )
        await fill(contestant, folder, filling)
        storage = stack.enter_context(running_store(contestant.store, folder, dumps=False))
        if not contestant.counted:
            yield storage, None
            return
        proxy = stack.enter_context(running_proxy(dict(storage.urls)))
        yield storage.behind(proxy.urls), proxy


async def hub_size(contestant: Contestant, finished: int, n: int, idle_seconds: float) -> HubSize:
    """Fill a hub and measure five cities in it."""
    async with AsyncExitStack() as stack:
        storage, proxy = await stack.enter_async_context(filled(contestant, Filling(finished)))
        stand = stack.enter_context(serving(contestant, storage))
        clients = await stack.enter_async_context(Clients(stand))
        warm = await warm_up(clients, FIVE_CITIES)
        await asyncio.sleep(SETTLE)
        sent, cost = counts_of(proxy), stand.costs()
        await asyncio.sleep(idle_seconds)
        idle_cost = cpu_each(cost, stand.costs(), 1)
        idle = {kind: k / idle_seconds for kind, k in (counts_of(proxy) - sent).items()}
        sent, cost, started = counts_of(proxy), stand.costs(), time.perf_counter()
        loaded = await play(FIVE_CITIES, Load(clients, n, AT_ONCE))
        await asyncio.sleep(SETTLE)
        window = time.perf_counter() - started
        now = counts_of(proxy)
        used = cpu_each(cost, stand.costs(), loaded.units)
    each = less_idle(now - sent, idle, window, loaded.units)
    total = sum((now - sent).values())
    return HubSize(
        contestant.name,
        finished,
        n,
        requests=sum(each.values()),
        cpu={
            role: used[role] - idle_cost[role] / idle_seconds * window / loaded.units
            for role in used
        },
        storage_ms=used.get("storage", 0.0) * loaded.units / total if total else 0.0,
        wrong=some((warm, loaded)),
    )


async def scale(contestant: Contestant, filling: Filling) -> Scale:
    """Fill a hub, start a server on it, and wake some of those that sleep."""
    async with AsyncExitStack() as stack:
        storage, proxy = await stack.enter_async_context(filled(contestant, filling))
        started = time.perf_counter()
        stand = stack.enter_context(serving(contestant, storage))
        ready = time.perf_counter() - started
        clients = await stack.enter_async_context(Clients(stand))
        first = await play(FIVE_CITIES, Load(clients, 1, 1))
        first_end = time.perf_counter() - started - ready
        requests = sum(counts_of(proxy).values())
        memory = server_cost(stand).memory
        woken = Outcome()
        n = min(WOKEN, filling.sleeping)
        began = time.perf_counter()
        await gather(
            Load(clients, n, AT_ONCE), n, lambda client, number: wake(client, number, woken)
        )
        per_second = n / (time.perf_counter() - began)
        peak = server_cost(stand).peak_memory
    return Scale(
        contestant.name,
        filling.finished,
        filling.sleeping,
        ready=ready,
        first_end=first_end,
        requests=requests,
        memory=memory,
        peak=peak,
        woken_per_second=per_second,
        wrong=some((first, woken)),
    )


async def wake(client: Client, number: int, outcome: Outcome) -> None:
    """Raise the event that an instance waits for, and check that it ends with it."""
    instance = instance_id(SLEEPING, number)
    await client.raise_orchestration_event(instance, "go", data=number)
    state = await client.wait_for_orchestration_completion(instance, timeout=60)
    if state is None or state.get_output() != number:
        outcome.wrong.append(f"{instance} was woken with {number} and ended as {state}")


def server_cost(stand: Stand) -> Cost:
    """Return what the servers have cost so far."""
    return stand.costs()["server"]


def counts_of(proxy: Proxy | None) -> Requests:
    """Return what has passed a proxy, by kind; nothing without one."""
    return by_kind(proxy.counts()) if proxy else Requests()
