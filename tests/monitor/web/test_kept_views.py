"""Saved views by the API."""

from collections.abc import AsyncIterator

import pytest

from durahub_migrate.web.application import application
from tests.monitor.web.browsing import Browser
from tests.monitor.web.watched import NOW, two_hubs


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    _, _, monitor = two_hubs()
    async with Browser(application(monitor, clock=lambda: NOW)) as browser:
        await browser.start()
        yield browser


async def test_a_view_is_kept_counted_and_forgotten(browser: Browser) -> None:
    asked = {"query": "status:Running", "sort": "updated", "columns": ["id"], "shared": True}

    kept = await browser.put("/api/views/running%20now", json=asked)

    assert kept.json() == {
        **asked,
        "name": "running now",
        "hubs": [],
        "count": kept.json()["count"],
    }
    assert kept.json()["count"] > 0
    assert await browser.json("/api/views") == [kept.json()]
    assert (await browser.delete("/api/views/running%20now")).json() == []


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a", {"query": "nmae:x"}, "DH121"),
        ("a", {"sort": "is"}, "DH107"),
        ("Running", {}, "DH107"),
        ("%20", {}, "DH107"),
    ],
)
async def test_a_view_that_makes_no_sense_is_refused(
    browser: Browser, name: str, body: dict[str, str], code: str
) -> None:
    refused = await browser.put(f"/api/views/{name}", json=body)

    assert (refused.status_code, refused.json()["code"]) == (400, code)


async def test_a_view_that_is_not_there_cannot_be_forgotten(browser: Browser) -> None:
    refused = await browser.delete("/api/views/none")

    assert refused.json()["code"] == "DH107"
