"""A repair that dies between any two of its writes is taken up by the next, whatever it has hidden."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hubs_under_test import ClassicHub, Crashed

from durahub.classic.doctor.doctor import Doctor
from durahub.classic.doctor.examination import Report
from durahub.classic.names import HubNames
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.dispatch.clock import system_clock
from durahub.model.history import TimerCreated
from durahub.model.ticks import later
from tests.conftest import Storage
from tests.sdk.bare_hub import BareHub
from tests.unit.doctor.shop import FINISHED, Shop, activity, at, episode, started

pytestmark = pytest.mark.azurite

DUE = 3600.0  # seconds from now: what is sent of the timers stays hidden
ORPHAN = "gone/history-0000000000000001-TaskCompleted-00000007-Result.json.gz"


async def damaged(hub: ClassicHub, azurite: Storage) -> None:
    """Make a hub with two lost timers, a lost activity, a lost start, a row that is behind, an orphan."""
    await (await hub.open(partitions=1)).close()
    shop = Shop()
    due = later(system_clock(), DUE)
    timers = [TimerCreated(event_id=n, timestamp=at(1), fire_at=due) for n in (0, 1)]
    shop.has(*episode(started("timers"), *timers), instance_id="timers")
    shop.has(*episode(started("activity"), activity(0)), instance_id="activity")
    shop.has(*FINISHED)
    shop.change_row(RuntimeStatus="Running")
    shop.is_started("starts")
    names = HubNames(hub.name)
    tables = Tables(hub.account().table_wire, StorageErrors("", hub.name))
    for row in shop.rows.values():
        assert await tables.insert(names.instances_table, row)
    for history in shop.history.values():
        for row in history:
            assert await tables.insert(names.history_table, row)
    await asyncio.to_thread(BareHub(azurite, hub.name).write_payload, ORPHAN)


async def examine(hub: ClassicHub) -> Report:
    return await Doctor(hub.name, hub.account(), system_clock).examine(grace=0)


async def repair(hub: ClassicHub, writes: float) -> bool:
    """Repair; tell whether it came to its end before it had done so many *writes*."""
    account = hub.account()
    doctor = Doctor(hub.name, account, system_clock)
    report = await doctor.examine(grace=0)
    hub.transport_of(account).writes_left = writes
    findings = [finding for finding in report.findings if finding.repair is not None]
    try:
        outcomes = [outcome async for outcome in doctor.repair(findings, grace=0)]
    except Crashed:
        return False
    assert all(outcome.problem is None for outcome in outcomes), outcomes
    return True


@pytest.fixture
async def hubs(azurite: Storage, hub_name: str) -> AsyncIterator[list[ClassicHub]]:
    """As many hubs as there are places to die in, damaged alike."""
    made = [ClassicHub(f"{hub_name}r{n}", azurite.connection_string) for n in range(11)]
    await asyncio.gather(*(damaged(hub, azurite) for hub in made))
    yield made
    for hub in made:
        await hub.close()


async def test_a_repair_that_died_anywhere_is_finished_by_the_next(
    hubs: list[ClassicHub], azurite: Storage
) -> None:
    names = Counter(finding.rule.name for finding in (await examine(hubs[0])).findings)
    assert names == {
        "lost-timer": 2,
        "lost-activity": 1,
        "lost-start": 1,
        "row-behind-history": 1,
        "orphaned-blob": 1,
    }
    ended = [await repair(hub, writes) for writes, hub in enumerate(hubs)]
    assert ended[0] is False
    assert ended[-1] is True
    for hub in hubs:
        assert await repair(hub, float("inf"))
        report = await examine(hub)
        assert report.is_clean, report.findings
    for hub in hubs:
        bare = BareHub(azurite, hub.name)
        (queue,) = (name for name in bare.queues() if "-control-" in name)
        kinds = {event["$type"].rsplit(".", 1)[-1] for event in bare.visible(queue)}
        assert kinds == {"ExecutionStartedEvent", "GenericEvent"}, hub.name
        assert bare.hidden(queue) >= 2, hub.name  # both timers
        assert bare.payloads() == []
