"""A start that reads nothing: nobody else may begin what turns out to be void, whatever breaks off."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from failing_orders import in_turn
from hubs_under_test import ClassicHub, Crashed
from listening_desk import A_WHILE, Desk, eventually
from scripted_worker import scripted
from shop_orders import episode, raised, start, started

from durahub.classic.names import HubNames
from durahub.classic.store import ClassicStore
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.work import Filters
from durahub.engine.actions import ScheduleTask
from durahub.engine.inbox import START_PATIENCE, judge
from durahub.engine.state import read
from durahub.errors import CheckpointLost, InstanceExists
from durahub.model.history import ExecutionStarted, Status
from durahub.model.message import Message

pytestmark = pytest.mark.azurite


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


async def owner(hub: ClassicHub, desk: Desk, **options: Any) -> ClassicStore:
    """Return a store that owns the hub's only partition and hands over in memory."""
    store = await hub.open(partitions=1, **options)
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-0"))
    number = len(desk.messages) + 1
    await store.send(raised("order-0"))  # may come from the queue, behind what was there before
    await store.discard([await desk.message(number)])
    await eventually(lambda: store.tries_first("order-0"))
    hub.transport(store).log.clear()
    hub.transport(store).reads.clear()
    return store


async def waiting(store: ClassicStore) -> int:
    """Return how many messages there are to instances."""
    return sum((await store.info()).queues.values())


def starts(desk: Desk) -> list[Message]:
    messages = [delivery.message for delivery in desk.messages]
    return [one for one in messages if isinstance(one.event, ExecutionStarted)]


