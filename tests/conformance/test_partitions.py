"""Several servers on one hub: who has which partition, and how one goes over to another."""

import asyncio

from hubs_under_test import HubUnderTest
from listening_desk import A_WHILE, Desk, eventually
from shop_orders import activity, episode, in_seconds, raised, start, timer

from durahub.store import HubStore

IDS = [f"order-{number}" for number in range(40)]  # enough for every partition


def shares(*stores: HubStore) -> list[int]:
    """Return how many of the instances each store owns."""
    return [sum(store.owns(instance_id) for instance_id in IDS) for store in stores]


def owned_once(*stores: HubStore) -> bool:
    return all(sum(store.owns(instance_id) for store in stores) == 1 for instance_id in IDS)


async def test_one_server_takes_all_partitions_and_lets_all_go(hub: HubUnderTest) -> None:
    store = await hub.open(partitions=4)
    desk = Desk()
    hub.serve(store, desk)
    await eventually(lambda: owned_once(store))

    await hub.stop(store)

    assert shares(store) == [0]
    assert set((await store.info()).owners.values()) == {None}
    assert len(desk.closed) == 5
    assert "" in desk.closed  # the activities


async def test_two_servers_share_and_the_one_that_is_left_takes_all(hub: HubUnderTest) -> None:
    first = await hub.open(partitions=4)
    hub.serve(first, Desk())
    await eventually(lambda: owned_once(first))
    second = await hub.open()
    hub.serve(second, Desk())

    await eventually(lambda: min(shares(first, second)) > 0 and owned_once(first, second))
    owners = (await first.info()).owners
    assert sorted(list(owners.values()).count(name) for name in set(owners.values())) == [2, 2]

    await hub.stop(first)
    await eventually(lambda: owned_once(second))


async def test_no_instance_ever_has_two_owners_while_partitions_change_hands(
    hub: HubUnderTest,
) -> None:
    first, second = await hub.open(partitions=4), await hub.open()
    hub.serve(first, Desk())
    hub.serve(second, Desk())
    for _ in range(100):
        for instance_id in IDS:
            assert not (first.owns(instance_id) and second.owns(instance_id))
        await asyncio.sleep(0.02)


async def test_a_partition_of_a_server_that_died_is_taken_when_its_lease_has_run_out(
    hub: HubUnderTest,
) -> None:
    first, second = await hub.open(partitions=2, lease=3.0), await hub.open()
    hub.serve(first, Desk())
    await eventually(lambda: owned_once(first))
    await hub.crash(first)
    hub.serve(second, Desk())
    await eventually(lambda: owned_once(second))


async def test_what_a_server_still_holds_is_visible_when_it_lets_a_partition_go(
    hub: HubUnderTest,
) -> None:
    hub.visibility = 600.0  # nobody here waits until that runs out
    first = await hub.open(partitions=1)
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    delivery = await desk.message()
    await first.commit(episode(delivery, activities=(activity(delivery.message.target),)))
    await first.send(raised("order-1"))
    held, work = await desk.message(2), await desk.activity()
    due = in_seconds(3.0)
    await first.send(timer(delivery.message.target, due))

    await hub.stop(first)
    second = await hub.open()
    successor = Desk()
    hub.serve(second, successor)

    assert (await successor.message()).key == held.key
    assert (await successor.activity()).key == work.key
    await successor.message(2)  # the timer, in its time


async def test_a_handed_over_partition_is_finished_by_its_old_owner_first(
    hub: HubUnderTest,
) -> None:
    first = await hub.open(partitions=1)
    finishing = asyncio.Event()

    class SlowDesk(Desk):
        async def on_partition_closing(self, partition: str) -> None:
            if partition:
                finishing.set()
                await asyncio.sleep(1.5)

    desk = SlowDesk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    delivery = await desk.message()

    stopping = asyncio.create_task(hub.stop(first))
    await finishing.wait()
    second = await hub.open()
    successor = Desk()
    hub.serve(second, successor)
    await first.commit(episode(delivery))  # what ran is still written
    assert not second.owns("order-1")
    await stopping

    await eventually(lambda: second.owns("order-1"))
    assert len((await second.load("order-1")).events) == 3
    await asyncio.sleep(A_WHILE)
    assert successor.messages == []
