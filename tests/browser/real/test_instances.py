"""Pages of instances: why they wait, what happened in them, and what is done to them."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.real.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def instance(page: Page, hub: str, instance_id: str, tab: str = "") -> Locator:
    """Open an instance; return what is below the chosen tab."""
    page.goto(f"hubs/{hub}/instances/{instance_id}{f'?tab={tab}' if tab else ''}")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_be_visible()
    return panel


def test_why_it_waits_is_said_with_evidence_and_what_to_do(page: Page, world: World) -> None:
    instance(page, world.hubs["waiting"], "awaits-activity")
    why = page.get_by_role("region", name="Why is it waiting?")
    expect(why).to_contain_text("Waiting")
    expect(why).to_contain_text("Stuck")
    expect(why.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(why).to_contain_text("recwaiting-workitems")
    expect(why).to_contain_text(re.compile("delivered 6|poison", re.IGNORECASE))
    expect(why.get_by_role("heading", name="What to do")).to_be_visible()


def test_a_worker_that_is_busy_is_not_called_stuck(page: Page, world: World) -> None:
    instance(page, world.hubs["shop"], "nightly-1")
    why = page.get_by_role("region", name="Why is it waiting?")
    expect(why).to_contain_text(re.compile("timer", re.IGNORECASE))
    expect(why).not_to_contain_text("Stuck")
    instance(page, world.hubs["shop"], "order-1")
    expect(why).to_contain_text("external event")


def test_pending_work_is_a_table_with_messages(page: Page, world: World) -> None:
    instance(page, world.hubs["shop"], "coffee-1")
    table = page.get_by_role("region", name="Why is it waiting?").get_by_role("table")
    row = table.get_by_role("row").nth(1)
    expect(row).to_contain_text("brew")
    expect(row).to_contain_text("Activity")


def test_a_history_is_read_grouped_whole_and_as_json(page: Page, world: World) -> None:
    panel = instance(page, world.hubs["shop"], "order-1", "history")
    groups = panel.locator("[aria-label='Groups of events']")
    expect(groups).to_contain_text("pay")
    expect(groups.get_by_role("row").filter(has_text="pay").first).to_contain_text("2")  # tries
    panel.get_by_role("button", name="All events").click()
    expect(panel).to_contain_text(re.compile("Task scheduled", re.IGNORECASE))
    panel.get_by_role("button", name="JSON").click()
    expect(panel).to_contain_text("TaskScheduled")
    panel.get_by_role("button", name="Grouped").click()


def test_events_of_every_type_are_shown(page: Page, world: World) -> None:
    panel = instance(page, world.hubs["shop"], "order-3", "history")
    panel.get_by_role("button", name="All events").click()
    for text in ("suspended", "sub", "timer", "task failed"):
        expect(panel).to_contain_text(re.compile(text, re.IGNORECASE))
    panel.get_by_role("button", name="Grouped").click()
    panel = instance(page, world.hubs["shop"], "stock-1", "history")
    expect(panel).to_contain_text(re.compile("lock", re.IGNORECASE))


def test_a_payload_in_a_blob_is_read_from_the_page(page: Page, world: World) -> None:
    hub = world.hubs["finished"]
    instance(page, hub, "big-70000")
    links = page.locator("a[href*='/payload?']")
    expect(links.first).to_be_attached()
    answer = page.request.get(str(links.first.get_attribute("href")))
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.body()) > 60_000


def test_a_timeline_has_a_span_for_each_step_with_its_tries(page: Page, world: World) -> None:
    panel = instance(page, world.hubs["shop"], "order-1")
    spans = panel.get_by_role("listbox")
    expect(spans.get_by_role("option", name=re.compile("pay")).first).to_be_attached()
    expect(panel.get_by_label("Scale")).to_be_visible()
    spans.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("complementary", name="The chosen span")).to_be_visible()


def test_a_sequence_is_drawn_and_copied_for_mermaid(page: Page, world: World) -> None:
    panel = instance(page, world.hubs["shop"], "order-1", "sequence")
    expect(panel.get_by_label("Sequence diagram")).to_be_visible()
    expect(panel.get_by_role("button", name=re.compile("pay")).first).to_be_attached()
    panel.get_by_role("button", name="Copy for Mermaid").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("sequenceDiagram")


def test_the_family_has_parents_and_children(page: Page, world: World) -> None:
    hub = world.hubs["shop"]
    instance(page, hub, "order-1-pack", "family")
    tree = page.get_by_role("tree", name="Family")
    expect(tree.get_by_role("link", name="order-1", exact=True)).to_be_visible()
    panel = instance(page, hub, "order-1", "family")
    expect(panel).to_contain_text("order-1-pack")


def test_what_has_begun_anew_is_told_as_a_later_generation(page: Page, world: World) -> None:
    hub = world.hubs["shop"]
    panel = instance(page, hub, "weekly-1", "family")
    expect(page.get_by_role("treeitem")).to_contain_text("begun anew")
    expect(panel).to_contain_text("It has continued as new")
    panel = instance(page, hub, "order-1-pack", "family")
    expect(page.get_by_role("treeitem").filter(has_text="order-1-pack")).to_be_visible()
    expect(panel).not_to_contain_text("anew")


def test_two_histories_are_compared(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/instances/order-1?tab=diff&with=order-3")
    table = page.get_by_role("table", name="Steps of both histories")
    expect(table).to_be_visible()
    expect(table).to_contain_text(re.compile("suspended", re.IGNORECASE))


def test_runs_stand_beside_each_other_by_their_tasks(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/runs?name=order")
    grid = page.get_by_role("grid", name="Runs of order by tasks")
    expect(grid.get_by_role("row").filter(has_text="pay")).to_be_visible()
    expect(grid.get_by_role("link")).to_have_count(4)


def test_an_instance_is_downloaded_and_opened_offline(
    page: Page, world: World, tmp_path: Path
) -> None:
    hub = world.hubs["shop"]
    document = page.request.get(f"api/hubs/{hub}/document", params={"id": "weekly-1"}).body()
    assert json.loads(document)
    file = tmp_path / "weekly-1.json"
    file.write_bytes(document)
    page.goto("open")
    page.get_by_label("File of an instance").set_input_files(file)
    expect(page.get_by_role("main")).to_contain_text("From a file, read-only:")
    expect(page.get_by_role("heading", level=1)).to_contain_text("weekly")
    expect(page.get_by_role("button", name="Terminate …")).to_have_count(0)
