"""What the browser sees here: real hubs of many kinds, and a ``durahub monitor`` that watches them.

On one Azurite: hubs that .NET programs left behind, and one that this provider serves to a worker of the
Python SDK. Beside it a SQLite file with a hub, which is also watched through its server's endpoint.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationStatus
from durabletask.entities import EntityInstanceId

from durahub.local.azurite import running_azurite
from durahub.local.child import Child
from durahub.local.server import Ready, ServerProcess
from tests.browser.real.tampering import tamper
from tests.golden.loading import load
from tests.golden.recorded import HUBS

RECORDED = ("waiting", "finished", "entities", "functions", "crash-outbox")
MONITOR = (sys.executable, "-c", "from durahub_migrate.cli.monitor import monitor; monitor()")
STORE = "DURAHUB_TEST_CONNECTION"
WITHIN = 120.0  # seconds
ORDERS = 4
READER, WAITER = "reader-0123456789abcdefghij", "waiter-0123456789abcdefghij"
SETTINGS = """
[[monitor.login.tokens]]
name = "reader"
token = "env:READER"

[[monitor.login.tokens]]
name = "waiter"
token = "env:WAITER"

[[monitor.grants]]
tokens = ["reader"]
hubs = ["Shop@*"]
allows = ["read"]

[[monitor.grants]]
tokens = ["waiter"]
hubs = ["Shop@*"]
allows = ["read", "payloads", "raise-event"]
"""


@dataclass(frozen=True)
class World:
    """Where things are."""

    url: str
    guarded: str
    """A monitor where everybody needs a token: `READER` or `WAITER`, who see the shop alone."""
    connection_string: str
    endpoint: str
    hubs: dict[str, str]
    """Keys of hubs: of recorded ones by what was recorded; ``shop``, ``till``, ``endpoint``."""

    def client(self) -> DurableTaskSchedulerClient:
        """Return a client of the shop."""
        return _client(self.endpoint, "Shop")


def _client(endpoint: str, hub: str) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=endpoint, taskhub=hub, token_credential=None, secure_channel=False
    )


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make it all for the body; *folder* is for files."""
    with contextlib.ExitStack() as stack:
        azurite = stack.enter_context(running_azurite(say=lambda _: None))
        connection = azurite.connection_string
        with ThreadPoolExecutor(1) as thread:  # Playwright has the loop of this one
            thread.submit(asyncio.run, _load(connection)).result()
        store = {STORE: connection, "DURAHUB_STATE_DIR": str(folder)}
        shop = ServerProcess(("--store", f"env:{STORE}", "--hub", "Shop", "--no-monitor"), store)
        till = ServerProcess(("--store", f"sqlite:{folder}/till.db", "--hub", "Till"), store)
        served = []
        for server in (shop, till):
            stack.callback(server.stop)
            served.append(server.start())
        for ready, hub in zip(served, ("Shop", "Till"), strict=True):
            stack.callback(_worker(ready, hub).kill)
        _start_all(served[0].endpoint)
        with _client(served[1].endpoint, "Till") as client:
            client.schedule_new_orchestration("weekly", input=1, instance_id="week")
            client.wait_for_orchestration_completion("week", timeout=WITHIN)
        sources = [f"env:{STORE}", f"sqlite:{folder}/till.db", f"dts:{served[1].endpoint}/Till"]
        prices = folder / "prices.toml"
        prices.write_text('currency = "EUR"\n[storage]\nper-gb-month = 1000000.0\n')
        child = Child(
            [
                *MONITOR,
                *sources,
                "--prices",
                str(prices),
                "--port",
                "0",
                "--format",
                "json",
                "--allow-actions",
                "--budget",
                "200",
                "--data",
                str(folder / "data"),
                "--stuck-after",
                "1",
            ],
            env=store,
        )
        stack.callback(child.kill)
        url = child.wait_for(_url, WITHIN)
        assert url is not None, child.output()
        hubs = _all_swept(url, child)
        guarded = stack.enter_context(_guarded(folder, store))
        yield World(url, guarded, connection, served[0].endpoint, hubs)


