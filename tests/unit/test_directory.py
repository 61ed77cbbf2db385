"""The hubs of a server, over a file in memory; stores that fail or wait stand for slow storage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from durahub.configuration.settings import HubSettings, Settings
from durahub.directory import Directory
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.work import OrchestratorWork, StreamOptions
from durahub.engine.actions import Complete, TurnResult
from durahub.errors import (
    BadHubName,
    HubNotFound,
    ServerUnavailable,
    StorageUnavailable,
)
from durahub.model.history import Status
from durahub.storage import SqliteStorage
from durahub.store import HubStore


class WatchedStorage(SqliteStorage):
    """Hubs in memory; it counts how often each is opened, and can make that wait or fail."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.opened: list[str] = []
        self.told: list[Any] = []
        self.closed: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: dict[str, Exception] = {}

    def store(self, hub: str, *more: Any, **options: Any) -> HubStore:
        self.told += more
        store = super().store(hub, *more, **options)
        opening, closing = store.open, store.close

        async def open_(*, create: bool) -> None:
            self.opened.append(hub)
            await self.gate.wait()
            if hub in self.failures:
                raise self.failures.pop(hub)
            await opening(create=create)

        async def close() -> None:
            self.closed.append(hub)
            await closing()

        store.open, store.close = open_, close  # type: ignore[method-assign]
        return store


@asynccontextmanager
async def directory(
    *hubs: str, dynamic: bool = False, storage: WatchedStorage | None = None
) -> AsyncIterator[tuple[Directory, WatchedStorage]]:
    async with storage or WatchedStorage() as watched:
        made = Directory(watched, Settings(hubs=hubs or ("default",), dynamic_hubs=dynamic))
        await made.start()
        try:
            yield made, watched
        finally:
            await made.stop_serving()
            await made.close()


async def test_the_first_hub_is_the_default_one_and_case_does_not_matter() -> None:
    async with directory("Shop", "Depot") as (hubs, _):
        assert hubs.default == "Shop"
        assert await hubs.find("sHOP") is await hubs.find("Shop")
        assert (await hubs.find("depot")).name == "Depot"


async def test_a_hub_that_is_not_served_is_not_found_and_the_setting_is_named() -> None:
    async with directory() as (hubs, storage):
        with pytest.raises(HubNotFound, match=r"Task hub not found: nowhere.*--dynamic-hubs"):
            await hubs.find("nowhere")
        assert storage.opened == ["default"]


async def test_a_dynamic_hub_is_created_when_it_is_first_called() -> None:
    async with directory(dynamic=True) as (hubs, storage):
        found = await hubs.find("Later")

        assert found.name == "Later"
        assert {one.name for one in await storage.find_hubs()} == {"default", "Later"}
        assert set(hubs.numbers()) == {"default", "Later"}


async def test_first_calls_at_the_same_time_create_a_hub_once() -> None:
    async with directory(dynamic=True) as (hubs, storage):
        storage.gate.clear()
        calls = [asyncio.create_task(hubs.find(name)) for name in ("Later", "later", "LATER")]
        await asyncio.sleep(0)
        storage.gate.set()
        found = await asyncio.gather(*calls)

        assert len({id(hub) for hub in found}) == 1
        assert storage.opened == ["default", "Later"]


