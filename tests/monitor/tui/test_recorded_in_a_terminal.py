"""A hub that .NET has written, in a terminal: history, groups, timeline, family, queues."""

from pathlib import Path

import pytest

from durahub_migrate.tui.screens.partitions import Partitions
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS
from tests.monitor.acting.test_watched_actors import found
from tests.monitor.tui.terminal import terminal

pytestmark = [pytest.mark.azurite, pytest.mark.slow]


async def test_a_recorded_hub_is_shown_with_all_that_it_has(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    recorded = next(one for one in HUBS if one.name == "waiting")
    await load(recorded, azurite.connection_string, hub_name)
    options = MonitorOptions(requests_per_second=1000)
    async with open_monitor(
        [f"azurite:{hub_name}"], options, resolve=lambda _: azurite.connection_string
    ) as monitor:
        await found(monitor.hubs()[0])
        async with terminal(monitor, tmp_path, actions=False) as shown:
            await shown.press("enter", "slash", *"status:Running -is:entity", "enter")
            assert shown.rows()
            await shown.press("enter")
            assert shown.text("#problem") == ""
            assert shown.text("#why-text")
            assert any("ExecutionStarted" in row[1] for row in shown.rows("#history-table"))
            assert shown.rows("#groups-table")
            assert " to " in shown.text("#timeline-text")
            assert any(row[0].strip().startswith("◆") for row in shown.rows("#family-table"))
            await shown.press("2", "enter")
            await shown.until(lambda: "reading" not in shown.text("#event-text"))
            await shown.press("q", "q", "p")
            assert isinstance(shown.page, Partitions)
            assert shown.text("#problem") == ""
            assert any("control-" in row[0] for row in shown.rows())
            assert "requests a minute" in shown.text("#standing")
