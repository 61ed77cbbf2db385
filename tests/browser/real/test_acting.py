"""Actions from the page: on one instance and on many, with what they cost, followed live and noted."""

import json
import re
from pathlib import Path

import pytest
from durabletask.client import OrchestrationStatus
from playwright.sync_api import Page, expect

from tests.browser.real.world import WITHIN, World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

REASON = "customer 4711 called"


def test_an_event_that_is_raised_here_ends_the_order_live(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/instances/order-2")
    page.get_by_role("button", name="Raise event …").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(re.compile("Event")).fill("Courier")
    dialog.get_by_label("Data").fill('"at the door"')
    dialog.get_by_label(re.compile("Reason")).fill(REASON)
    dialog.get_by_role("button", name="Raise event", exact=True).click()
    expect(dialog).to_have_count(0)
    head = page.locator("header.head")
    expect(head).to_contain_text("Completed")
    expect(page.get_by_role("heading", name="Output")).to_be_visible()
    page.goto("audit?verb=raise-event")
    entry = page.get_by_role("row").filter(has_text="order-2")
    expect(entry.first).to_contain_text("done")
    expect(entry.first).to_contain_text(REASON)


def test_what_cannot_be_done_says_why(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/instances/weekly-1")
    expect(page.get_by_role("button", name="Terminate …")).to_have_attribute(
        "aria-disabled", "true"
    )
    page.get_by_role("button", name="More actions").click()
    refused = page.get_by_role("menuitem").filter(has_text="Rewind")
    expect(refused).to_have_attribute("aria-disabled", "true")
    expect(refused.locator("small")).to_contain_text("rewinding is for what has failed")


def test_a_list_follows_what_is_started_elsewhere(page: Page, world: World) -> None:
    page.goto("instances?q=name%3Abroken&sort=-created")
    grid = page.get_by_role("grid", name="Instances")
    expect(grid).to_have_attribute("aria-rowcount", "2")
    expect(page.get_by_role("button", name="Live")).to_be_visible()
    with world.client() as client:
        client.schedule_new_orchestration("broken", instance_id="broken-2")
        client.wait_for_orchestration_completion("broken-2", timeout=WITHIN)
    expect(grid.get_by_role("link", name="broken-2")).to_be_visible(timeout=45_000)


def test_many_are_counted_tried_and_purged_by_a_job(
    page: Page, world: World, tmp_path: Path
) -> None:
    with world.client() as client:
        for number in range(8):
            client.schedule_new_orchestration("pack", input="x", instance_id=f"old-{number}")
        for number in range(8):
            client.wait_for_orchestration_completion(f"old-{number}", timeout=WITHIN)
    key = world.hubs["shop"]
    token = page.request.get("api/session").json()["csrf"]
    page.request.post(f"api/hubs/{key}/refresh", headers={"X-Durahub-Csrf": token}, data={})
    page.goto(f"instances?hub={key}&q=id%3Aold-*")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "9")
    page.get_by_label("Choose all that are loaded").click()
    expect(page.get_by_role("region", name="What is chosen")).to_contain_text("8 rows chosen")
    page.get_by_role("button", name="Act on them").click()
    page.get_by_role("menuitem", name=re.compile("Purge")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_label("Instances a second").fill("1")
    dialog.get_by_label(re.compile("Archive")).fill(str(tmp_path))
    dialog.get_by_role("button", name="Dry run").click()
    costs = page.get_by_role("region", name="What it does")
    expect(costs).to_contain_text("Requests")
    expect(costs).to_contain_text("old-")
    with world.client() as client:
        assert client.get_orchestration_state("old-0") is not None

    page.goto(f"instances?hub={key}&q=id%3Aold-*")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "9")
    page.get_by_label("Choose all that are loaded").click()
    page.get_by_role("button", name="Act on them").click()
    page.get_by_role("menuitem", name=re.compile("Purge")).click()
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_label("Instances a second").fill("1")  # so that it can be paused
    dialog.get_by_label(re.compile("Archive")).fill(str(tmp_path))
    dialog.get_by_role("button", name="Count and prepare").click()
    expect(page.get_by_role("main")).to_contain_text("8 instances were counted")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Go on", exact=True).click()
    progress = page.get_by_role("region", name="Progress")
    expect(progress).to_contain_text("8 done")
    page.get_by_role("button", name="Report").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Report as JSONL").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if "old-" in json.dumps(json.loads(line))]) == 8
    assert list(tmp_path.rglob("*"))  # they were archived before
    with world.client() as client:
        assert client.get_orchestration_state("old-0") is None


def test_an_instance_is_suspended_and_resumed(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/instances/order-0")
    for verb, status in (("Suspend", "Suspended"), ("Resume", "Running")):
        page.get_by_role("button", name=f"{verb} …").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name=verb, exact=True).click()
        expect(dialog).to_have_count(0)
        expect(page.locator("header.head")).to_contain_text(status)
    with world.client() as client:
        state = client.get_orchestration_state("order-0")
    assert state is not None
    assert state.runtime_status is OrchestrationStatus.RUNNING
