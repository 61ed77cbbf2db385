import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount

from durahub_migrate.web.application import application
from durahub_migrate.web.who.granting import local_grants
from durahub_migrate.web.who.logins import Logins
from tests.browser.serving import served
from tests.monitor.web.watched import MemoryMonitor, memory_hub
from tests.ui.conftest import built as built
from tests.ui.front_end import UI

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = (
    60_000  # milliseconds until an expectation is given up: five seconds are few beside other tests
)
STATUSES = ("Completed", "Running", "Failed", "Pending", "Suspended", "Terminated")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def monitor() -> MemoryMonitor:
    """Return a monitor of two hubs, one with more rows than a window has."""
    many = {
        f"order/{n:04}": {"status": STATUSES[n % len(STATUSES)], "name": f"Order{n % 7}"}
        for n in range(1500)
    }
    return MemoryMonitor(memory_hub("orders", many), memory_hub("payments", {"pay-1": {}}))


@pytest.fixture
def place(built: Path) -> Iterator[str]:
    """The address of a monitor that is mounted below a path, where everything is granted."""
    assert (built / "index.html").is_file(), UI
    web = application(monitor(), logins=Logins(local=local_grants(actions=True), local_name="you"))
    with served(Starlette(routes=[Mount("/ops", web)])) as address:
        yield f"{address}ops/"
        web.state.web.close()  # ends the streams of events, as a server does before it stops
