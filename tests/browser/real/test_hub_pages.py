"""What stands still, queues and leases, storage, readiness: live from hubs on Azurite."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.real.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_what_is_stuck_is_listed_with_its_reason(page: Page, world: World) -> None:
    page.goto("stuck?olderThan=60")
    row = page.get_by_role("row").filter(has_text="crash-outbox-victim")
    expect(row).to_contain_text("No workers")
    expect(page.get_by_role("row").filter(has_text="nightly-1")).to_have_count(0)  # waits rightly
    page.get_by_role("group", name="Reasons").get_by_role("button", name="No workers").click()
    expect(page).to_have_url(re.compile("reason=no_workers"))
    row.get_by_role("link", name="crash-outbox-victim").click()
    expect(page.get_by_role("region", name="Why is it waiting?")).to_contain_text("Stuck")


def test_queues_tell_their_depth_and_their_oldest_message(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['functions']}/partitions")
    row = page.get_by_role("row").filter(has_text="recfunctions-control-00")
    expect(row.get_by_role("cell").nth(0)).to_contain_text("7")
    expect(row.get_by_role("cell").nth(1)).to_contain_text(re.compile(r"\d+ (s|min)"))


def test_leases_tell_who_holds_a_partition_and_since_when_nobody(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['waiting']}/partitions")
    table = page.get_by_role("region", name="Queues and who holds them")
    expect(table.get_by_role("row").filter(has_text="worker-7")).to_contain_text("held")
    run_out = table.get_by_role("row").filter(has_text="worker-8")
    expect(run_out).to_contain_text("lease expired")
    expect(run_out).to_contain_text("expired 1")  # minutes ago
    expect(page.get_by_role("main")).to_contain_text("has run out and nobody has taken it")
    expect(page.get_by_role("main")).to_contain_text("nobody holds it")


def test_workers_are_listed_with_what_they_hold(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/partitions")
    workers = page.get_by_role("region", name="Workers").get_by_role("row")
    expect(workers.nth(1)).to_contain_text("0, 1, 2, 3")


def test_the_share_of_each_partition_is_shown(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['functions']}/partitions")
    row = page.get_by_role("row").filter(has_text="recfunctions-control-00")
    expect(row).to_contain_text(re.compile(r"\d+ %|\d+%"))
    expect(row).to_contain_text(re.compile(r"\d+ active of \d+"))


def test_poison_and_orphan_messages_are_called_so(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['waiting']}/partitions?queue=recwaiting-workitems")
    messages = page.get_by_role("region", name="Messages of recwaiting-workitems")
    poison = messages.get_by_role("row").filter(has_text="awaits-activity")
    expect(poison).to_contain_text("poison")
    expect(poison).to_contain_text("delivered 6 times")
    page.goto(f"hubs/{world.hubs['waiting']}/partitions?queue=recwaiting-control-03")
    orphan = page.get_by_role("row").filter(has_text="race-open").first
    expect(orphan).to_contain_text("orphan")
    expect(orphan).to_contain_text("There is no instance")


def test_storage_tells_what_takes_most_and_what_is_assumed(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['functions']}/storage")
    expect(page.get_by_role("region", name="What takes most")).to_contain_text("milesaccount")
    assumed = page.get_by_role("region", name="What these figures assume")
    expect(assumed).to_contain_text("The price is that of")
    expect(page.get_by_role("main")).to_contain_text("€")
    page.get_by_role("button", name="Show them").click()
    expect(page.get_by_role("region", name="Orphaned blobs")).to_contain_text("There are none.")


def test_what_keeps_a_hub_from_moving_is_told(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['functions']}")
    finding = page.get_by_role("region", name="Readiness to move").get_by_role("listitem").first
    expect(finding).to_contain_text("IDN502")
    finding.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("milesaccount")


def test_entities_and_their_locks_are_listed(page: Page, world: World) -> None:
    page.goto("instances?q=is%3Alocked")
    grid = page.get_by_role("grid", name="Instances")
    expect(grid.get_by_role("link", name="@counter@cups")).to_be_visible()
    grid.get_by_role("link", name="@counter@cups").click()
    expect(page.get_by_role("region", name="It is locked")).to_contain_text("stock-1")
    expect(page.get_by_role("main")).to_contain_text("State")
