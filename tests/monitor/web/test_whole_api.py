"""Every operation of the API over a real hub, each answer held against the OpenAPI document."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from durahub.authorization.static_tokens import Token, digest_of
from durahub.dispatch.clock import new_id, system_clock
from durahub.dispatch.operations import Operations
from durahub.dispatch.starting import StartRequest
from durahub.storage import SqliteStorage
from durahub_migrate.monitor.access import READ
from durahub_migrate.watching.opening import monitor_of_storage
from durahub_migrate.web.assembling import assembled
from durahub_migrate.web.configuring.settings import MonitorSettings
from durahub_migrate.web.who.granting import Rule
from tests.monitor.web.browsing import Browser
from tests.monitor.web.contract import CONTRACT
from tests.monitor.web.test_mounting import MEMORY

KEY = "orders@memory"
SECRET = "4711-card-number"
TOKEN = "a-token-that-is-long-enough-to-be-one"
SAMPLES = {
    "id": "order/1",
    "name": "Order",
    "left": "order/1",
    "right": "order/2",
    "leftHub": KEY,
    "rightHub": KEY,
    "queue": "inbox",
    "member": "input",
}


@pytest.fixture
async def storage() -> AsyncIterator[SqliteStorage]:
    async with SqliteStorage(":memory:") as storage:
        store = storage.store("orders")
        await store.open(create=True)
        operations = Operations(store, system_clock, new_id)
        for number in range(1, 4):
            await operations.start(
                StartRequest(
                    name="Order",
                    instance_id=f"order/{number}",
                    input=json.dumps({"card": SECRET, "n": number}),
                )
            )
        yield storage
        await store.close()


class Running:
    """A monitor over that storage."""

    def __init__(self, browser: Browser, folder: Path, app: Any) -> None:
        self.browser = browser
        self.folder = folder
        self.app = app

    async def until(self, path: str, condition: Any, **query: Any) -> Any:
        for _ in range(6000):
            found = await self.browser.json(path, **query)
            if condition(found):
                return found
            await asyncio.sleep(0.01)  # a task of the monitor's own gets there
        raise AssertionError(found)


@pytest.fixture
async def running(storage: SqliteStorage, tmp_path: Path) -> AsyncIterator[Running]:
    settings = MonitorSettings(allow_actions=True)
    async with (
        assembled(
            settings,
            lambda options, actor: monitor_of_storage(storage, MEMORY, options, open_actor=actor),
            tmp_path,
        ) as app,
        Browser(app) as browser,
    ):
        await browser.start()
        running = Running(browser, tmp_path, app)
        await running.until("/api/instances", lambda found: found["total"] == 3, total=1)
        yield running


async def test_every_operation_that_only_reads_answers_as_it_says(running: Running) -> None:
    seen = await everything(running.browser)

    assert {path: one.text for path, one in seen.items() if one.status_code != 200} == {}
    assert len(seen) >= 28


async def everything(browser: Browser) -> dict[str, httpx.Response]:
    """Return what every operation that only reads answers, by its path."""
    seen = {}
    for path, methods in CONTRACT.document["paths"].items():
        if "get" not in methods or "{number}" in path or path == "/api/events":
            continue
        needed = [one["name"] for one in methods["get"]["parameters"] if one.get("required")]
        query = {name: SAMPLES[name] for name in needed if name != "hub"}
        seen[path] = await browser.get(path.replace("{hub}", KEY), params=query)
    return seen


async def test_a_job_is_made_counted_started_and_reported(running: Running) -> None:
    browser = running.browser
    asked = {
        "hub": KEY,
        "verb": "suspend",
        "query": "id:order/1 or id:order/2",
        "reason": "a test",
        "rate": 1000,
    }
    made = (await browser.post("/api/jobs", json=asked)).json()
    path = f"/api/jobs/{made['number']}"
    counted = await running.until(path, lambda job: job["state"] == "ready")
    started = await browser.post(f"{path}/start")
    done = await running.until(path, lambda job: job["state"] == "done")
    report = await browser.get(f"{path}/report")
    again = await browser.post(f"{path}/start")
    listed = await browser.json("/api/jobs")
    audit = await browser.json("/api/audit", verb="suspend")

    assert counted["total"] == 2
    assert started.status_code == 200, started.text
    assert (done["done"], done["failed"]) == (2, 0)
    assert report.text.count("order/") == 2
    assert again.status_code == 409
    assert [job["number"] for job in listed] == [made["number"]]
    assert {entry["job"] for entry in audit["entries"]} == {made["number"]}
    assert {entry["reason"] for entry in audit["entries"]} == {"a test"}


async def test_who_cancels_a_job_is_noted_and_who_was_not_let_start_it_too(
    running: Running,
) -> None:
    job = {"hub": KEY, "verb": "suspend", "query": "", "reason": "a pause"}
    number = (await running.browser.post("/api/jobs", json=job)).json()["number"]
    path = f"/api/jobs/{number}"
    await running.until(path, lambda found: found["state"] == "ready")
    canceled = await running.browser.post(f"{path}/cancel")
    again = await running.browser.post(f"{path}/start")
    log = await running.browser.json("/api/audit")

    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    assert again.status_code == 409
    told = [(one["job"], one["result"]) for one in log["entries"]]
    assert told == [(number, "refused"), (number, "done")]
    assert log["entries"][1]["sentence"] == "cancel the job"


async def test_there_is_no_job_that_was_not_made(running: Running) -> None:
    for number in ("17", "x", "../1"):
        answer = await running.browser.get(f"/api/jobs/{number}")
        assert answer.status_code in (400, 404), answer.text


async def test_an_action_is_noted_before_and_behind_and_a_refused_one_too(
    running: Running,
) -> None:
    path = f"/api/hubs/{KEY}/actions"
    event = {"name": "Approve", "data": json.dumps(SECRET)}
    await running.browser.post(
        path,
        json={"verb": "raise-event", "target": "order/1", "arguments": event, "reason": "asked"},
        headers={"x-request-id": "r-1"},
    )
    await running.browser.post(path, json={"verb": "suspend", "target": "none"})
    entries = (await running.browser.json("/api/audit"))["entries"]
    written = (running.folder / "audit.jsonl").read_text("utf-8")

    assert [(one["verb"], one["result"]) for one in entries] == [
        ("suspend", "refused"),
        ("suspend", "tried"),
        ("raise-event", "done"),
        ("raise-event", "tried"),
    ]
    assert entries[-1]["reason"] == "asked"
    assert entries[-1]["requestId"] == "r-1"
    assert entries[-1]["via"] == "loopback"
    assert SECRET not in written


async def test_views_are_kept_with_how_many_they_find(running: Running) -> None:
    browser = running.browser
    view = {"query": "id:order/1", "sort": "name", "columns": ["name"], "hubs": [KEY]}
    put = await browser.put("/api/views/my%20orders%2F1", json=view)
    listed = await browser.json("/api/views")
    wrong = await browser.put("/api/views/wrong", json={"query": "status:"})
    gone = await browser.delete("/api/views/my%20orders%2F1")
    missing = await browser.delete("/api/views/other")

    assert put.status_code == 200, put.text
    assert [(one["name"], one["count"], one["shared"]) for one in listed] == [
        ("my orders/1", 1, False)
    ]
    assert (wrong.status_code, wrong.json()["code"]) == (400, "DH121")
    assert gone.json() == []
    assert missing.status_code == 400


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
async def test_lists_are_exported(running: Running, form: str) -> None:
    answer = await running.browser.get("/api/export", params={"format": form, "q": "id:order/*"})

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="instances.{form}"'
    assert b"order/3" in answer.content


async def test_a_document_is_opened_again_without_any_hub(running: Running) -> None:
    browser = running.browser
    file = await browser.get(f"/api/hubs/{KEY}/document", params={"id": "order/1"})
    opened = await browser.post("/api/documents", json=file.json())
    broken = await browser.post("/api/documents", json={"format": "other"})

    assert 'filename="order_1.durahub.json"' in file.headers["content-disposition"]
    assert opened.json()["detail"]["row"]["instanceId"] == "order/1"
    assert broken.status_code in (400, 502)


async def test_where_payloads_are_hidden_they_are_in_no_answer_export_job_or_event(
    storage: SqliteStorage, tmp_path: Path
) -> None:
    settings = MonitorSettings(
        tokens=(Token("ci", digest_of(TOKEN)),),
        rules=(Rule(tokens=frozenset({"ci"}), allows=frozenset({READ, "raise-event"})),),
    )
    async with (
        assembled(
            settings,
            lambda options, actor: monitor_of_storage(storage, MEMORY, options, open_actor=actor),
            tmp_path,
        ) as app,
        Browser(app, headers={"authorization": f"Bearer {TOKEN}"}) as browser,
    ):
        running = Running(browser, tmp_path, app)
        await running.until("/api/instances", lambda found: found["total"] == 3, total=1)
        seen = await everything(browser)
        job = {
            "hub": KEY,
            "verb": "raise-event",
            "query": "",
            "arguments": {"name": "Approve", "data": json.dumps(SECRET)},
        }
        made = await browser.post("/api/jobs", json=job)
        searching = await browser.post("/api/jobs", json={**job, "query": "input~4711"})
        word = await browser.post("/api/jobs", json={**job, "query": "4711"})
        elsewhere = await browser.post("/api/jobs", json={**job, "archive": "/etc/x"})

    leaks = [path for path, answer in seen.items() if SECRET in answer.text]
    assert leaks == []
    refused = {path for path, answer in seen.items() if answer.status_code == 403}
    assert refused == {"/api/hubs/{hub}/payload", "/api/hubs/{hub}/document"}
    assert all(answer.status_code in (200, 403) for answer in seen.values())
    assert made.status_code == 200, made.text
    assert SECRET not in made.text
    assert (searching.status_code, word.status_code, elsewhere.status_code) == (403, 403, 400)


async def test_what_is_redacted_is_in_no_answer_though_payloads_are_granted(
    storage: SqliteStorage, tmp_path: Path
) -> None:
    settings = MonitorSettings(redact=("members:card",), inputs=True)
    async with (
        assembled(
            settings,
            lambda options, actor: monitor_of_storage(storage, MEMORY, options, open_actor=actor),
            tmp_path,
        ) as app,
        Browser(app) as browser,
    ):
        running = Running(browser, tmp_path, app)
        await running.until("/api/instances", lambda found: found["total"] == 3, total=1)
        seen = await everything(browser)

    assert [path for path, answer in seen.items() if SECRET in answer.text] == []
    assert all(answer.status_code == 200 for answer in seen.values())
    assert '"card": "…"' in seen["/api/hubs/{hub}/payload"].text
