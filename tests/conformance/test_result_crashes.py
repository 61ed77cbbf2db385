"""A server that dies with a result in memory, between any two writes: the activity runs again, or its result
is there. Judged by a server of ours that comes after it, and by a worker of another make.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hubs_under_test import ClassicHub, Crashed
from listening_desk import Desk, eventually
from shop_orders import activity, episode, result, start
from test_activity_results import at_work

from durahub.classic.store import ClassicStore
from durahub.engine.commit import Delivery, HistoryVersion
from durahub.model.history import TaskCompleted
from tests.conftest import Storage
from tests.sdk.bare_hub import BareHub, ForeignWorker

pytestmark = pytest.mark.azurite

LEASE = 60.0  # seconds: a busy machine is slow to renew it
PATIENCE = 60.0  # seconds
SLACK = 2.0  # seconds: time-outs are whole seconds, and a look takes its time
LARGE = "x" * 50_000
AT_ONCE = 6  # hubs that are made at a time
LONG, SHORT = 60.0, 0.2  # seconds in memory only

MOVE = [("queue", "put"), ("queue", "delete")]
RECORD = [("table", "transaction"), ("table", "merge"), ("queue", "delete")]
BLOBS = [("blob", "put"), ("blob", "put")]  # there is no container yet
WRITES = {
    "recorded": RECORD,
    "moved and recorded": [*MOVE, *RECORD],
    "released": MOVE,
    "large and released": [*BLOBS, *MOVE],
    "let go": MOVE,
}


@pytest.fixture
def make_hub(azurite: Storage, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


async def die(hub: ClassicHub, way: str, writes: int) -> None:
    """Let a server die that goes some *way* with a result, after so many *writes*."""
    grace = SHORT if way == "moved and recorded" else LONG
    store = await hub.open(worker_id="w", partitions=1, result_grace=grace, lease=LEASE)
    desk = Desk()
    hub.serve(store, desk)
    work, version = await at_work(store, desk)
    transport = hub.transport(store)
    transport.log.clear()
    transport.writes_left = writes
    text = LARGE if way.startswith("large") else '"paid"'
    await store.complete_activity(work, result(work, text=text))
    delivery = await desk.message(2)
    with contextlib.suppress(Crashed):
        await go(hub, store, delivery, version, way)
    assert transport.log == WRITES[way][:writes]
    if way == "let go":
        transport.writes_left = -1
    else:
        await hub.crash(store)


async def go(
    hub: ClassicHub, store: ClassicStore, delivery: Delivery, version: HistoryVersion, way: str
) -> None:
    transport = hub.transport(store)
    if way.endswith("released"):
        await store.release([delivery], 0)
    elif way == "let go":
        await hub.stop(store)
    else:
        if way.startswith("moved"):
            await eventually(lambda: transport.log == MOVE or transport.writes_left < 0)
        await store.commit(episode(delivery, version))


async def at_every_step(
    make_hub: Callable[..., ClassicHub], judge: Callable[[ClassicHub, str, int], Awaitable[None]]
) -> None:
    """Die on every way after every number of writes, in hubs side by side, and have that judged."""

    places = asyncio.Semaphore(AT_ONCE)

    async def die_and_judge(number: int, way: str, writes: int) -> None:
        hub = make_hub(f"x{number}x{writes}")
        async with places:
            await die(hub, way, writes)
        await judge(hub, way, writes)
        await hub.close()

    steps = [
        (number, way, writes)
        for number, way in enumerate(WRITES)
        for writes in range(len(WRITES[way]) + 1)
    ]
    await asyncio.gather(*(die_and_judge(*step) for step in steps))


async def test_the_next_server_records_the_result_once_whenever_the_first_one_died(
    make_hub: Callable[..., ClassicHub],
) -> None:
    await at_every_step(make_hub, _go_on)


async def _go_on(hub: ClassicHub, way: str, writes: int) -> None:
    store, desk = await hub.open(worker_id="w", lease=LEASE), Desk()
    hub.serve(store, desk)
    judged = run = 0
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while sum((await store.info()).queues.values()):
        for work in desk.activities[run:]:
            run += 1
            await store.complete_activity(work, result(work))
        for delivery in desk.messages[judged:]:
            judged += 1
            history = await store.load("order-1")
            if any(type(event) is type(delivery.message.event) for event in history.events):
                await store.discard([delivery])
                continue
            await store.commit(episode(delivery, history.version))
        assert asyncio.get_running_loop().time() < deadline, "the queues do not become empty"
        await asyncio.sleep(0.1)  # what a dead server held becomes visible in time
    events = (await store.load("order-1")).events
    assert sum(isinstance(event, TaskCompleted) for event in events) == 1
    if writes == len(WRITES[way]):
        assert run == 0  # the activity ran once


async def test_a_worker_of_another_make_finds_the_activity_or_its_result(
    make_hub: Callable[..., ClassicHub], azurite: Storage
) -> None:
    async def look(hub: ClassicHub, way: str, writes: int) -> None:
        await hub.expire_leases()
        await asyncio.sleep(hub.visibility + SLACK)  # no event tells that time is over
        await asyncio.to_thread(_judge, BareHub(azurite, hub.name), way, writes)

    await at_every_step(make_hub, look)


def _judge(bare: BareHub, way: str, writes: int) -> None:
    foreign = ForeignWorker(bare)
    assert len(foreign.claim()) == 1
    found: list[dict[str, Any]] = []
    for name in bare.queues():
        count = bare.hidden(name) + len(bare.visible(name))
        received = foreign.receive(name)
        assert len(received) == count, (writes, name)  # nothing is hidden
        found += received
    works = [one for one in found if one.get("Name") == "ChargeCard"]
    results = [one for one in found if "blob" in one or "TaskScheduledId" in one]
    assert len(works) + len(results) == len(found)
    rows = bare.rows("History", "order-1")
    recorded = [row for row in rows if row.get("EventType") == "TaskCompleted"]

    done = WRITES[way][:writes]
    assert len(recorded) == done.count(("table", "transaction"))
    assert len(results) == (MOVE[0] in done) - (done == [*MOVE, *RECORD])
    assert len(works) == (0 if ("queue", "delete") in done else 1)
    assert works or results or recorded


async def test_the_results_of_a_partition_that_goes_to_another_server_go_with_it(
    make_hub: Callable[..., ClassicHub],
) -> None:
    hub = make_hub()
    first = await hub.open(partitions=2, result_grace=LONG)
    desk, orders = Desk(), [f"order-{number}" for number in range(8)]
    hub.serve(first, desk)
    for number, order in enumerate(orders, 1):
        await first.start(start(order), None)
        delivery = await desk.message(2 * number - 1)
        await first.commit(episode(delivery, activities=(activity(delivery.message.target),)))
        work = await desk.activity(number)
        await first.complete_activity(work, result(work))
        await desk.message(2 * number)

    second, other = await hub.open(partitions=2), Desk()
    hub.serve(second, other)
    await eventually(lambda: any(second.owns(order) for order in orders))
    theirs = {order for order in orders if second.owns(order)}
    await other.until(lambda: len(other.messages) >= len(theirs))
    assert {one.message.target.instance_id for one in other.messages} == theirs
    assert len(desk.activities) == len(orders)
    assert other.activities == []  # none runs again
    await hub.close()
