"""Instances in a SQLite file, or in memory, put there as clients put them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from durahub.address import StoreAddress, StoreKind
from durahub.dispatch.clock import new_id, system_clock
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.storage import SqliteStorage
from durahub.store import HubStore
from durahub_migrate.monitor.hub import Health
from durahub_migrate.monitor.query import AllOf, Query
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.watching.opening import monitor_of_storage
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.sweeping import Intervals
from durahub_migrate.watching.watched_hub import WatchedHub
from durahub_migrate.watching.watched_hubs import WatchedHubs

HUB = "orders"
AT_ONCE = MonitorOptions(
    look_for_hubs=3600.0,
    intervals=Intervals(watched=3600.0, free=3600.0, idle=3600.0, sweep=3600.0, again=0.0),
)
"""Nothing happens by itself: only what is asked for."""


async def start(store: HubStore, instance_id: str, name: str = "Order") -> None:
    execution = Execution(instance_id, new_id())
    event = ExecutionStarted(
        timestamp=system_clock(), execution=execution, name=name, input='"apples"', generation=0
    )
    await store.start(Message(event=event, target=execution), None)


@contextlib.asynccontextmanager
async def watched(
    *hubs: str, options: MonitorOptions = AT_ONCE
) -> AsyncIterator[tuple[SqliteStorage, WatchedHubs]]:
    """Watch hubs in memory for the body."""
    async with SqliteStorage(":memory:") as storage:
        for name in hubs or (HUB,):
            await storage.store(name).open(create=True)
        store = StoreAddress(StoreKind.SQLITE, ":memory:")
        async with monitor_of_storage(storage, store, options) as monitor:
            await until_found(monitor, len(hubs) or 1)
            yield storage, monitor


async def until_found(monitor: WatchedHubs, count: int) -> None:
    """Return when so many hubs were found; whoever waits for more than that waits for a time-out."""
    while len(monitor.hubs()) < count:
        await _turn()


async def until_these(monitor: WatchedHubs, *keys: str) -> None:
    """Return when these hubs are watched, and no others."""
    while {one.ref.key for one in monitor.hubs()} != {*keys}:
        await _turn()


async def whole(hub: WatchedHub) -> WatchedHub:
    """Return the hub when it was swept as a whole, and everybody has been told so."""
    while hub.standing().freshness.complete is None or not _is_watched(hub):
        await hub.refresh()
    return hub


async def unseen(hub: WatchedHub) -> None:
    """Return when the hub was swept, without a look at it: asking how it stands would be one."""
    while hub.kept.sweep().complete is None or not _is_watched(hub):
        await _turn()


def _is_watched(hub: WatchedHub) -> bool:
    # the index knows of the end of a sweep first; behind it listeners are told that the hub is watched
    return hub.driver.state.health is Health.WATCHED


async def filled(hub: WatchedHub) -> None:
    """Return when there are rows; nothing is asked of the hub itself."""
    while not rows_of(hub):
        await _turn()


def rows_of(hub: WatchedHub | WatchedHubs) -> dict[str, Row]:
    query = Query("", AllOf(), system_clock())
    page = hub.index.page(query, Sort("id", descending=False), count=5000)
    return {row.instance_id: row for row in page.rows}


async def _turn() -> None:
    await asyncio.sleep(0.01)  # another thread looks into the file, and nobody tells when it has
