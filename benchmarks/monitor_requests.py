"""What watching costs storage: requests of a sweep, of a long history's page, of each screen.

A hub in an Azurite of its own is watched through a counting proxy. The monitor's own count is told; where the
proxy's is another one, that is told as wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.classic_rows import ClassicTables, create_hub, episode, events_of, opened_account
from benchmarks.contestants import Contestant
from benchmarks.proxy import Proxy, running_proxy
from benchmarks.stores import VARIABLE, Storage, running_store
from durahub.accounts import Access
from durahub.classic.app_settings import AppSettings
from durahub.classic.names import HubNames
from durahub.dispatch.clock import system_clock
from durahub.model.history import Status
from durahub.model.ticks import later
from durahub_migrate.acting.watched import open_watched_actor
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.sources.classic import MARGIN
from durahub_migrate.watching.sweeping import Intervals
from durahub_migrate.watching.watched_hub import WatchedHub
from durahub_migrate.web.application import application
from durahub_migrate.web.who.granting import local_grants
from durahub_migrate.web.who.logins import Logins

SWEEP, DETAIL, SCREENS = "sweep", "detail", "screens"
PAGE = 1000  # rows that storage answers at most
CHANGED = 10
ENDED_AGO = 7200.0  # seconds
HERE = "http://localhost:8083/"
OPTIONS = MonitorOptions(
    requests_per_second=1000.0,
    answers_within=60.0,
    intervals=Intervals(
        watched=3600.0, free=3600.0, idle=3600.0, active=3600.0, sweep=3600.0, stuck=3600.0
    ),
)
"""Nothing happens by itself but the first sweep: the rest is asked for, and so can be counted."""
Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Look:
    """What a look took: requests to storage, bytes from there with headers, bytes of JSON to a browser.

    *least* is how many requests it takes at least.
    """

    what: str
    requests: int
    received: int = 0
    answered: int = 0
    least: int | None = None


@dataclass(frozen=True)
class MonitorRequests:
    """What was looked at, in a hub of *size* instances, or at a history of so many events."""

    contestant: str
    figure: str
    size: int
    looks: list[dict[str, Any]]  # of `Look`
    wrong: list[str] = field(default_factory=list)


async def monitor_requests(contestant: Contestant, figure: str, size: int) -> MonitorRequests:
    """Run a store and count on it."""
    with (
        TemporaryDirectory(prefix="durahub-benchmark-") as folder,
        running_store(contestant.store, Path(folder)) as storage,
    ):
        return await requests_on(storage, figure, size)


async def requests_on(
    storage: Storage, figure: str, size: int, *, hub: str = "Watched", pause: Pause = asyncio.sleep
) -> MonitorRequests:
    """Fill a new hub in *storage* and count. *pause* lets seconds pass behind which rows are old."""
    await create_hub(storage, hub)
    async with opened_account(storage) as account:
        tables = ClassicTables(account, hub)
        if figure == SWEEP:
            counted = await _sweep(storage, tables, hub, size, pause)
        elif figure == DETAIL:
            counted = await _detail(storage, tables, hub, size)
        else:
            counted = await _screens(storage, tables, hub, size, pause)
    looks = [asdict(one) for one in counted.looks]
    return MonitorRequests(storage.name, figure, size, looks, counted.wrong)


class Counting:
    """Counts what looks take, by the monitor's own count and by the proxy's."""

    def __init__(self, hub: WatchedHub, proxy: Proxy, http: httpx.AsyncClient) -> None:
        self._hub = hub
        self._proxy = proxy
        self._http = http
        self.looks: list[Look] = []
        self.wrong: list[str] = []

    @property
    def total(self) -> int:
        """How many requests the monitor has sent, as it says."""
        return self._hub.standing().budget.total

    async def look(self, what: str, *paths: str, least: int | None = None) -> None:
        """Ask the API for all *paths*, one after the other; without any look for changes."""
        before, passed, received = self.total, self.passed(), self._proxy.received()
        answered = 0
        for path in paths:
            answer = (await self._http.get(path)).raise_for_status()
            answered += len(answer.content)
        if not paths:
            await self._hub.refresh()
        requests = self.total - before
        self.add(Look(what, requests, self._proxy.received() - received, answered, least))
        self.check(what, requests, self.passed() - passed)

    def add(self, look: Look) -> None:
        """Keep a look."""
        self.looks.append(look)

    def check(self, what: str, own: int, passed: int) -> None:
        """Hold the monitor's own count against the proxy's."""
        if own != passed:
            self.wrong.append(
                f"{what}: {own} requests as the monitor counts, {passed} at the proxy"
            )

    def passed(self, path: str = "") -> int:
        """Return how many requests have passed the proxy, of those whose lines have *path*."""
        return sum(count for line, count in self._proxy.counts().items() if path in line)


@asynccontextmanager
async def _counting(storage: Storage, hub: str) -> AsyncIterator[Counting]:
    """Watch a hub for the body, swept once; its pages are asked for without a network."""
    with running_proxy(dict(storage.urls)) as proxy:
        connection_string = storage.behind(proxy.urls).env[VARIABLE]
        async with open_monitor(
            [f"azurite:{hub}"],
            OPTIONS,
            access=Access(app_settings=AppSettings({})),
            resolve=lambda _: connection_string,
            open_actor=open_watched_actor,
        ) as monitor:
            (watched,) = monitor.hubs()
            logins = Logins(local=local_grants(actions=True))
            app = application(monitor, logins=logins)
            transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
                while watched.standing().freshness.complete is None:
                    await watched.refresh()
                yield Counting(watched, proxy, http)


async def _sweep(
    storage: Storage, tables: ClassicTables, hub: str, size: int, pause: Pause
) -> Counting:
    began = later(system_clock(), -ENDED_AGO)
    ids = [f"order-{number:06}" for number in range(size)]
    await tables.put_instances(ids, Status.Completed, began)
    await pause(MARGIN + 2)  # what was written a moment ago is asked for again
    async with _counting(storage, hub) as counting:
        total, passed = counting.total, counting.passed()
        rows = counting.passed(f"/{HubNames(hub).instances_table}()")
        counting.check("the sweep", total, passed)
        counting.add(Look("to find the hub", total - rows))
        counting.add(Look(f"a sweep of {size:,} rows", rows, least=ceil(size / PAGE)))
        await counting.look("a look while nothing has changed", least=1)
        await tables.put_instances(ids[:CHANGED], Status.Failed, began)
        await counting.look(f"a look after {CHANGED} rows have changed", least=1)
    return counting


async def _detail(storage: Storage, tables: ClassicTables, hub: str, size: int) -> Counting:
    name, other = "order-1", "order-2"
    began = later(system_clock(), -ENDED_AGO)
    await tables.put_instances([name, other], Status.Running, began)
    await tables.put_history(name, events_of(name, size, began), 0, began)
    place = f"api/hubs/{hub}@local"
    head = f"{place}/instance?id={name}"
    history = f"{place}/history?id={name}&count=200&text=2000"
    timeline = f"{place}/timeline?id={name}"
    page = (head, history, timeline)
    async with _counting(storage, hub) as counting:
        await counting.look("once for a hub: what acting needs", f"{place}/instance?id={other}")
        await counting.look("the page is opened", *page)
        await counting.look("again, nothing has changed", *page)
        await tables.put_history(name, episode(size // 4, began), size, began)
        await counting.look("again, after one more checkpoint", *page)
        await counting.look("of that: the instance", head)
        await counting.look("of that: 200 events of the history", history)
        await counting.look("of that: the timeline", timeline)
    return counting


async def _screens(
    storage: Storage, tables: ClassicTables, hub: str, size: int, pause: Pause
) -> Counting:
    began = later(system_clock(), -ENDED_AGO)
    running = [f"order-{number}" for number in range(size)]
    await tables.put_instances(running, Status.Running, began)
    for name in running:
        await tables.put_history(name, events_of(name, 12, began), 0, began)
    await tables.put_instances([f"old-{n}" for n in range(size)], Status.Completed, began)
    place = f"api/hubs/{hub}@local"
    lists = [f"api/{what}?hub={hub}@local" for what in ("instances", "counts", "histogram")]
    async with _counting(storage, hub) as counting:
        await counting.look("hubs", "api/hubs")
        await counting.look("list", *lists)
        for what, name in (
            ("instance, the first of the hub", running[0]),
            ("instance", running[1]),
        ):
            parts = ("instance", "history", "timeline")
            await counting.look(what, *(f"{place}/{part}?id={name}" for part in parts))
        for what, path in (
            ("why", f"{place}/why?id={running[1]}"),
            ("partitions", f"{place}/partitions"),
            ("stuck", f"api/stuck?hub={hub}@local&olderThan=300"),
            ("storage", f"{place}/storage"),
            ("storage, again within the hour", f"{place}/storage"),
        ):
            await pause(LookSettings().fresh + 1)  # so that none has what another has seen
            await counting.look(what, path)
    return counting
