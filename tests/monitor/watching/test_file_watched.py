"""A hub in a SQLite store: in the memory of a server, in a file that it has, in a file beside it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from durahub.address import StoreAddress, StoreKind
from durahub.engine.commit import NO_HISTORY, Commit, InstanceUpdate
from durahub.errors import HubNotFound
from durahub.model.history import (
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    Parent,
    Status,
    TaskScheduled,
)
from durahub.model.ticks import parse
from durahub.storage import SqliteStorage
from durahub.store import HubStore
from durahub_migrate.monitor.hub import Health
from durahub_migrate.watching.opening import monitor_of_storage, open_monitor
from durahub_migrate.watching.watched_hub import WatchedHub
from durahub_migrate.watching.watched_hubs import WatchedHubs
from tests.monitor.watching.orders import (
    AT_ONCE,
    HUB,
    rows_of,
    start,
    until_found,
    until_these,
    watched,
    whole,
)

NOON = parse("2026-11-21T12:00:00Z")


async def store_of(storage: SqliteStorage, hub: str = HUB) -> HubStore:
    store = storage.store(hub)
    await store.open(create=True)
    return store


async def begun(store: HubStore, instance_id: str, tasks: int, parent: str | None = None) -> None:
    """Write the first checkpoint of an instance."""
    above = None
    if parent is not None:
        above = Parent(name="Order", execution=Execution(parent, "e0"), task_schedule_id=0)
    started = ExecutionStarted(
        timestamp=NOON, execution=Execution(instance_id, "e1"), name="Order", parent=above
    )
    events = [
        OrchestratorStarted(timestamp=NOON),
        started,
        *(TaskScheduled(timestamp=NOON, event_id=n, name="Pay") for n in range(tasks)),
    ]
    update = InstanceUpdate(
        execution_id="e1",
        last_updated=NOON,
        custom_status=None,
        started=started,
        status=Status.Running,
    )
    await store.intervene(
        Commit(
            instance_id=instance_id,
            outbound=(),
            activities=(),
            execution_id="e1",
            base=NO_HISTORY,
            events=tuple(events),
            replaces=True,
            instance=update,
            consumed=(),
        )
    )


async def test_every_instance_of_a_hub_in_memory_is_found() -> None:
    async with watched() as (storage, monitor):
        store = await store_of(storage)
        for number in range(5):
            await start(store, f"order-{number}")

        hub = await whole(monitor.hub("orders@memory"))
        await hub.refresh()
        standing = hub.standing()

        assert set(rows_of(hub)) == {f"order-{number}" for number in range(5)}
        assert standing.health is Health.WATCHED
        assert standing.counts == {"Pending": 5}
        assert standing.freshness.swept == 1.0
        assert standing.budget.allowed is None


async def test_changes_are_a_range_and_deletions_bring_a_sweep() -> None:
    async with watched() as (storage, monitor):
        store = await store_of(storage)
        hub = await whole(monitor.hub("orders@memory"))
        for number in range(1500):
            await start(store, f"order-{number:04}")
        await hub.refresh()
        assert len(rows_of(hub)) == 1500

        await begun(store, "order-0007", 1)
        await hub.refresh()
        assert rows_of(hub)["order-0007"].status == "Running"

        await store.purge("order-0008")
        while "order-0008" in rows_of(hub):
            await hub.refresh()
        assert len(rows_of(hub)) == 1499


async def test_what_changed_is_found_by_an_index_of_the_file() -> None:
    async with watched() as (storage, _monitor):
        await store_of(storage)
        sql = "EXPLAIN QUERY PLAN SELECT id FROM instances WHERE hub = 1 AND etag > 7 ORDER BY etag"
        plan = await storage.file.read(lambda connection: connection.execute(sql).fetchall())

        assert "instances_by_change" in str(plan)


async def test_single_instances_are_read_from_the_servers_own_memory() -> None:
    async with watched() as (storage, monitor):
        store = await store_of(storage)
        await start(store, "grand")
        await begun(store, "order-1", 3, parent="grand")
        hub = await whole(monitor.hub("orders@memory"))
        await hub.refresh()

        detail = await hub.detail("order-1")
        history = await hub.history("order-1")
        again = await hub.history("order-1")
        top = await hub.family("order-1")

        assert detail is not None
        assert (detail.row.status, detail.row.parent_id) == ("Running", "grand")
        assert len(history.events) == 5
        assert again.events is history.events
        assert (top.instance_id, top.children[0].instance_id) == ("grand", "order-1")
        assert await hub.payload("order-1", 2, "name") == "Pay"
        assert await hub.detail("nobody") is None
        assert (await hub.history("nobody")).events == ()


async def test_hubs_that_are_made_later_are_found_and_deleted_ones_are_gone() -> None:
    async with watched("first") as (storage, monitor):
        await store_of(storage, "second")
        monitor.look_again()
        await until_found(monitor, 2)
        assert [one.ref.key for one in monitor.hubs()] == ["first@memory", "second@memory"]

        await whole(monitor.hub("second@memory"))
        await (await store_of(storage, "second")).delete()
        await monitor.hub("second@memory").refresh()

        assert monitor.hub("second@memory").standing().health is Health.GONE
        assert monitor.hub("first@memory").standing().health is not Health.GONE


async def test_the_index_of_all_hubs_has_them_all() -> None:
    async with watched("first", "second") as (storage, monitor):
        for name in ("first", "second"):
            await start(await store_of(storage, name), "same")
            await (await whole(monitor.hub(f"{name}@memory"))).refresh()

        page = rows_of(monitor)
        assert len(page) == 1  # by ID; there are two of it
        assert sum(len(rows_of(one)) for one in monitor.hubs()) == 2


async def test_a_hub_that_is_not_watched_is_not_found() -> None:
    async with watched() as (_storage, monitor):
        with pytest.raises(HubNotFound):
            monitor.hub("orders@elsewhere")


# -- files ---------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def beside(file: Path, *sources: str) -> AsyncIterator[WatchedHubs]:
    async with open_monitor([source.format(file=file) for source in sources], AT_ONCE) as monitor:
        yield monitor


async def only(monitor: WatchedHubs) -> WatchedHub:
    await until_found(monitor, 1)
    (hub,) = monitor.hubs()
    return hub


@pytest.mark.parametrize("source", ["sqlite:{file}", "sqlite:{file}/", "sqlite:{file}/orders"])
async def test_a_file_is_watched_beside_the_server_that_has_it(source: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    async with SqliteStorage(str(file)) as storage:
        store = await store_of(storage)
        await begun(store, "order-1", 2)
        async with beside(file, source) as monitor:
            hub = await whole(await only(monitor))
            await start(store, "order-2")
            await hub.refresh()

            assert hub.ref.key == "orders@shop"
            assert hub.ref.address == f"sqlite:{file}/orders"
            assert set(rows_of(hub)) == {"order-1", "order-2"}
            assert len((await hub.history("order-1")).events) == 4


async def test_a_file_that_is_not_there_yet_is_gone_until_it_is(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    async with beside(file, "sqlite:{file}/orders") as monitor:
        hub = await only(monitor)
        await hub.refresh()
        assert hub.standing().health is Health.GONE
        async with SqliteStorage(str(file)) as storage:
            await start(await store_of(storage), "order-1")
            await hub.refresh()
            await whole(hub)

            assert hub.standing().health is Health.WATCHED
            assert set(rows_of(hub)) == {"order-1"}


async def test_a_store_whose_file_is_not_there_yet_says_so_until_it_is(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    async with beside(file, "sqlite:{file}") as monitor:
        missing = await only(monitor)
        assert missing.ref.key == "*@shop"
        assert missing.standing().health is Health.UNREACHABLE
        assert "there is no such file" in (missing.standing().problem or "")
        async with SqliteStorage(str(file)) as storage:
            await start(await store_of(storage), "order-1")
            monitor.look_again()
            await until_these(monitor, "orders@shop")
            assert set(rows_of(await whole(monitor.hub("orders@shop")))) == {"order-1"}


@pytest.mark.parametrize(("source", "key"), [("/orders", "orders@shop"), ("", "*@shop")])
async def test_a_file_that_is_no_store_says_so(source: str, key: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_text("dear diary " * 100)
    async with beside(file, f"sqlite:{{file}}{source}") as monitor:
        hub = await only(monitor)
        if source:
            await hub.refresh()
        standing = hub.standing()

        assert hub.ref.key == key  # of a store it cannot even be told which hubs there are
        assert standing.health is Health.UNREACHABLE
        assert "not a database" in (standing.problem or "")


async def test_a_servers_own_file_is_shared_with_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    async with SqliteStorage(str(file)) as storage:
        store = await store_of(storage)
        async with monitor_of_storage(
            storage, StoreAddress(StoreKind.SQLITE, str(file)), AT_ONCE
        ) as monitor:
            hub = await whole(await only(monitor))
            await start(store, "order-1")
            await hub.refresh()

            assert set(rows_of(hub)) == {"order-1"}
