"""What was not looked at is told as such, and does not look as if all were well."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from durahub_migrate.monitor.hub import Health
from durahub_migrate.web.application import application
from durahub_migrate.web.settings import WebSettings
from tests.browser.serving import served
from tests.monitor.web.watched import MemoryMonitor, memory_hub

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(chromium: Browser, built: Path) -> Iterator[Page]:
    """A monitor of a hub that was swept, and of one that never answered."""
    assert built.is_dir()
    away = memory_hub("away")
    away.health, away.complete = Health.UNREACHABLE, None
    monitor = MemoryMonitor(memory_hub("orders", {"order-1": {"status": "Completed"}}), away)
    web = application(monitor, settings=WebSettings(stuck_after=600.0))
    with served(web) as address:
        context = chromium.new_context(base_url=address)
        yield context.new_page()
        context.close()
        web.state.web.close()


def test_a_hub_that_was_never_swept_is_not_called_ready_to_move(page: Page) -> None:
    page.goto("hubs/away@local")
    ready = page.get_by_role("region", name="Readiness to move")
    expect(ready).to_contain_text("Nothing is known yet")
    page.goto("hubs/orders@local")
    expect(ready).to_contain_text("Nothing stands in the way")


def test_hubs_that_were_not_looked_at_stand_beside_what_is_stuck(page: Page) -> None:
    page.goto("stuck")
    expect(page.get_by_role("main")).to_contain_text("Nothing is stuck")
    expect(page.get_by_role("main")).to_contain_text("Not looked at: away@local (unreachable)")
    page.get_by_label("Hub", exact=True).select_option("orders@local")
    expect(page.get_by_role("main")).not_to_contain_text("Not looked at")


def test_the_age_of_what_is_stuck_begins_with_the_setting(page: Page) -> None:
    page.goto("stuck")
    age = page.get_by_label("Not moved for")
    expect(age).to_have_value("600")
    expect(page.get_by_role("main")).to_contain_text("in the last 10 min")
    age.select_option("86400")
    expect(page).to_have_url("/stuck?olderThan=86400")
    age.select_option("600")
    expect(page).to_have_url("/stuck")


def test_a_list_of_all_hubs_tells_which_part_is_missing(page: Page) -> None:
    page.goto("instances")
    expect(page.get_by_role("main")).to_contain_text("1 hub not yet swept")
