"""Lists of instances: of many hubs, searched, sorted, counted, kept, exported, linked to."""

import csv
import json
import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.real.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def grid(page: Page) -> Locator:
    return page.get_by_role("grid", name="Instances")


def shown(page: Page, path: str) -> Locator:
    """Open a list; return its rows when there are any."""
    page.goto(path)
    expect(grid(page).get_by_role("link").first).to_be_visible()
    return grid(page).locator(".body [role=row]")


def total(page: Page) -> int:
    return int(grid(page).get_attribute("aria-rowcount") or 0) - 1


def test_hubs_of_two_stores_and_an_endpoint_stand_side_by_side(page: Page, world: World) -> None:
    page.goto("")
    for key, kind in (("shop", "Azure Storage"), ("till", "SQLite"), ("endpoint", "endpoint")):
        card = page.get_by_role("region").filter(has=page.get_by_role("link", name=world.hubs[key]))
        expect(card).to_contain_text(re.compile(kind, re.IGNORECASE))
    for path in ("waiting", "till", "endpoint"):
        shown(page, f"instances?hub={world.hubs[path]}")
    rows = shown(page, "instances?q=name%3Aweekly")
    expect(rows).to_have_count(3)  # in all three kinds of hubs at once


def test_each_hub_tells_how_fresh_it_is_and_what_it_spends(page: Page, world: World) -> None:
    page.goto("")
    card = page.get_by_role("region").filter(
        has=page.get_by_role("link", name=world.hubs["shop"], exact=True)
    )
    expect(card).to_contain_text(re.compile(r"index .+ old, complete"))
    expect(card).to_contain_text(re.compile(r"\d+ of 12,000 requests a minute"))
    shown(page, "instances")
    expect(page.locator(".fresh")).to_contain_text(re.compile("index .+ old, complete"))


def test_rows_of_a_net_hub_are_filtered_by_status_and_time(page: Page, world: World) -> None:
    hub = world.hubs["finished"]
    shown(page, f"instances?hub={hub}")
    tiles = page.get_by_role("group", name="Instances by status")
    expect(tiles.get_by_role("button", name="Failed")).to_contain_text("5")
    tiles.get_by_role("button", name="Failed").click()
    expect(grid(page)).to_have_attribute("aria-rowcount", "6")
    expect(page).to_have_url(re.compile("status%3AFailed"))
    for status in grid(page).locator(".body [role=row]").all_inner_texts():
        assert "Failed" in status
    shown(page, f"instances?hub={hub}&q=created%3E-3650d")
    assert total(page) == 38
    page.goto(f"instances?hub={hub}&q=created%3E-1m")
    expect(page.get_by_role("main")).to_contain_text("Nothing is found.")


def test_many_conditions_are_one_query_that_the_shell_knows_too(page: Page, world: World) -> None:
    shown(page, "instances")
    box = page.get_by_role("combobox", name="Query")
    box.fill("status:Completed (name:Echo* or name:weekly) not name:EchoBig")
    box.press("Enter")
    expect(page).to_have_url(re.compile("EchoBig"))
    expect(page.get_by_role("listitem").filter(has_text="not name:EchoBig")).to_be_visible()
    expect(grid(page).get_by_role("link", name="weekly-1")).to_be_visible()
    names = grid(page).locator(".body [role=row]").all_inner_texts()
    assert all("EchoBig" not in one for one in names)
    expect(page.locator(".command code")).to_contain_text("durahub instance list")
    expect(page.locator(".command code")).to_contain_text("EchoBig")
    box.fill("status:Nonsense")
    box.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("status needs one of")


def test_the_query_is_completed(page: Page, world: World) -> None:
    shown(page, "instances")
    page.get_by_role("combobox", name="Query").press_sequentially("status:Fa")
    page.get_by_role("option").filter(has_text="Failed").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("status%3AFailed"))


