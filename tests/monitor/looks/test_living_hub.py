"""A hub that is hard at work: nothing of it is called lost, however often it is asked."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from durahub.classic.account import Account
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.parts import assemble
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.engine.actions import Action, CreateSubOrchestration, CreateTimer, ScheduleTask
from durahub.errors import InstanceNotFound
from durahub.model.history import Event
from durahub.model.ticks import later
from durahub_migrate.monitor.explaining import Thresholds
from durahub_migrate.monitor.hub import HubRef, StoreKind
from durahub_migrate.watching.looks.classic import ClassicLooks
from durahub_migrate.watching.looks.classic_why import CLAIMS
from durahub_migrate.watching.looks.settings import LookSettings
from tests.conformance.failing_orders import in_turn
from tests.conformance.scripted_worker import scripted
from tests.monitor.acting.shops import classic_store
from tests.monitor.watching.memory_index import MemoryHub

pytestmark = [pytest.mark.azurite, pytest.mark.slow]

PARENTS = 12


def parent(events: Sequence[Event]) -> list[Action]:
    started = next(event for event in events if hasattr(event, "execution"))
    child = f"{started.execution.instance_id}-child"
    return in_turn(
        events,
        ScheduleTask(id=0, name="Step"),
        CreateSubOrchestration(id=1, name="Child", instance_id=child),
        ScheduleTask(id=2, name="Step"),
    )


def child(events: Sequence[Event]) -> list[Action]:
    soon = later(events[0].timestamp, 0.5)
    return in_turn(events, ScheduleTask(id=0, name="Step"), CreateTimer(id=1, fire_at=soon))


async def test_nothing_of_a_hub_at_work_is_called_lost(azurite: Any, hub_name: str) -> None:
    claimed: list[str] = []
    asked = 0
    async with (
        classic_store(hub_name, azurite.connection_string) as store,
        scripted(store) as hub,
        Account.from_connection_string(azurite.connection_string, "the test") as account,
    ):
        parts = assemble(HubNames(hub_name), account, ClassicOptions(), system_clock, Random(2))
        ref = HubRef(f"{hub_name}@local", hub_name, hub_name, StoreKind.CLASSIC)
        # without the patience for what moved a moment ago: the second look alone must do
        harsh = LookSettings(fresh=0.0, pause=1.0, thresholds=Thresholds(moved=0.0))
        looks = ClassicLooks(ref, parts, MemoryHub(), system_clock, harsh)
        hub.work({"Parent": parent, "Child": child}, {"Step": lambda _: '"done"'})
        ids = [f"order-{number}" for number in range(PARENTS)]
        for instance_id in ids:
            await hub.start(StartRequest(name="Parent", instance_id=instance_id))
        ending = asyncio.gather(*map(hub.ended, ids))
        while not ending.done():
            for instance_id in (*ids, *(f"{one}-child" for one in ids)):
                try:
                    found = await looks.why(instance_id)
                except InstanceNotFound:
                    continue  # a child that is not there yet
                asked += 1
                if found.is_stuck and set(found.reasons) & CLAIMS:
                    claimed.append(f"{instance_id}: {found.sentence}")
        await ending
    assert asked > 0
    assert claimed == []
