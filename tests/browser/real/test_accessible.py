"""No page and no dialog breaks a rule of WCAG 2 A or AA that axe-core knows, in light and in dark.

With ``DURAHUB_SCREENSHOTS=FOLDER`` each page is also kept there: ``docs/images/monitor`` is made so.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.real.conftest import SIZE
from tests.browser.real.pages import places
from tests.browser.real.world import World
from tests.ui.front_end import UI

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

AXE = UI / "node_modules" / "axe-core" / "axe.min.js"
RUN = """() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
  .then(found => found.violations.map(one => ({rule: one.id, help: one.help,
    nodes: one.nodes.slice(0, 4).map(node => `${node.target}: ${node.any.map(all => all.message)}`)})))
"""


@pytest.fixture(params=["light", "dark"])
def page(request: Any, chromium: Browser, world: World) -> Iterator[Page]:
    """A page where a script may be added: the product's policy lets none in."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in migrate/ui")
    context = chromium.new_context(
        base_url=world.url, viewport=SIZE, color_scheme=request.param, bypass_csp=True
    )
    yield context.new_page()
    context.close()


def broken(page: Page) -> list[Any]:
    """Return the rules that the page breaks, and where."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    found: list[Any] = page.evaluate(RUN)
    return found


WHOLE_PAGES = ("why", "failed")
"""Pages with tabs that are shown from their head on; the others from their tabs on."""

TO_TABS = "scrollBy(0, document.querySelector('[role=tablist]').getBoundingClientRect().top - 90)"


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page, if that is wanted."""
    folder = os.environ.get("DURAHUB_SCREENSHOTS")
    if folder is None:
        return
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    path = Path(folder) / f"{name}-{'dark' if dark else 'light'}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    if page.locator("[role=tablist]").count() and name not in WHOLE_PAGES:
        page.evaluate(TO_TABS)
    page.screenshot(path=path, animations="disabled", caret="hide")


def test_no_page_breaks_a_rule(page: Page, world: World) -> None:
    found = {}
    for place in places(world):
        page.goto(place.path)
        page.locator(place.whole).first.wait_for()
        expect(page.get_by_text("Loading …", exact=True)).to_have_count(0)
        keep(page, place.name)
        if rules := broken(page):
            found[place.name] = rules
    assert found == {}


def click(role: Any, name: str, **more: Any) -> Callable[[Page], None]:
    return lambda page: page.get_by_role(role, name=name, **more).first.click()


DIALOGS: list[tuple[str, list[Callable[[Page], None]]]] = [
    ("instances", [click("button", "Views"), click("menuitem", "Keep this view …")]),
    ("instances?hub={shop}", [click("button", "Start …")]),
    ("hubs/{shop}", [click("button", "Delete hub …")]),
    ("hubs/{shop}", [click("button", "Clean entities …")]),
    ("help", [click("button", "Go to")]),
    ("hubs/{shop}/instances/order-0", [click("button", "Terminate")]),
    ("hubs/{shop}/instances/order-0", [click("button", "Raise event")]),
]


def test_no_dialog_breaks_a_rule(page: Page, world: World) -> None:
    found = {}
    for path, steps in DIALOGS:
        page.goto(path.format(**world.hubs))
        for step in steps:
            step(page)
        page.get_by_role("dialog").wait_for()
        if rules := broken(page):
            found[path] = rules
    assert found == {}
