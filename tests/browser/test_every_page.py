"""Every page opens in a real browser: without an error, without a breach of its content security policy."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from durahub_migrate.web.application import application
from tests.browser.serving import served
from tests.monitor.web.watched import MemoryMonitor, memory_hub

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = [
    ("", "Hubs"),
    ("instances", "Instances"),
    ("instances?q=status%3AFailed&sort=name", "Instances"),
    ("hubs/orders@local", "orders@local"),
    ("hubs/orders@local/instances/order%2F0001", "Order1|order/0001"),
    ("hubs/orders@local/partitions", "Partitions"),
    ("hubs/orders@local/storage", "Storage"),
    ("hubs/orders@local/runs?name=Order1", "Runs"),
    ("stuck", "Stuck"),
    ("jobs", "Jobs"),
    ("audit", "Audit"),
    ("alerts", "Alerts"),
    ("open", "Open"),
    ("help", "Help"),
]


WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? []
  : [...document.querySelectorAll('main *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .filter(one => !one.closest('.scroll, [role=grid], pre, [role=tablist]'))
    .map(one => `${one.tagName}.${one.className}`).slice(0, 9)
"""
"""What reaches over the edge of the window, but for what is scrolled in a frame of its own."""


@dataclass
class Watched:
    """What a browser complains about while pages are shown."""

    problems: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on(
            "response",
            lambda answer: (
                self.problems.append(f"{answer.status} {answer.url}")
                if answer.status >= 500
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("http://127.0.0.1:", "blob:", "data:"))
                else self.problems.append(f"elsewhere: {request.url}")
            ),
        )

    def _said(self, kind: str, text: str) -> None:
        # what the API refuses is told by the page itself, the browser's own line on it is no error of ours
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.problems.append(f"{kind}: {text}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_opens_without_a_complaint(chromium: Browser, place: str, theme: str) -> None:
    watched = Watched()
    context = chromium.new_context(color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    watched.watch(page)
    for path, heading in PAGES:
        page.goto(place + path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(heading))
        expect(page.get_by_role("main")).to_have_count(1)
        assert watched.problems == [], path
    context.close()


def test_a_page_is_usable_320_pixels_wide(chromium: Browser, place: str) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    for path, heading in PAGES:
        page.goto(place + path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(heading))
        assert page.evaluate(WIDE) == [], path
    context.close()


def test_a_hub_of_the_longest_name_does_not_widen_a_narrow_page(
    chromium: Browser, built: Path
) -> None:
    assert built.is_dir()
    long = "LongNamesAreAllowedForHubsUpToFortyFiveLetters"[:45]
    web = application(MemoryMonitor(memory_hub("a"), memory_hub(long, {"one": {}})))
    with served(web) as address:
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        for path in ("", "instances", "stuck", "audit", f"hubs/{long}@local"):
            page.goto(address + path)
            expect(page.get_by_text(long).first).to_be_attached()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        context.close()
        web.state.web.close()


def test_the_list_has_few_rows_in_the_page_and_reaches_its_last(
    chromium: Browser, place: str
) -> None:
    context = chromium.new_context(viewport={"width": 1300, "height": 800})
    page = context.new_page()
    page.goto(place + "instances?hub=orders%40local")
    grid = page.get_by_role("grid", name="Instances")
    expect(grid).to_have_attribute("aria-rowcount", "1501")
    expect(grid.get_by_role("link", name="order/0000")).to_be_visible()
    assert grid.get_by_role("row").count() < 60
    grid.focus()
    page.keyboard.press("End")
    expect(grid.locator("[aria-rowindex='1501']")).to_be_visible()
    assert grid.get_by_role("row").count() < 60
    page.keyboard.press("Home")
    expect(grid.get_by_role("link", name="order/0000")).to_be_visible()
    context.close()


def test_the_list_is_driven_by_the_keyboard_and_the_back_button_returns(
    chromium: Browser, place: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(place + "instances?hub=orders%40local")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "1501")
    page.keyboard.press("/")
    page.keyboard.type("status:Failed name:Order2")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=status%3AFailed\+name%3AOrder2"))
    expect(page.get_by_role("list", name="Conditions").get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_role("grid")).not_to_have_attribute("aria-rowcount", "1501")  # it has come
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="What is chosen")).to_contain_text("1 row chosen")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/hubs/orders@local/instances/order%2F\d+"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"q=status%3AFailed\+name%3AOrder2"))
    expect(page.get_by_role("combobox", name="Query")).to_have_value("status:Failed name:Order2")
    context.close()


def test_the_palette_goes_to_an_instance(chromium: Browser, place: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(place)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hubs")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("order/000")
    expect(page.get_by_role("option", name="order/0003")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/ops/hubs/orders@local/instances/order%2F000\d$"))
    context.close()
