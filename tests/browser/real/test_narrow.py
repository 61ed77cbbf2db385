"""On a telephone: every page fits the window, and nothing lies over something else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.real.pages import places
from tests.browser.real.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OVERLAPPING = """() => [...document.querySelectorAll('[role=treegrid] [role=row]')].flatMap(row => {
  const drawn = cell => {
    const range = document.createRange()
    range.selectNodeContents(cell)
    const text = range.getBoundingClientRect(), own = cell.getBoundingClientRect()
    const clips = getComputedStyle(cell).overflowX !== 'visible'
    return {left: text.left, right: clips ? Math.min(text.right, own.right) : text.right}
  }
  const cells = [...row.querySelectorAll('[role=gridcell]:not(.detail), [role=columnheader]')]
    .filter(cell => cell.textContent.trim() !== '').map(drawn).filter(one => one.right > one.left)
  return cells.slice(1).filter((one, n) => one.left < cells[n].right - 1).map(() => row.textContent.trim())
})"""
"""Rows of a history in which the text of one cell lies over that of the next."""


@pytest.fixture
def page(chromium: Browser, world: World) -> Iterator[Page]:
    context = chromium.new_context(base_url=world.url, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_no_page_is_wider_than_a_telephone(page: Page, world: World) -> None:
    wide = {}
    for place in places(world):
        page.goto(place.path)
        page.locator(place.whole).first.wait_for(state="attached")
        expect(page.get_by_text("Loading …", exact=True)).to_have_count(0)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[place.name] = width
    assert wide == {}


def test_the_columns_of_a_history_do_not_lie_over_each_other(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/instances/order-0?tab=history")
    groups = page.get_by_role("treegrid", name="Groups of events")
    expect(groups.get_by_role("row").nth(3)).to_be_visible()
    assert page.evaluate(OVERLAPPING) == []
    page.get_by_role("button", name="All events").click()
    expect(groups).to_have_count(0)
    expect(page.get_by_role("treegrid").get_by_role("row").nth(3)).to_be_visible()
    assert page.evaluate(OVERLAPPING) == []
