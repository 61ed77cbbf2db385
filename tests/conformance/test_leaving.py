"""A server that dies between any two writes: what it held is everybody's when leases and time-outs are over.

The one who looks is a worker of another make: it has nothing but the Azure SDKs and the layout.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hubs_under_test import ClassicHub, Crashed
from listening_desk import Desk, eventually
from shop_orders import episode, in_seconds, raised, start, timer
from test_classic_crashes import THE_COMMITS_WRITES, an_event_commit

from durahub.model.history import Execution
from tests.conftest import Storage
from tests.sdk.bare_hub import BareHub, ForeignWorker

pytestmark = pytest.mark.azurite

LEASE = 60.0  # seconds: a busy machine is slow to renew it
SLACK = 2.0  # seconds: time-outs are whole seconds, and a look takes its time


@pytest.fixture
def make_hub(azurite: Storage, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


async def test_what_a_server_held_that_died_after_any_of_its_writes_is_everybodys(
    make_hub: Callable[..., ClassicHub], azurite: Storage
) -> None:
    steps = range(len(THE_COMMITS_WRITES) + 1)
    await asyncio.gather(*(die_and_be_taken_over(make_hub(f"y{n}"), n, azurite) for n in steps))


async def die_and_be_taken_over(hub: ClassicHub, writes: int, azurite: Storage) -> None:
    """Let a server die after so many *writes* of a commit; look what a foreign worker gets."""
    store = await hub.open(worker_id="w", lease=LEASE)
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    version = await store.commit(episode(await desk.message()))
    await store.send(raised("order-1"))
    await desk.message(2)
    hub.transport(store).writes_left = writes
    if writes < len(THE_COMMITS_WRITES):
        with pytest.raises(Crashed):
            await an_event_commit(hub, store, desk, version)
    else:
        await an_event_commit(hub, store, desk, version)
    await hub.crash(store)
    await hub.expire_leases()
    await asyncio.sleep(hub.visibility + SLACK)  # no event tells that time is over

    bare = BareHub(azurite, hub.name)
    foreign = ForeignWorker(bare)
    taken = await asyncio.to_thread(foreign.claim)
    assert taken == {row["RowKey"] for row in bare.rows("Partitions")}
    got: list[dict[str, Any]] = []
    for name in bare.queues():
        count = bare.hidden(name) + len(bare.visible(name))
        received = await asyncio.to_thread(foreign.receive, name)
        assert len(received) == count, (writes, name)  # nothing is hidden
        got += received

    raised_events = [event for event in got if event.get("Name") == "Approval"]
    stored = [
        row for row in bare.rows("History", "order-1") if row.get("EventType") == "EventRaised"
    ]
    sent = [name for name in THE_COMMITS_WRITES[:writes] if name == ("queue", "put")]
    if writes < len(THE_COMMITS_WRITES):  # the cause is there until it is deleted, last of all
        assert any("true" in str(event.get("Input")) for event in raised_events)
    assert len(got) == len(sent) + (1 if writes < len(THE_COMMITS_WRITES) else 0)
    assert bool(stored) == (writes >= THE_COMMITS_WRITES.index(("table", "transaction")) + 1)
    await hub.close()


async def test_a_timer_of_a_dead_server_comes_when_it_is_due_and_not_before(
    make_hub: Callable[..., ClassicHub], azurite: Storage
) -> None:
    hub = make_hub()
    store = await hub.open(worker_id="w", lease=LEASE)
    desk = Desk()
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    await store.send(timer(Execution("order-1", "run"), in_seconds(12)))
    bare = BareHub(azurite, hub.name)
    await hub.crash(store)

    queue = store._queue_of("order-1")
    await hub.expire_leases()
    await asyncio.sleep(hub.visibility)
    foreign = ForeignWorker(bare)
    assert await asyncio.to_thread(foreign.receive, queue) == []
    assert bare.hidden(queue) == 1
    await eventually(lambda: bare.visible(queue))
    (fired,) = await asyncio.to_thread(foreign.receive, queue)
    assert fired["TimerId"] == 1
    await hub.close()