def test_any_column_sorts_the_list_from_the_index(page: Page, world: World) -> None:
    key = world.hubs["shop"]
    shown(page, f"instances?hub={key}")
    spent = page.request.get(f"api/hubs/{key}").json()["budget"]["total"]
    began = time.monotonic()
    for column in ("Instance ID", "Name", "Status"):
        head = grid(page).get_by_role("columnheader", name=column, exact=True)
        head.get_by_role("button").first.click()
        expect(head).to_have_attribute("aria-sort", re.compile("ascending|descending"))
        expect(grid(page).get_by_role("link").first).to_be_visible()
    orders = [f"order-{number}" for number in range(4)]
    ids = grid(page).get_by_role("link", name=re.compile("^order-"))
    shown(page, f"instances?hub={key}&sort=id&q=name%3Aorder")
    expect(ids).to_have_text(orders)
    shown(page, f"instances?hub={key}&sort=-id&q=name%3Aorder")
    expect(ids).to_have_text(orders[::-1])
    after = page.request.get(f"api/hubs/{key}").json()["budget"]["total"]
    seconds = time.monotonic() - began
    assert after - spent < 10 + seconds  # what sweeps ask meanwhile: no list asks anything


def test_pages_go_on_by_keys_and_cost_nothing_more(page: Page, world: World) -> None:
    first = page.request.get("api/instances", params={"count": 50, "total": 1}).json()
    seen, after, turns = [one["instanceId"] for one in first["rows"]], first["after"], 1
    while after:
        answer = page.request.get("api/instances", params={"count": 50, "after": after}).json()
        seen += [one["instanceId"] for one in answer["rows"]]
        after, turns = answer["after"], turns + 1
    assert len(seen) == first["total"]
    assert turns == -(-len(seen) // 50)
    shown(page, "instances")
    assert total(page) == first["total"]
    grid(page).focus()
    page.keyboard.press("End")
    expect(grid(page).locator(f"[aria-rowindex='{first['total'] + 1}']")).to_be_visible()
    assert grid(page).get_by_role("row").count() < 60


def test_a_view_is_kept_and_opened_again(page: Page, world: World) -> None:
    shown(page, "instances?q=name%3Aorder&sort=name")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Keep this view …").click()
    page.get_by_label("Name", exact=True).fill("my orders")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    shown(page, "instances")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="my orders (4)").click()
    expect(page).to_have_url(re.compile("q=name%3Aorder.*view=my"))
    expect(grid(page)).to_have_attribute("aria-rowcount", "5")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Kept views …").click()
    page.get_by_role("button", name="Delete the view my orders").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="my orders")).to_have_count(0)


def test_columns_are_chosen_and_moved_and_stay_so(page: Page, world: World) -> None:
    shown(page, "instances")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("menuitemcheckbox", name="Partition").click()
    page.keyboard.press("Escape")
    expect(grid(page).get_by_role("columnheader", name="Partition")).to_be_attached()
    shown(page, "instances?q=name%3Aorder")
    expect(grid(page).get_by_role("columnheader", name="Partition")).to_be_attached()


@pytest.mark.parametrize("form", ["CSV", "JSONL", "Parquet"])
def test_all_that_a_query_finds_is_exported(page: Page, world: World, form: str) -> None:
    shown(page, f"instances?hub={world.hubs['finished']}")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=f"{form}, all 38 rows").click()
    content = download.value.path().read_bytes()
    if form == "CSV":
        assert len(list(csv.DictReader(content.decode("utf-8-sig").splitlines()))) == 38
    elif form == "JSONL":
        assert len([json.loads(line) for line in content.splitlines()]) == 38
    else:
        assert content[:4] == content[-4:] == b"PAR1"


def test_a_link_opens_the_same_list_and_back_returns_to_it(page: Page, world: World) -> None:
    link = "instances?q=status%3AFailed+name%3ACharge*&sort=name"
    shown(page, link)
    texts = grid(page).get_by_role("link").all_inner_texts()
    grid(page).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Failure")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("combobox", name="Query")).to_have_value("status:Failed name:Charge*")
    expect(grid(page).get_by_role("link").first).to_be_visible()
    assert grid(page).get_by_role("link").all_inner_texts() == texts


def test_an_id_is_completed_wherever_one_is(page: Page, world: World) -> None:
    page.goto("audit")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("crash-out")
    expect(page.get_by_role("option", name="crash-outbox-victim")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/instances/crash-outbox-victim$"))


def test_names_are_charted_over_the_day(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}?name=order")
    expect(
        page.get_by_role("region", name="The last 24 hours").locator("svg").first
    ).to_be_visible()
    series = page.request.get(f"api/hubs/{world.hubs['shop']}/series?name=order&hours=24").json()
    assert sum(series["started"]) == 4


def test_everything_is_done_by_keys_in_the_dark(page: Page, world: World) -> None:
    shown(page, "instances?sort=id&q=name%3Aorder")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stuck")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hubs")
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.emulate_media(color_scheme="light")
    assert dark != page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
