"""One world and one browser for all tests here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.real.world import World
from tests.browser.real.world import world as make_world

SIZE = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def world(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Real hubs of many kinds, and a monitor of them all."""
    with make_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def page(chromium: Browser, world: World) -> Iterator[Page]:
    """A page of the monitor in a context of its own, with nothing opened yet.

    It reaches this machine alone: everything works without the internet, and without a CDN.
    """
    context = chromium.new_context(
        base_url=world.url, viewport=SIZE, accept_downloads=True, timezone_id="UTC"
    )
    elsewhere: list[str] = []

    def only_here(route, request):  # type: ignore[no-untyped-def]
        if request.url.startswith(world.url):
            route.continue_()
        else:
            elsewhere.append(request.url)
            route.abort()

    context.route("**/*", only_here)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()
    assert elsewhere == []
