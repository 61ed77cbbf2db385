"""A hub in which instances fail or stand still, from the settings file to the receiver, over a restart."""

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest
from durabletask import task
from durabletask.client import TaskHubGrpcClient
from durabletask.worker import TaskHubGrpcWorker

from durahub.accounts import Access
from durahub.address import StoreAddress, StoreKind
from durahub.configuration.settings import Settings
from durahub.mounting import Host
from durahub.serving import running_server
from durahub.storage import SqliteStorage
from durahub_migrate.web.mounting import monitor
from tests.monitor.alerting.receiving import Desk, desk

pytestmark = [pytest.mark.slow, pytest.mark.sdk]
SETTINGS = Settings(grpc_port=0, http_port=0, api_port=None)
FAILED = """
when = "failed"
names = ["ord*"]
"""
STUCK = """
when = "stuck"
after = "1s"
clear = "1s"
"""
RULES = """
[monitor]
data = "{data}"

[monitor.alerts]
every = "1s"

[[monitor.alerts.receivers]]
name = "ops"
url = "file:{url}"

[[monitor.alerts.rules]]
{rule}"""


def order(ctx: task.OrchestrationContext, _: str) -> str:
    raise ValueError("s3cret payload")


def thank(ctx: task.OrchestrationContext, _: str) -> str:
    return "thanks"


async def watched(
    ops: Desk, folder: Path, stops: contextlib.AsyncExitStack, rule: str = FAILED
) -> tuple[int, int]:
    """Run a server with a hub in a file, until *stops* ends; return its gRPC and its HTTP port."""
    (folder / "url").write_text(ops.url)
    config = folder / "durahub.toml"
    config.write_text(RULES.format(data=folder / "data", url=folder / "url", rule=rule))
    store = StoreAddress(StoreKind.SQLITE, str(folder / "hub.db"))
    storage = await stops.enter_async_context(SqliteStorage(str(folder / "hub.db")))
    host = Host(storage=storage, store=store, access=Access(), settings=SETTINGS, config=config)
    running = await stops.enter_async_context(
        running_server(storage, SETTINGS, host=host, mounts=[monitor])
    )
    return running.grpc_port, running.http_port


async def told(ops: Desk, number: int, http: int) -> None:
    """Return when so many notices came. Somebody looks on: else rows are read once a minute."""
    async with httpx.AsyncClient(base_url=f"http://localhost:{http}") as browser:
        for _ in range(400):
            if len(ops.got) >= number:
                return
            await browser.get("/api/hubs")
            await asyncio.sleep(0.2)  # the monitor looks once a second
    raise AssertionError(ops.told())


async def test_it_is_told_once_that_instances_fail_though_the_server_is_started_again(
    tmp_path: Path,
) -> None:
    async with desk() as ops:
        async with contextlib.AsyncExitStack() as stops:
            grpc, http = await watched(ops, tmp_path, stops)
            with TaskHubGrpcWorker(host_address=f"localhost:{grpc}") as worker:
                worker.add_orchestrator(order)
                worker.start()
                client = TaskHubGrpcClient(host_address=f"localhost:{grpc}")
                start = client.schedule_new_orchestration
                await asyncio.to_thread(start, order, instance_id="order/1")
                await told(ops, 1, http)
                async with httpx.AsyncClient(base_url=f"http://localhost:{http}") as browser:
                    alerts = (await browser.get("/api/alerts")).json()
                    metrics = (await browser.get("/metrics")).text
                await asyncio.to_thread(worker.stop)
        async with contextlib.AsyncExitStack() as stops:
            _, http = await watched(ops, tmp_path, stops)
            async with httpx.AsyncClient(base_url=f"http://localhost:{http}") as browser:
                for _ in range(10):
                    again = (await browser.get("/api/alerts")).json()
                    await asyncio.sleep(0.2)  # two looks, in which nothing may be told

    assert ops.told() == [("failed", None, "firing")]
    assert [(one["rule"], one["state"]) for one in alerts] == [("failed", "firing")]
    assert [one["at"] for one in again] == [one["at"] for one in alerts]
    assert b"s3cret" not in ops.got[0].body
    assert 'durahub_monitor_alerts{hub="default@hub",rule="failed"' in metrics
    assert (
        'durahub_monitor_instances{hub="default@hub",name="order",status="Failed"} 1.0' in metrics
    )
    assert "durahub_storage_requests_total" in metrics


async def test_what_nobody_takes_is_told_of_once_and_its_end_too(tmp_path: Path) -> None:
    async with desk() as ops, contextlib.AsyncExitStack() as stops:
        grpc, http = await watched(ops, tmp_path, stops, STUCK)
        client = TaskHubGrpcClient(host_address=f"localhost:{grpc}")
        await asyncio.to_thread(client.schedule_new_orchestration, thank, instance_id="guest/1")
        await told(ops, 1, http)
        alone = list(ops.told())
        with TaskHubGrpcWorker(host_address=f"localhost:{grpc}") as worker:
            worker.add_orchestrator(thank)
            worker.start()
            await told(ops, 2, http)
            await asyncio.to_thread(worker.stop)

    assert alone == [("stuck", "guest/1", "firing")]
    assert ops.got[0].json["alerts"][0]["reason"] == "no_workers"
    assert ops.told() == [("stuck", "guest/1", "firing"), ("stuck", "guest/1", "resolved")]