async def test_a_new_instance_is_started_and_has_its_first_episode_without_a_read(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    await store.start(start("order-1", input="[1]"), None, unread=True)

    delivery = await desk.message(2)
    row, history = await store.row("order-1"), await store.load("order-1")
    assert not hub.transport(store).reads
    assert hub.transport(store).log == [("queue", "put"), ("table", "insert")]
    assert row == await store.get("order-1", payloads=False)

    await store.commit(episode(delivery, history.version))
    running = await store.row("order-1")
    assert running is not None
    assert running.status is Status.Running
    assert len((await store.load("order-1")).events) == 3


async def test_an_id_in_use_is_refused_and_the_message_of_the_start_is_withdrawn(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    client = await hub.open(partitions=1)
    store = await owner(hub, desk)
    first = start("order-1")
    await client.start(first, None)
    with pytest.raises(InstanceExists, match="Pending"):
        await store.start(start("order-1"), None, unread=True)

    await desk.message(2)
    await asyncio.sleep(A_WHILE)  # the other must not come
    assert starts(desk) == [first]
    assert await waiting(store) == 1


async def test_where_the_message_would_be_visible_the_row_is_read_before(hub: ClassicHub) -> None:
    store = await hub.open(partitions=1)  # it owns nothing
    assert not store.tries_first("order-1")
    hub.transport(store).reads.clear()
    await store.start(start("order-1"), None, unread=True)
    assert hub.transport(store).reads == [("table", "get")]
    hub.transport(store).log.clear()

    with pytest.raises(InstanceExists, match="Pending"):
        await store.start(start("order-1"), None, unread=True)
    assert not hub.transport(store).log


async def test_where_the_listener_has_no_room_the_row_is_read_before(hub: ClassicHub) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    desk.room = 0
    await store.start(start("order-1"), None, unread=True)
    assert hub.transport(store).reads == [("table", "get")]

    desk.room = 10
    store.wake()
    await desk.message(2)
    await store.load("order-1")  # others could have had it meanwhile
    assert ("table", "query") in hub.transport(store).reads


async def test_a_start_for_later_reads_the_row_before(hub: ClassicHub) -> None:
    store = await owner(hub, Desk())
    later = system_clock() + 10_000_000 * 60
    await store.start(start("order-1", scheduled_start=later), None, unread=True)
    assert hub.transport(store).reads == [("table", "get")]


async def test_of_two_starts_of_one_id_at_once_one_is_refused(hub: ClassicHub) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    both = [start("order-1"), start("order-1")]
    results = await asyncio.gather(
        *(store.start(one, None, unread=True) for one in both), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in results) == ["InstanceExists", "NoneType"]
    winner = both[results.index(None)]
    await desk.message(2)
    await asyncio.sleep(A_WHILE)  # the other must not come
    assert starts(desk) == [winner]
    row = await store.row("order-1")
    assert row is not None
    assert row.execution_id == started(winner).execution.execution_id
    assert await waiting(store) == 1


@pytest.mark.parametrize("status", [Status.Running, Status.Completed])
async def test_a_start_of_an_id_in_use_that_dies_behind_its_message_is_never_taken(
    hub: ClassicHub, status: Status
) -> None:
    first, desk = await hub.open(partitions=1, worker_id="w"), Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    await first.commit(episode(await desk.message(), status=status))
    await first.send(raised("order-0"))
    await first.discard([await desk.message(2)])

    hub.transport(first).writes_left = 1
    with pytest.raises(Crashed):
        await first.start(start("order-1"), None, unread=True)
    await hub.crash(first)

    second, successor = await hub.open(worker_id="w"), Desk()
    hub.serve(second, successor)
    void = await successor.message()  # it was hidden, and is visible now
    history, row = await second.load("order-1"), await second.row("order-1")
    assert row is not None
    assert row.status is status
    verdict = judge(history.version, read(history.events), [void], row, system_clock())
    assert not verdict.take
    assert not verdict.replies
    last = replace(void, deliveries=START_PATIENCE)
    given_up = judge(history.version, read(history.events), [last], row, system_clock())
    assert given_up.drop


@pytest.mark.parametrize("writes", [1, 2])
async def test_a_new_start_that_dies_is_begun_by_the_next_server_if_its_row_is_there(
    hub: ClassicHub, writes: int
) -> None:
    desk = Desk()
    first = await owner(hub, desk, worker_id="w")
    hub.transport(first).writes_left = writes
    if writes == 1:
        with pytest.raises(Crashed):
            await first.start(start("order-1"), None, unread=True)
    else:
        await first.start(start("order-1"), None, unread=True)
    await hub.crash(first)

    second, successor = await hub.open(worker_id="w"), Desk()
    hub.serve(second, successor)
    delivery = await successor.message()
    history, row = await second.load("order-1"), await second.row("order-1")
    verdict = judge(history.version, read(history.events), [delivery], row, system_clock())
    assert bool(verdict.take) is (writes == 2)
    assert bool(verdict.defer) is (writes == 1)  # for its row, for a while


async def test_a_history_that_is_there_without_a_row_costs_the_first_checkpoint(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    await store.start(start("order-1"), None)
    version = await store.commit(episode(await desk.message(2)))
    other = await hub.open(create=False)
    table = HubNames(hub.name).instances_table
    assert await other._parts.tables.delete(table, "order-1", "")  # a purge broke off

    await store.start(start("order-1"), None, unread=True)
    delivery = await desk.message(3)
    unknowing = await store.load("order-1")
    with pytest.raises(CheckpointLost):
        await store.commit(episode(delivery, unknowing.version))
    assert (await store.load("order-1")).version == version


async def test_what_has_left_this_servers_hands_is_read(hub: ClassicHub) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    await store.start(start("order-1"), None, unread=True)
    await store.release([await desk.message(2)], 0)
    await desk.message(3)
    await store.row("order-1")
    await store.load("order-1")
    assert hub.transport(store).reads == [("table", "get"), ("table", "query")]


async def test_with_its_partition_a_new_instance_is_forgotten(hub: ClassicHub) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    await store.start(start("order-1"), None, unread=True)
    await desk.message(2)
    await hub.stop(store)
    assert len((await store.load("order-1")).events) == 0
    assert hub.transport(store).reads[-1] == ("table", "query")


async def test_a_purge_of_a_new_instance_forgets_it(hub: ClassicHub) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    await store.start(start("order-1"), None, unread=True)
    await desk.message(2)
    await store.purge("order-1")
    assert await store.row("order-1") is None


async def test_an_id_of_which_something_is_known_is_read_first(hub: ClassicHub) -> None:
    desk = Desk()
    store = await owner(hub, desk)
    await store.start(start("order-1"), None, unread=True)
    await store.commit(episode(await desk.message(2), status=Status.Completed))
    assert not store.tries_first("order-1")
    assert store.tries_first("order-2")


async def test_an_activity_takes_its_orchestrations_version_while_that_is_still_written(
    hub: ClassicHub,
) -> None:
    store = await hub.open(partitions=1)
    versions = frozenset({"2.0.0"})
    filters = Filters(orchestrations={"Order": versions}, activities={"Pay": versions}, entities={})
    scripts = {"Order": lambda events: in_turn(events, ScheduleTask(id=0, name="Pay"))}
    async with scripted(store) as shop:
        shop.work(scripts, {"Pay": lambda _: "paid"}, filters)
        await eventually(lambda: store.tries_first("order-1"))
        await shop.start(StartRequest(name="Order", instance_id="order-1", version="2.0.0"))
        await shop.ended("order-1")
        hub.transport(store).reads.clear()

        await shop.start(StartRequest(name="Order", instance_id="order-2", version="2.0.0"))
        assert await shop.ended("order-2") == "Completed: paid"
    assert not hub.transport(store).reads
