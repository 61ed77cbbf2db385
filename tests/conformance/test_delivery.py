"""How messages come to the listener: from memory or from the queue, once, in time, never beyond its room."""

import asyncio

import pytest
from hubs_under_test import ClassicHub, HubUnderTest
from listening_desk import A_WHILE, Desk, eventually
from shop_orders import activity, episode, in_seconds, raised, result, start, timer

from durahub.dispatch.clock import system_clock
from durahub.model.history import EventRaised, Execution, Status
from durahub.store import HubStore

TARGET = Execution("order-1", "0123456789abcdef0123456789abcdef")


async def handed_over_in_memory(store: HubStore, desk: Desk) -> int:
    """Send events until one is handed over without a poll; return how many there were."""
    await eventually(lambda: store.owns("order-1"))
    number, at_once = 0, False
    while not at_once and number < 20:  # at first something may wait in the queue that goes before
        number += 1
        await store.send(raised("order-1"))
        at_once = len(desk.messages) == number
        await desk.message(number)
    assert at_once
    return number


async def test_what_a_server_sends_to_its_own_partition_is_handed_over_in_memory(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await handed_over_in_memory(store, desk)

    assert desk.messages[-1].deliveries == 1
    assert desk.messages[-1].message.target.instance_id == "order-1"


async def test_what_waits_when_a_partition_is_taken_goes_before_what_is_sent_then(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk()
    for number in range(3):
        await store.send(raised("order-1", text=f'"{number}{"x" * 50_000}"'))

    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    for number in range(3, 6):
        await store.send(raised("order-1", text=f'"{number}"'))

    await desk.message(6)
    events = [delivery.message.event for delivery in desk.messages]
    assert [
        event.input[1] for event in events if isinstance(event, EventRaised) and event.input
    ] == [*"012345"]


async def test_a_held_message_is_not_handed_over_again_however_long_it_is_held(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.send(raised("order-1"))
    delivery = await desk.message()

    await asyncio.sleep(2 * hub.visibility)  # it has been renewed since

    assert len(desk.messages) == 1
    await store.discard([delivery])
    assert sum((await store.info()).queues.values()) == 0


async def test_a_client_without_partitions_reaches_the_server_that_has_them(
    hub: HubUnderTest,
) -> None:
    server, client = await hub.open(), await hub.open(create=False)
    desk = Desk()
    hub.serve(server, desk)
    assert not client.owns("order-1")

    sent = raised("order-1", text='"é🚀<&>"')
    await client.send(sent)

    delivery = await desk.message()
    assert delivery.message == sent
    assert delivery.partition


async def test_messages_come_in_the_order_in_which_they_were_sent(hub: HubUnderTest) -> None:
    server, client = await hub.open(), await hub.open(create=False)
    for number in range(10):
        await client.send(raised("order-1", text=str(number)))
    desk = Desk()
    hub.serve(server, desk)
    await desk.message(10)
    assert [d.message.event.input for d in desk.messages] == [str(n) for n in range(10)]


async def test_no_more_is_handed_over_than_there_is_room_and_the_rest_follows(
    hub: HubUnderTest,
) -> None:
    server, client = await hub.open(), await hub.open(create=False)
    desk = Desk(messages=3)
    hub.serve(server, desk)
    await eventually(lambda: server.owns("order-1"))
    senders = (client, server)
    for number in range(10):  # some from memory, some from the queue
        await senders[number % 2].send(raised(f"order-{number}"))

    await desk.message(3)
    await asyncio.sleep(A_WHILE)
    assert len(desk.messages) == 3
    assert desk.least_room == 0

    await server.discard(desk.messages[:2])
    desk.room = 2
    server.wake()
    await desk.message(5)
    desk.room = 100
    server.wake()
    await desk.message(10)
    assert len({d.key for d in desk.messages}) == 10


async def test_a_released_message_comes_again_and_counts_its_deliveries(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.send(raised("order-1"))
    first = await desk.message()

    await store.release([first], 0)

    second = await desk.message(2)
    assert second.key == first.key
    assert second.message == first.message


async def test_a_message_released_with_a_delay_comes_no_earlier(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.send(raised("order-1"))
    first = await desk.message()
    loop = asyncio.get_running_loop()

    released_at = loop.time()
    await store.release([first], 1.5)

    await desk.message(2)
    assert loop.time() - released_at >= 1.5


async def test_activities_go_to_who_has_room_and_the_rest_waits_in_the_queue(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk(activities=2)
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    target = delivery.message.target
    work = tuple(activity(target, number) for number in range(5))

    await store.commit(episode(delivery, activities=work))
    await desk.activity(2)
    await asyncio.sleep(A_WHILE)
    assert len(desk.activities) == 2

    desk.activity_places = 3
    store.wake()
    await desk.activity(5)
    done = {d.message.event.event_id for d in desk.activities}
    assert done == set(range(5))
    assert all(d.partition == "" for d in desk.activities)


async def test_an_activitys_result_arrives_and_once_it_is_recorded_nothing_is_left(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    delivery = await desk.message()
    first = episode(delivery, activities=(activity(delivery.message.target),))
    version = await store.commit(first)
    work = await desk.activity()

    answer = result(work)
    await store.complete_activity(work, answer)

    arrived = await desk.message(2)
    assert arrived.message == answer
    assert arrived.partition == delivery.partition
    await store.commit(episode(arrived, version))
    assert sum((await store.info()).queues.values()) == 0


def _is_poll(url: str) -> bool:
    return "numofmessages" in url


@pytest.mark.parametrize("delay", [0.3, 1.7])
async def test_a_timer_fires_from_memory_at_its_time_and_never_early(
    hub: HubUnderTest, delay: float
) -> None:
    store = await hub.open()
    desk = Desk(messages=1_000)  # more than a poll may ask for at a time
    hub.serve(store, desk)
    before = await handed_over_in_memory(store, desk)
    if isinstance(hub, ClassicHub):
        hub.transport(store).refuses = _is_poll  # what comes now was in memory
    due = in_seconds(delay)

    await store.send(timer(TARGET, due))

    delivery = await desk.message(before + 1)
    assert system_clock() >= due
    if isinstance(hub, ClassicHub):
        del hub.transport(store).refuses
    await store.discard([delivery])
    await asyncio.sleep(1.5)  # its twin would have come
    assert len(desk.messages) == before + 1


async def test_a_timer_that_was_queued_before_the_server_came_fires_all_the_same(
    hub: HubUnderTest,
) -> None:
    client = await hub.open()
    due = in_seconds(2.5)
    await client.send(timer(TARGET, due))
    server = await hub.open()
    desk = Desk()
    hub.serve(server, desk)
    await desk.message()
    assert system_clock() >= due


async def test_a_scheduled_start_comes_at_its_time(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    due = in_seconds(1.2)
    await store.start(start("order-1", scheduled_start=due), None)
    row = await store.get("order-1")
    assert row is not None
    assert row.status is Status.Pending
    await desk.message()
    assert system_clock() >= due


async def test_a_timer_for_which_there_is_no_room_when_it_is_due_comes_later(
    hub: HubUnderTest,
) -> None:
    store = await hub.open()
    desk = Desk(messages=0)
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    await store.send(timer(TARGET, in_seconds(0.4)))
    await asyncio.sleep(A_WHILE)
    assert desk.messages == []
    desk.room = 1
    store.wake()
    await desk.message()


async def test_a_timer_beyond_what_storage_allows_is_kept(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    await store.send(timer(TARGET, in_seconds(30 * 86_400)))
    assert sum((await store.info()).queues.values()) == 1
    assert desk.messages == []
