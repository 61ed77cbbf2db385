"""Rewinds on a hub with another server, and rewinds that a crash breaks off: the classic store only."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from failing_orders import order, shipment
from hubs_under_test import ClassicHub, Crashed
from scripted_worker import PATIENCE, ScriptedHub, scripted
from test_rewinding import done, failing

from durahub.dispatch.clients import StartRequest
from durahub.errors import WrongStatus
from durahub.model.history import ExecutionRewound, GenericEvent, Status

pytestmark = pytest.mark.azurite

SCRIPTS = {"Order": order, "Shipment": shipment}


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


async def test_what_another_server_holds_is_rewound_in_its_rows(hub: ClassicHub) -> None:  # [35]
    holder, client = await hub.open(partitions=1), await hub.open(partitions=1)
    async with scripted(holder) as shop, scripted(client) as other:
        shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(1)})
        await shop.start(StartRequest(name="Shipment", instance_id="parent"))
        assert (await shop.ended("parent")).startswith("Failed")
        before = await other.get("parent")
        assert before is not None

        await other.rewind("parent", "in place")

        assert await shop.ended("parent") == "Completed: done paid done"
        assert shop.activities == ["Reserve", "Pay", "Pay", "Reserve"]
        after = await other.get("parent")
        assert after is not None
        assert after.execution_id == before.execution_id
        events = [event async for event in other.history("child")]
        assert any(isinstance(e, GenericEvent) and e.data == "in place" for e in events)
        assert not any(isinstance(e, ExecutionRewound) for e in events)


async def test_what_another_server_holds_is_left_to_its_worker_to_terminate(
    hub: ClassicHub,
) -> None:
    holder, client = await hub.open(partitions=1), await hub.open(partitions=1)
    async with scripted(holder) as shop, scripted(client) as other:
        shop.work({"Order": lambda _: []})
        await shop.start(StartRequest(name="Order", instance_id="order"))
        await asyncio.wait_for(shop.wait_for_start("order", payloads=False), PATIENCE)

        await other.terminate("order", '"enough"', recursive=False)

        assert await shop.ended("order") == 'Terminated: "enough"'
        assert len(shop.turns) == 2


@pytest.mark.parametrize("writes", range(1, 7))
async def test_a_rewind_that_dies_after_any_of_its_writes_happens_all_the_same(
    hub: ClassicHub, writes: int
) -> None:
    store = await hub.open(partitions=1)
    with contextlib.suppress(Crashed):
        async with scripted(store) as shop:
            shop.work(SCRIPTS, {"Reserve": done, "Pay": failing(1)})
            await shop.start(StartRequest(name="Shipment", instance_id="parent"))
            await shop.ended("parent")
            hub.transport(store).writes_left = writes
            with contextlib.suppress(Exception):
                await shop.rewind("parent", None)
            await until_dead_or_done(hub, store, shop)
            hub.transport(store).writes_left = -1

    await hub.expire_leases()
    again = await hub.open(partitions=1)
    async with scripted(again) as shop:
        shop.work(SCRIPTS, {"Reserve": done, "Pay": done})
        with contextlib.suppress(WrongStatus):
            await shop.rewind("parent", None)  # a client whose call failed asks again
        assert (await shop.ended("parent")).startswith("Completed")
        row = await shop.get("child")
        assert row is not None
        assert row.status is Status.Completed


async def until_dead_or_done(hub: ClassicHub, store: Any, shop: ScriptedHub) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while hub.transport(store).writes_left >= 0:
        row = await shop.get("parent", payloads=False)
        if row is not None and row.status is Status.Completed:
            return
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
