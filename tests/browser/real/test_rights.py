"""Who may do what: by token, read-only, with grants; and that the page lets no foreign code in."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.real.world import READER, WAITER, World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def page_of(chromium: Browser, world: World, token: str | None) -> Page:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return chromium.new_context(base_url=world.guarded, extra_http_headers=headers).new_page()


def test_who_has_not_logged_in_sees_nothing(chromium: Browser, world: World) -> None:
    page = page_of(chromium, world, None)
    page.goto("instances")
    expect(page.get_by_role("main")).to_contain_text("not logged in")
    assert page.request.get("api/hubs").status == 401
    page.context.close()


def test_a_reader_sees_his_hub_alone_and_cannot_act(chromium: Browser, world: World) -> None:
    page = page_of(chromium, world, READER)
    page.goto("")
    expect(page.get_by_role("link", name="Shop@local", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="RecWaiting@local")).to_have_count(0)
    page.goto("hubs/Shop@local/instances/order-0")
    expect(page.get_by_role("button", name="Terminate …")).to_have_attribute(
        "aria-disabled", "true"
    )
    expect(page.get_by_role("main")).to_contain_text("Payloads are not shown")
    expect(page.get_by_role("main")).not_to_contain_text("is paid")
    assert page.request.get("api/hubs/RecWaiting@local").status == 404
    page.context.close()


def test_a_grant_allows_its_action_alone(chromium: Browser, world: World) -> None:
    page = page_of(chromium, world, WAITER)
    page.goto("hubs/Shop@local/instances/order-1")
    expect(page.get_by_role("button", name="Terminate …")).to_have_attribute(
        "aria-disabled", "true"
    )
    actions = page.get_by_role("group", name="Actions")
    expect(actions.get_by_role("button", name="Raise event …")).not_to_have_attribute(
        "aria-disabled", "true"
    )
    page.context.close()


def test_another_page_cannot_act(page: Page, world: World) -> None:
    order = {"verb": "terminate", "target": "order-1", "arguments": {}}
    path = f"api/hubs/{world.hubs['shop']}/actions"
    assert page.request.post(path, data=order).status == 403
    policy = page.request.get("").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_what_a_payload_says_is_never_run(page: Page, world: World) -> None:
    page.goto(f"hubs/{world.hubs['shop']}/instances/broken-1")
    failure = page.get_by_role("region", name="Failure")
    expect(failure).to_contain_text("a cup is <b>broken</b>")
    expect(failure.locator("b")).to_have_count(0)
