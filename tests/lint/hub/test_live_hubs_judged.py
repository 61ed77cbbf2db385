"""Hubs that are read from Azurite are judged as those in memory."""

import pytest

from durahub_migrate.lint.book import Book
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.running import run
from durahub_migrate.lint.target import Given, Target
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import RecordedHub
from tests.lint.hub.judged import DAY, RULES, judged, recorded
from tests.lint.sources.reading_sources import classic_source

pytestmark = pytest.mark.azurite
WHAT = {"frozen": True, "sku": "consumption"}


async def found_live(storage: Storage, hub: RecordedHub, name: str) -> list[Finding]:
    """Return what is found in the hub *name* as if it were a day after *hub* was recorded."""
    now = recorded(hub.name)[0].now
    source = classic_source(storage.connection_string, name, clock=lambda: now)
    book = Book()
    outcome = await run([source], RULES, Given(now=now, target=Target(**WHAT)), book)
    assert not outcome.missing
    assert not outcome.unread
    found = list(book.findings())
    book.close()
    return found


@pytest.mark.parametrize("name", ["crash-history", "entities", "killed", "tracking", "waiting"])
async def test_the_live_hub_is_judged_as_its_recording(
    name: str, azurite: Storage, hub_name: str
) -> None:
    hub = RecordedHub(name)
    await load(hub, azurite.connection_string, hub_name)
    live = await found_live(azurite, hub, hub_name)
    recording = judged(recorded(name), **WHAT)
    # what is hidden in the recording is not due, and visible after loading
    assert sorted(one.code for one in live) == [
        code for code in sorted(one.code for one in recording) if code != "QUE603"
    ]


async def test_hidden_signals_of_a_live_hub_are_found(azurite: Storage, hub_name: str) -> None:
    hub = RecordedHub("entities")
    await load(hub, azurite.connection_string, hub_name, hidden=int(DAY))
    found = await found_live(azurite, hub, hub_name)
    queues = {one.place.key for one in found if one.code == "QUE603"}
    assert {f"{hub_name.lower()}-control-00", f"{hub_name.lower()}-control-03"} <= queues
