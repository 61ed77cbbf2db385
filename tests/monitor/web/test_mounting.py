"""The monitor in a server: at its HTTP port, behind its own paths, over the hubs of its own process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.accounts import Access
from durahub.address import StoreAddress, StoreKind
from durahub.configuration.settings import Settings
from durahub.errors import BadSettingsFile, LoginNeeded
from durahub.mounting import GROUP, Host
from durahub.serving import Running, running_server
from durahub.storage import SqliteStorage
from durahub_migrate.web.mounting import MountedMonitor, monitor
from tests.monitor.web.contract import CONTRACT

SETTINGS = Settings(grpc_port=0, http_port=0, api_port=None)
MEMORY = StoreAddress(StoreKind.SQLITE, ":memory:")


def host_of(storage: SqliteStorage, settings: Settings = SETTINGS, **more: Any) -> Host:
    return Host(storage=storage, store=MEMORY, access=Access(), settings=settings, **more)


@asynccontextmanager
async def server(**more: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Running]]:
    async with SqliteStorage(":memory:") as storage:
        host = host_of(storage, **more)
        async with (
            running_server(storage, SETTINGS, host=host, mounts=[monitor]) as running,
            httpx.AsyncClient(
                timeout=60, base_url=f"http://localhost:{running.http_port}"
            ) as browser,
        ):
            yield browser, running


@asynccontextmanager
async def served(**more: Any) -> AsyncIterator[tuple[httpx.AsyncClient, tuple[str, ...]]]:
    async with server(**more) as (browser, running):
        yield browser, running.told


async def json(browser: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await browser.get(path, params=query)
    CONTRACT.check(answer)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def watched(browser: httpx.AsyncClient) -> dict[str, Any]:
    """Return the hub's standing once the monitor has swept it; each question hurries it."""
    for _ in range(3000):
        for hub in await json(browser, "/api/hubs"):
            if hub["health"] == "watched":
                found: dict[str, Any] = hub
                return found
        await asyncio.sleep(0.02)  # it is found by a task of its own
    raise AssertionError("the hub is not watched")


async def test_it_stands_behind_the_servers_own_paths() -> None:
    async with served() as (browser, told):
        health = await browser.get("/healthz")
        metrics = await browser.get("/metrics")
        apis = await browser.get("/v1/taskhubs/nothing/here")
        page = await browser.get("/hubs/default%40memory")
        session = await json(browser, "/api/session")

    assert (health.status_code, metrics.status_code) == (204, 200)
    assert "howToFix" in apis.text
    assert '<base href="/">' in page.text
    assert session["readOnly"]
    assert told == ("Monitor: {url}",)


async def test_a_developer_acts_on_the_hub_in_memory_and_sees_what_became_of_it() -> None:
    async with served(is_local=True) as (browser, _):
        hub = await watched(browser)
        session = await json(browser, "/api/session")
        key = hub["ref"]["key"]
        browser.headers["x-durahub-csrf"] = session["csrf"]
        done = await browser.post(
            f"/api/hubs/{key}/actions",
            json={"verb": "start", "arguments": {"name": "Order", "id": "order/1", "input": "7"}},
        )
        CONTRACT.check(done)
        listed = await json(browser, "/api/instances", q="name:Order", total=1)
        page = await json(browser, f"/api/hubs/{key}/instance", id="order/1")
        audit = await json(browser, "/api/audit")

    assert done.status_code == 200, done.text
    assert done.json()["instanceId"] == "order/1"
    assert [row["instanceId"] for row in listed["rows"]] == ["order/1"]
    assert page["detail"]["input"] == "7"
    assert {one["verb"] for one in page["possible"] if one["allowed"]} >= {"terminate"}
    assert [one["result"] for one in audit["entries"]] == ["done", "tried"]