@contextlib.contextmanager
def _guarded(folder: Path, store: dict[str, str]) -> Iterator[str]:
    """Run a monitor where everybody logs in, which two tokens do, each for something else."""
    config = folder / "guarded.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    data = folder / "guarded"
    child = Child(
        [
            *MONITOR,
            f"env:{STORE}",
            "--config",
            str(config),
            "--port",
            "0",
            "--format",
            "json",
            "--data",
            str(data),
        ],
        env={**store, "READER": READER, "WAITER": WAITER},
    )
    try:
        url = child.wait_for(_url, WITHIN)
        assert url is not None, child.output()
        yield url
    finally:
        child.kill()


async def _load(connection: str) -> None:
    for hub in HUBS:
        if hub.name in RECORDED:
            await load(hub, connection, _named(hub.name))
    await tamper(connection, _named("waiting"))


def _named(recorded: str) -> str:
    return "Rec" + recorded.title().replace("-", "")


def _worker(ready: Ready, hub: str) -> Child:
    script = Path(__file__).with_name("app.py")
    child = Child([sys.executable, str(script), ready.endpoint, hub], env={"PYTHONUNBUFFERED": "1"})
    if not child.wait_for(lambda line: "worker ready" in line or None, WITHIN):
        raise AssertionError(child.output())
    return child


def _start_all(endpoint: str) -> None:
    with _client(endpoint, "Shop") as client:
        for number in range(ORDERS):
            name = f"order-{number}"
            client.schedule_new_orchestration("order", input=name, instance_id=name)
        for name in ("broken", "coffee", "nightly", "stock"):
            client.schedule_new_orchestration(name, instance_id=f"{name}-1")
        client.schedule_new_orchestration("weekly", input=1, instance_id="weekly-1")
        client.schedule_new_orchestration("unknown", instance_id="nobody-knows-it")
        client.signal_entity(EntityInstanceId("counter", "plates"), "add", 5)
        client.wait_for_orchestration_completion("broken-1", timeout=WITHIN)
        client.wait_for_orchestration_completion("weekly-1", timeout=WITHIN)
        for number in range(ORDERS):
            client.wait_for_orchestration_completion(f"order-{number}-pack", timeout=WITHIN)
        client.suspend_orchestration("order-3")
        while (state := client.get_orchestration_state("order-3")) is not None:
            if state.runtime_status is OrchestrationStatus.SUSPENDED:
                break


def _url(line: str) -> str | None:
    return str(json.loads(line)["url"]) if line.startswith("{") else None


def _all_swept(url: str, child: Child) -> dict[str, str]:
    """Wait until every hub was swept once; return their keys."""
    wanted = {*map(_named, RECORDED), "Shop", "Till"}
    with httpx.Client(base_url=url, timeout=WITHIN) as http:
        headers = {"X-Durahub-Csrf": http.get("api/session").json()["csrf"]}
        while True:
            hubs = http.get("api/hubs").json()
            waiting = [one for one in hubs if one["freshness"]["complete"] is None]
            if not waiting and wanted <= {one["ref"]["name"] for one in hubs} and len(hubs) == 8:
                break
            for one in waiting:  # answers when it has looked: nothing turns in a circle
                http.post(f"api/hubs/{one['ref']['key']}/refresh", headers=headers, json={})
            if child.exit_status is not None:
                raise AssertionError(child.output())
    named = {_named(one): one for one in RECORDED} | {"Shop": "shop"}
    keys = {
        named[one["ref"]["name"]]: one["ref"]["key"] for one in hubs if one["ref"]["name"] in named
    }
    kinds = {one["ref"]["kind"]: one["ref"]["key"] for one in hubs}
    return {**keys, "till": kinds["scheduler"], "endpoint": kinds["endpoint"]}
