"""Instances with histories that are too long for a page: it opens, moves, and says what is not there."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from durahub_migrate.watching.reading.limits import Limits
from tests.browser.monitor_process import monitor_of
from tests.browser.strange import apart, fill_large

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROWS = Limits().events
BEYOND = 50  # activities, of which nothing can be read
SIZES = {"hundred-thousand": ROWS // 2 + BEYOND, "twenty-thousand": 20_000}
SOON = 60_000  # milliseconds
MOST = 3000  # elements of a page


@pytest.fixture(scope="module")
def hub(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a hub with instances of `SIZES`."""
    folder = tmp_path_factory.mktemp("large")
    apart(fill_large(folder / "large.db", "Large", SIZES))
    sources, env = [f"sqlite:{folder / 'large.db'}"], {"DURAHUB_STATE_DIR": str(folder)}
    with monitor_of(sources, env, folder / "data") as monitor:
        monitor.look("Large")
        yield f"{monitor.url}hubs/Large@large/"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(SOON)
    yield page
    context.close()


class Asked:
    """What the page asks the API for."""

    def __init__(self, page: Page) -> None:
        self.paths: list[str] = []
        page.on("request", lambda request: self._note(urlsplit(request.url).path))

    def _note(self, path: str) -> None:
        if "/api/" in path:
            self.paths.append(path.rpartition("/")[2])


def test_a_hundred_thousand_rows_are_scrolled_through_with_few_requests(
    page: Page, hub: str
) -> None:
    asked = Asked(page)
    page.goto(f"{hub}instances/hundred-thousand?tab=history")
    page.get_by_role("button", name="All events").click(timeout=SOON)
    events = page.get_by_label("Events", exact=True)
    expect(events).to_be_visible(timeout=SOON)
    first = asked.paths.count("history")
    assert first <= 4
    assert len(asked.paths) <= 20
    events.hover()
    with page.expect_request(re.compile("/api/.*/history"), timeout=SOON):
        for _ in range(30):
            page.mouse.wheel(0, 2000)
    page.wait_for_timeout(1000)  # what the last movement asks for is asked by then
    assert 0 < asked.paths.count("history") - first <= 40
    assert page.evaluate("() => document.querySelectorAll('*').length") < MOST


def test_what_is_missing_of_a_history_that_is_too_long_is_told(page: Page, hub: str) -> None:
    page.goto(f"{hub}instances/hundred-thousand?tab=history")
    missing = f"only the first {ROWS:,} of {ROWS + 2 * BEYOND + 2:,} events were read"
    expect(page.get_by_text(missing)).to_be_visible(timeout=SOON)
    expect(page.get_by_text("more are left out: see all events")).to_be_visible()


def test_a_timeline_of_twenty_thousand_groups_is_drawn_and_can_be_moved(
    page: Page, hub: str
) -> None:
    asked = Asked(page)
    page.goto(f"{hub}instances/twenty-thousand")
    plot = page.get_by_role("listbox").first
    expect(plot).to_be_visible(timeout=SOON)
    for name in ("Closer", "Closer", "Farther", "All"):
        page.get_by_role("button", name=name, exact=True).click()
    plot.focus()
    for key in ("ArrowDown", "ArrowDown", "End", "Home"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_label("The chosen span")).to_be_visible()
    assert asked.paths.count("timeline") <= 3
    assert page.evaluate("() => document.querySelectorAll('*').length") < MOST
