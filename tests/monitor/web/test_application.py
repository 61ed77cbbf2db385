"""The application: session, hubs, lists, files, the headers of all responses."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from durahub.errors import HubNotFound, StorageDenied, StorageUnavailable
from durahub_migrate.web.application import application
from durahub_migrate.web.files import Files
from tests.monitor.web.browsing import Browser
from tests.monitor.web.watched import NOW, MemoryHub, two_hubs


@pytest.fixture
def hubs() -> tuple[MemoryHub, Starlette]:
    orders, _, monitor = two_hubs()
    return orders, application(monitor, clock=lambda: NOW)


@pytest.fixture
async def browser(hubs: tuple[MemoryHub, Starlette]) -> AsyncIterator[Browser]:
    async with Browser(hubs[1]) as browser:
        yield browser


async def test_who_is_at_this_machine_reads_everything_and_changes_nothing(
    browser: Browser,
) -> None:
    session = await browser.json("/api/session")

    assert session["user"]["via"] == "loopback"
    assert session["readOnly"] is True
    assert session["may"] == {
        "orders@local": ["payloads", "read"],
        "payments@local": ["payloads", "read"],
    }
    assert session["now"] == "2026-11-18T11:06:40Z"
    assert session["login"] is None


async def test_hubs_are_listed_by_key(browser: Browser) -> None:
    listed = await browser.json("/api/hubs")

    assert [one["ref"]["key"] for one in listed] == ["orders@local", "payments@local"]
    assert listed[0] == await browser.json("/api/hubs/orders%40local")
    assert listed[0]["counts"] == {"Failed": 1, "Running": 2}


async def test_a_hub_is_refreshed_on_demand(
    hubs: tuple[MemoryHub, Starlette], browser: Browser
) -> None:
    await browser.start()
    answer = await browser.post("/api/hubs/orders@local/refresh", json={})

    assert answer.json()["ref"]["key"] == "orders@local"
    assert hubs[0].refreshed == 1


async def test_pages_of_instances_follow_each_other(browser: Browser) -> None:
    first = await browser.json("/api/instances", count=3, total=1)
    rest = await browser.json("/api/instances", count=3, after=first["after"])

    found = [row["instanceId"] for row in (*first["rows"], *rest["rows"])]
    assert found == ["order/1", "order/2", "order/3", "pay-1", "pay-2"]
    assert (first["total"], rest["total"], rest["after"]) == (5, None, None)
    assert set(first["freshness"]) == {"orders@local", "payments@local"}
    assert first["cli"] == "durahub instance list"


async def test_a_list_can_be_of_some_hubs_and_tells_its_command(browser: Browser) -> None:
    found = await browser.json("/api/instances", q="status:Failed", hub="orders@local", sort="name")

    assert [row["instanceId"] for row in found["rows"]] == ["order/2"]
    assert list(found["freshness"]) == ["orders@local"]
    assert found["cli"] == (
        "durahub instance list --hub azurite:orders --query status:Failed --sort name"
    )


async def test_counts_are_by_status_and_by_name(browser: Browser) -> None:
    assert await browser.json("/api/counts", hub="orders@local") == {
        "statuses": {"Running": 2, "Failed": 1},
        "total": 3,
        "names": {"Order": {"Running": 1, "Failed": 1}, "Refund": {"Running": 1}},
    }


async def test_ids_are_completed(browser: Browser) -> None:
    assert await browser.json("/api/ids", prefix="pay") == ["pay-1", "pay-2"]
    assert await browser.json("/api/ids", prefix="pay", hub="orders@local") == []


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/instances?count=0", 400, "count is from 1 to 1000"),
        ("/api/instances?count=many", 400, "count is a number"),
        ("/api/instances?total=perhaps", 400, "total is 0 or 1"),
        ("/api/instances?hubs=orders", 400, "there is no parameter 'hubs' here"),
        ("/api/instances?hub=other@local", 404, "other@local"),
        ("/api/hubs/other@local", 404, "other@local"),
        ("/api/nothing", 404, "there is nothing at this path"),
    ],
)
async def test_wrong_input_is_told_with_what_was_wrong(
    browser: Browser, path: str, status: int, says: str
) -> None:
    answer = await browser.get(path)

    assert answer.status_code == status
    assert set(answer.json()) == {"code", "sentence", "next", "login"}
    assert says in answer.json()["sentence"]


async def test_another_method_is_refused_with_the_methods_there_are(browser: Browser) -> None:
    await browser.start()
    answer = await browser.delete("/api/hubs")

    assert answer.status_code in (404, 405)
    assert answer.json()["code"] == "DH107"


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (StorageUnavailable("the account", "time-out"), 503, "DH501"),
        (StorageDenied("the account", "403"), 502, "DH502"),
        (HubNotFound("orders"), 404, "DH201"),
        (RuntimeError("a payload of somebody"), 500, "internal"),
    ],
)
async def test_errors_of_storage_become_statuses_and_quote_nothing_unforeseen(
    hubs: tuple[MemoryHub, Starlette],
    browser: Browser,
    problem: Exception,
    status: int,
    code: str,
) -> None:
    hubs[0].problem = problem
    await browser.start()
    answer = await browser.post("/api/hubs/orders@local/refresh", json={})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "payload of somebody" not in answer.text


@pytest.mark.parametrize("path", ["/", "/api/hubs", "/api/nothing", "/hubs/a/instances/b"])
async def test_every_response_carries_the_strict_headers(browser: Browser, path: str) -> None:
    headers = (await browser.get(path)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_what_the_api_answers_is_not_kept(browser: Browser) -> None:
    assert (await browser.get("/api/hubs")).headers["cache-control"] == "no-store"


async def test_without_a_built_front_end_a_page_says_how_to_build_it(tmp_path: Path) -> None:
    app = Starlette(routes=[Mount("/", app=_only_files(tmp_path))])
    async with Browser(app) as browser:
        page = await browser.get("/")

    assert "python3 dev.py ui" in page.text
    assert '<base href="/">' in page.text


async def test_hashed_files_are_kept_for_ever_and_the_page_is_not(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-B3x9_kQz.js").write_text("1")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text('<html><head><base href="/"><title>x</title></head>')
    async with Browser(_only_files(tmp_path)) as browser:
        script = await browser.get("/assets/index-B3x9_kQz.js")
        icon = await browser.get("/icon.svg")
        page = await browser.get("/hubs/orders%40local/instances/order%2F1")
        missing = await browser.get("/assets/index-00000000.js")

    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")
    assert icon.headers["cache-control"] == page.headers["cache-control"] == "no-cache"
    assert page.text.count("<base") == 1
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "path", ["/%2e%2e/secret.txt", "/..%2fsecret.txt", "/a/..%5c..%5csecret.txt", "/%00", "//etc"]
)
async def test_no_file_outside_of_the_folder_is_served(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "ui"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    async with Browser(_only_files(folder)) as browser:
        answer = await browser.get(path)

    assert answer.text != "secret"


async def test_it_can_be_mounted_below_another_application(
    hubs: tuple[MemoryHub, Starlette],
) -> None:
    outer = Starlette(routes=[Mount("/ops", app=hubs[1])])
    async with Browser(outer) as browser:
        page = await browser.get("/ops/hubs/orders%40local/instances/order%2F1")
        session = await browser.get("/ops/api/session")
        listed = await browser.json("/ops/api/hubs/orders%40local")
        browser.headers["x-durahub-csrf"] = session.json()["csrf"]
        done = await browser.post("/ops/api/hubs/orders%40local/refresh", json={})

    assert re.search(r'<head><base href="/ops/">', page.text)
    assert "path=/ops;" in session.headers["set-cookie"].casefold()
    assert listed["ref"]["key"] == "orders@local"
    assert done.status_code == 200


def _only_files(folder: Path) -> Starlette:
    from starlette.routing import Route

    return Starlette(routes=[Route("/{path:path}", Files(folder).serve)])


async def test_where_it_is_mounted_its_first_page_is_at_the_slash() -> None:
    _, _, monitor = two_hubs()
    app = Starlette(routes=[Mount("/ops", application(monitor))])
    async with Browser(app) as browser:
        home = await browser.get("/ops/")
        assert home.status_code == 200
        assert (await browser.get("/ops")).headers["location"].endswith("/ops/")
        assert (await browser.get("/ops/api/hubs/")).status_code == 200


@pytest.mark.parametrize(("mode", "status"), [("cors", 403), ("no-cors", 403), ("navigate", 200)])
async def test_a_page_of_another_site_has_no_hub_asked_and_a_link_is_followed(
    browser: Browser, mode: str, status: int
) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}
    answer = await browser.get("/api/hubs", headers=headers)
    assert answer.status_code == status


async def test_a_document_that_is_nested_too_deep_is_told(browser: Browser) -> None:
    await browser.start()
    body = "[" * 400 + "]" * 400
    headers = {"content-type": "application/json"}
    answer = await browser.post("/api/documents", content=body, headers=headers)
    assert answer.status_code == 400, answer.text


async def test_a_hub_is_judged_once_however_many_ask(
    browser: Browser, hubs: tuple[MemoryHub, Starlette]
) -> None:
    orders = hubs[0]
    path = f"/api/hubs/{orders.ref.key}/readiness"
    first = await browser.json(path)
    orders.index.rows.clear()
    assert await browser.json(path) == first
    assert first["rows"] == 3


async def test_what_was_judged_before_a_hub_was_swept_does_not_count_for_a_minute(
    browser: Browser, hubs: tuple[MemoryHub, Starlette]
) -> None:
    orders = hubs[0]
    path = f"/api/hubs/{orders.ref.key}/readiness"
    rows, orders.index.rows, orders.complete = orders.index.rows, [], None
    assert (await browser.json(path))["rows"] == 0
    orders.index.rows, orders.complete = rows, NOW
    assert (await browser.json(path))["rows"] == len(rows) > 0