async def test_an_instance_that_no_connected_worker_takes_is_stuck_and_one_that_a_worker_has_is_not() -> (
    None
):
    async with server(is_local=True) as (browser, running):
        key = (await watched(browser))["ref"]["key"]
        browser.headers["x-durahub-csrf"] = (await json(browser, "/api/session"))["csrf"]
        start = {"verb": "start", "arguments": {"name": "Order", "id": "order/1"}}
        await browser.post(f"/api/hubs/{key}/actions", json=start)

        alone = await json(browser, f"/api/hubs/{key}/why", id="order/1")
        stuck = await json(browser, "/api/stuck", olderThan=0)
        nobody = await json(browser, f"/api/hubs/{key}/partitions")
        async with grpc.aio.insecure_channel(f"localhost:{running.grpc_port}") as channel:
            worker = TaskHubSidecarServiceStub(channel).GetWorkItems(
                pb.GetWorkItemsRequest(), metadata=(("taskhub", "default"),)
            )
            await worker.read()
            taken = await json(browser, f"/api/hubs/{key}/why", id="order/1")
            somebody = await json(browser, f"/api/hubs/{key}/partitions")

    assert (alone["reason"], alone["isStuck"]) == ("no_workers", True)
    assert [(one["instanceId"], one["reason"]) for one in stuck] == [("order/1", "no_workers")]
    assert nobody["problems"] == ["No worker is connected to the server."]
    assert (taken["reason"], taken["isStuck"]) == ("working", False)
    assert [one["name"] for one in somebody["workers"]] == ["connected worker 1"]
    assert somebody["problems"] == []


async def test_the_server_stops_at_once_though_a_page_looks_on() -> None:
    ended = asyncio.Event()

    async def look_on(browser: httpx.AsyncClient) -> None:
        async with browser.stream("GET", "/api/events", timeout=60) as stream:
            opened.set()
            async for _ in stream.aiter_bytes():
                pass
        ended.set()

    opened = asyncio.Event()
    async with httpx.AsyncClient(timeout=60) as client, SqliteStorage(":memory:") as storage:
        async with running_server(
            storage, SETTINGS, host=host_of(storage), mounts=[monitor]
        ) as running:
            client.base_url = httpx.URL(f"http://localhost:{running.http_port}")
            looking = asyncio.create_task(look_on(client))
            await opened.wait()
        await looking

    assert ended.is_set()


async def test_it_watches_nothing_before_somebody_looks() -> None:
    async with SqliteStorage(":memory:") as storage, monitor(host_of(storage)) as mounted:
        before = {task.get_name() for task in asyncio.all_tasks()}
        assert isinstance(mounted, MountedMonitor)
        mounted.end()

    assert not any("watch" in name for name in before)


async def test_where_others_could_reach_it_it_is_off_unless_they_log_in(tmp_path: Path) -> None:
    elsewhere = replace(SETTINGS, host="0.0.0.0")
    config = tmp_path / "durahub.toml"
    config.write_text(f'[[monitor.login.tokens]]\nname = "ci"\nsha256 = "{"0" * 64}"\n')
    async with SqliteStorage(":memory:") as storage:
        async with monitor(host_of(storage, elsewhere)) as off:
            assert off.app is None
            assert "off" in off.told
        async with monitor(host_of(storage, elsewhere, config=config)) as on:
            assert on.app is not None
        with pytest.raises(LoginNeeded):
            async with monitor(host_of(storage, replace(elsewhere, monitor=True))):
                pass


async def test_a_wrong_table_keeps_the_server_from_starting(tmp_path: Path) -> None:
    config = tmp_path / "durahub.toml"
    config.write_text("[monitor]\nprot = 1\n")
    async with SqliteStorage(":memory:") as storage:
        with pytest.raises(BadSettingsFile, match=r"did you mean port\?"):
            async with monitor(host_of(storage, config=config)):
                pass


def test_the_package_says_where_the_monitor_is_found() -> None:
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8")
    group = project.partition(f'[project.entry-points."{GROUP}"]')[2].partition("\n[")[0]

    assert f'monitor = "{monitor.__module__}:monitor"' in group


async def test_a_hub_that_is_deleted_here_is_served_anew_by_the_server() -> None:
    async with served(is_local=True) as (browser, _):
        hub = await watched(browser)
        session = await json(browser, "/api/session")
        headers = {"x-durahub-csrf": session["csrf"]}
        asked = {"verb": "delete-hub", "target": hub["ref"]["name"], "arguments": {"force": True}}
        path = f"/api/hubs/{hub['ref']['key']}/actions"
        answer = await browser.post(path, json=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        # the server's own API makes the hub that its settings name anew, and starts what is asked for
        started = await browser.post("/runtime/webhooks/durabletask/orchestrators/Order/order-1")
        assert started.status_code == 202, started.text
