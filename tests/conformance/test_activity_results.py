"""A result of an activity: handed over once, recorded once, and never lost between the two."""

import asyncio

import pytest
from hubs_under_test import ClassicHub, HubUnderTest
from listening_desk import A_WHILE, Desk, eventually
from shop_orders import activity, episode, result, start

from durahub.engine.commit import NO_HISTORY, Delivery, HistoryVersion
from durahub.errors import CheckpointLost
from durahub.model.history import Status, TaskCompleted
from durahub.store import HubStore


async def at_work(store: HubStore, desk: Desk) -> tuple[Delivery, HistoryVersion]:
    """Return an activity that an instance's first episode has scheduled, and the history."""
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    commit = episode(delivery, activities=(activity(delivery.message.target),))
    version = await store.commit(commit)
    return await desk.activity(), version


async def waiting(store: HubStore) -> int:
    return sum((await store.info()).queues.values())


async def test_completing_an_activity_twice_delivers_its_result_once(hub: HubUnderTest) -> None:
    store, desk = await hub.open(), Desk()
    hub.serve(store, desk)
    work, version = await at_work(store, desk)
    await store.complete_activity(work, result(work))
    arrived = await desk.message(2)
    await store.complete_activity(work, result(work))
    await store.commit(episode(arrived, version))
    await asyncio.sleep(A_WHILE)
    assert len(desk.messages) == 2
    assert len(desk.activities) == 1
    assert await waiting(store) == 0


async def test_a_result_that_has_no_effect_is_discarded_with_its_activity(
    hub: HubUnderTest,
) -> None:
    store, desk = await hub.open(), Desk()
    hub.serve(store, desk)
    work, _ = await at_work(store, desk)
    await store.complete_activity(work, result(work))
    await store.discard([await desk.message(2)])
    assert await waiting(store) == 0


async def test_a_result_held_for_long_is_handed_over_once_and_its_activity_runs_once(
    hub: HubUnderTest,
) -> None:
    store, desk = await hub.open(), Desk()
    hub.serve(store, desk)
    work, version = await at_work(store, desk)
    await store.complete_activity(work, result(work))
    arrived = await desk.message(2)

    await asyncio.sleep(2 * hub.visibility)  # longer than any grace, and renewed since

    assert len(desk.messages) == 2
    assert len(desk.activities) == 1
    await store.commit(episode(arrived, version))
    assert await waiting(store) == 0


async def test_a_released_result_comes_again_and_its_activity_does_not(hub: HubUnderTest) -> None:
    store, desk = await hub.open(), Desk()
    hub.serve(store, desk)
    work, version = await at_work(store, desk)
    answer = result(work)
    await store.complete_activity(work, answer)
    loop = asyncio.get_running_loop()
    released_at = loop.time()
    await store.release([await desk.message(2)], 1.5)

    again = await desk.message(3)
    assert loop.time() - released_at >= 1.5
    assert again.message == answer
    await store.commit(episode(again, version))
    assert await waiting(store) == 0
    assert len(desk.activities) == 1


async def test_a_result_whose_checkpoint_was_lost_comes_again(hub: HubUnderTest) -> None:
    store, desk = await hub.open(), Desk()
    hub.serve(store, desk)
    work, version = await at_work(store, desk)
    await store.complete_activity(work, result(work))
    arrived = await desk.message(2)
    stale = HistoryVersion(version.execution_id, 0, NO_HISTORY.token)
    with pytest.raises(CheckpointLost):
        await store.commit(episode(arrived, stale))
    assert len(desk.activities) == 1

    await store.release([arrived], 0)
    await store.commit(episode(await desk.message(3), version))
    assert await waiting(store) == 0


async def test_a_result_for_which_there_is_no_room_waits_in_storage(hub: HubUnderTest) -> None:
    store, desk = await hub.open(), Desk()
    hub.serve(store, desk)
    work, version = await at_work(store, desk)
    desk.room = 0
    await store.complete_activity(work, result(work))
    await asyncio.sleep(A_WHILE)
    assert len(desk.messages) == 1

    desk.room = 1
    store.wake()
    await store.commit(episode(await desk.message(2), version))
    assert await waiting(store) == 0


async def test_a_result_in_the_hands_of_a_server_that_stops_comes_to_the_next(
    hub: HubUnderTest,
) -> None:
    first, desk = await hub.open(), Desk()
    hub.serve(first, desk)
    work, version = await at_work(first, desk)
    answer = result(work)
    await first.complete_activity(work, answer)
    await desk.message(2)
    await hub.stop(first)

    second, successor = await hub.open(), Desk()
    hub.serve(second, successor)
    found = await successor.message()
    assert found.message == answer
    await second.commit(episode(found, version))
    assert await waiting(second) == 0
    assert successor.activities == []


async def test_what_a_server_had_of_an_activity_that_dies_is_not_lost(hub: HubUnderTest) -> None:
    first, desk = await hub.open(worker_id="w"), Desk()
    hub.serve(first, desk)
    work, version = await at_work(first, desk)
    await first.complete_activity(work, result(work))
    await desk.message(2)
    await hub.crash(first)

    second, successor = await hub.open(worker_id="w"), Desk()
    hub.serve(second, successor)
    await successor.until(lambda: bool(successor.messages or successor.activities))
    for again in successor.activities:  # it runs once more
        assert again.message == work.message
        await second.complete_activity(again, result(again))
    await second.commit(episode(await successor.message(), version))
    assert await waiting(second) == 0


@pytest.mark.azurite
async def test_a_result_for_an_instance_of_another_server_is_sent_to_it(
    hub: HubUnderTest,
) -> None:
    if not isinstance(hub, ClassicHub):
        pytest.skip("a hub in a file has one server")
    first, desk = await hub.open(partitions=2), Desk(activities=0)
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    delivery = await desk.message()
    second, other = await hub.open(partitions=2), Desk()
    hub.serve(second, other)

    async def shared() -> bool:
        owners = (await first.info()).owners.values()
        return None not in owners and len(set(owners)) == 2

    deadline = asyncio.get_running_loop().time() + 60
    while not await shared():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)
    await eventually(lambda: first.owns("order-1") != second.owns("order-1"))
    owner, helper = (first, second) if first.owns("order-1") else (second, first)
    orders, works = (desk, other) if owner is first else (other, desk)
    orders.activity_places, works.activity_places = 0, 9
    if owner is second:
        delivery = await other.message()
    commit = episode(delivery, activities=(activity(delivery.message.target),))
    version = await owner.commit(commit)
    helper.wake()
    work = await works.activity()

    before = len(orders.messages)
    await helper.complete_activity(work, result(work))
    assert "workitems" not in str([q for q, n in (await first.info()).queues.items() if n])
    arrived = await orders.message(before + 1)
    assert isinstance(arrived.message.event, TaskCompleted)
    await owner.commit(episode(arrived, version, status=Status.Completed))
    assert await waiting(owner) == 0