async def test_a_first_caller_that_goes_away_takes_the_hub_from_nobody() -> None:
    async with directory(dynamic=True) as (hubs, storage):
        storage.gate.clear()
        first, second = (asyncio.create_task(hubs.find("Later")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        storage.gate.set()

        assert (await second).name == "Later"
        assert storage.opened.count("Later") == 1


async def test_a_dynamic_hub_that_could_not_be_opened_is_tried_again() -> None:
    async with directory(dynamic=True) as (hubs, storage):
        storage.failures["Later"] = StorageUnavailable("account", "asleep")
        with pytest.raises(StorageUnavailable):
            await hubs.find("Later")

        assert "Later" in storage.closed
        assert (await hubs.find("Later")).name == "Later"


@pytest.mark.parametrize("name", ["no/hub", "a", "x" * 65, "hüb"])
async def test_a_name_that_no_hub_can_have_is_refused_though_hubs_are_dynamic(name: str) -> None:
    async with directory(dynamic=True) as (hubs, storage):
        with pytest.raises(BadHubName):
            await hubs.find(name)
        assert storage.opened == ["default"]


async def test_without_dynamic_hubs_a_bad_name_is_just_not_found() -> None:
    async with directory() as (hubs, _):
        with pytest.raises(HubNotFound):
            await hubs.find("no/hub")


async def test_a_hub_that_cannot_be_opened_at_the_start_stops_the_others() -> None:
    storage = WatchedStorage()
    async with storage:
        made = Directory(storage, Settings(hubs=("Shop", "Depot")))
        storage.failures["Depot"] = StorageUnavailable("account", "asleep")
        with pytest.raises(StorageUnavailable):
            await made.start()
        with pytest.raises(ServerUnavailable):
            await made.find("Depot")
        await made.close()
        assert set(storage.closed) == {"Shop", "Depot"}


async def test_when_it_stops_no_hub_is_opened_any_more_and_all_are_closed() -> None:
    async with directory("Shop", dynamic=True) as (hubs, storage):
        await hubs.find("Later")
        await hubs.stop_serving()

        with pytest.raises(ServerUnavailable, match="stopping"):
            await hubs.find("TooLate")
        await hubs.stop_serving()
        await hubs.close()
        assert set(storage.closed) == {"Shop", "Later"}


# -- hubs that clients manage ----------------------------------------------------------------------


async def test_a_created_hub_is_served_like_any_other() -> None:
    async with directory() as (hubs, storage):
        await hubs.create("shop", wipe=False)
        await hubs.create("Shop", wipe=False)
        assert (await hubs.find("shop")).name == "shop"
        assert storage.opened == ["default", "shop"]


async def test_a_deleted_hub_is_gone_with_everything_in_it() -> None:
    async with directory() as (hubs, _):
        await hubs.create("shop", wipe=False)
        shop = await hubs.find("shop")
        await shop.start(StartRequest(name="Order", instance_id="order-1"))
        stream = shop.connect(
            StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
        )

        await hubs.delete("SHOP")
        await hubs.delete("shop")

        assert stream.closed
        with pytest.raises(HubNotFound):
            await hubs.find("shop")
        await hubs.create("shop", wipe=False)
        assert await (await hubs.find("shop")).get("order-1") is None


async def test_a_hub_created_anew_is_empty() -> None:
    async with directory() as (hubs, _):
        first = await hubs.find("default")
        await first.start(StartRequest(name="Order", instance_id="order-1"))
        await hubs.create("default", wipe=True)
        assert await (await hubs.find("default")).get("order-1") is None


async def test_only_a_setting_lets_clients_manage_hubs() -> None:
    async with WatchedStorage() as storage:
        assert not Directory(storage, Settings()).allows_management
        assert Directory(storage, Settings(allow_hub_management=True)).allows_management


async def test_a_hub_s_store_is_told_its_settings() -> None:
    told = HubSettings(
        visibility=20.0, activity_visibility=30.0, control_batch=7, base64_messages=True
    )
    async with WatchedStorage() as storage:
        made = Directory(storage, Settings(hubs=("shop",), defaults=told))
        await made.start()
        await made.stop_serving()
        await made.close()

    (options,) = storage.told
    assert (options.visibility_seconds, options.activity_visibility_seconds) == (20.0, 30.0)
    assert (options.control_batch, options.base64_messages) == (7, True)


async def test_a_hub_gives_out_no_more_than_its_settings_allow() -> None:
    told = HubSettings(max_orchestrations=1)
    async with WatchedStorage() as storage:
        made = Directory(storage, Settings(hubs=("shop",), defaults=told))
        await made.start()
        hub = await made.find("shop")
        stream = hub.connect(
            StreamOptions(worker_id="w", max_orchestrations=9, max_activities=1, max_entities=1)
        )
        for _ in range(3):
            await hub.start(StartRequest(name="Wait"))
        work = await stream.next()
        with anyio.move_on_after(0.3) as waited:
            await stream.next()
        assert waited.cancelled_caught
        for others in (2, 1, 0):  # one after the other
            assert isinstance(work, OrchestratorWork)
            ended = Complete(id=0, status=Status.Completed)
            await hub.complete_orchestration(
                work.token, work.instance_id, TurnResult(actions=(ended,))
            )
            if others:
                work = await stream.next()
        await made.stop_serving()
        await made.close()
