"""What a checkpoint writes, in which order, and what is left when it is not written."""

import asyncio
from dataclasses import replace

import pytest
from hubs_under_test import HubUnderTest
from listening_desk import A_WHILE, Desk
from shop_orders import activity, episode, raised, start, started, timer

from durahub.engine.commit import HistoryVersion
from durahub.errors import CheckpointLost
from durahub.model.history import EventRaised, ExecutionStarted, GenericEvent, Status
from durahub.model.ticks import Ticks


async def running(hub: HubUnderTest, **fields: object) -> tuple[object, Desk, HistoryVersion]:
    """Return a store that serves, with the instance ``order-1`` after its first episode."""
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1", **fields), None)
    version = await store.commit(episode(await desk.message()))
    return store, desk, version


async def test_an_episode_is_written_exactly_and_in_order(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    odd = Ticks(638_000_000_000_000_003)
    await store.start(start("order-1", timestamp=odd, input='"é\\u0001"', tags={"a": "1"}), None)
    commit = episode(await desk.message(), custom_status='{"done":1}')

    version = await store.commit(commit)

    loaded = await store.load("order-1")
    assert loaded.events == commit.events
    assert loaded.version == version == HistoryVersion(commit.execution_id, 3, version.token)
    assert [event async for event in store.history("order-1")] == list(commit.events)
    row = await store.get("order-1")
    assert row is not None
    assert (row.status, row.created, row.custom_status) == (Status.Running, odd, '{"done":1}')
    assert row.execution_id == commit.execution_id


async def test_what_was_consumed_is_gone_and_what_was_sent_is_there(hub: HubUnderTest) -> None:
    store, desk, _ = await running(hub)
    depths = (await store.info()).queues
    assert sum(depths.values()) == 0

    await store.send(raised("order-1"))
    delivery = await desk.message(2)
    base = (await store.load("order-1")).version
    await store.commit(
        episode(
            delivery,
            base,
            outbound=(raised("order-2"), raised("order-3")),
            activities=(activity(delivery.message.target),),
        )
    )
    await desk.message(4)
    await desk.activity()
    assert {d.message.target.instance_id for d in desk.messages[2:]} == {"order-2", "order-3"}


async def test_events_are_appended_and_the_version_moves_on(hub: HubUnderTest) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    second = await store.commit(episode(await desk.message(2), version))
    assert second.length == 6
    assert second.token != version.token
    assert len((await store.load("order-1")).events) == 6


async def test_a_checkpoint_on_a_stale_history_is_lost_and_its_messages_stay(
    hub: HubUnderTest,
) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1", text="1"))
    await store.send(raised("order-1", text="2"))
    first, second = await desk.message(2), await desk.message(3)
    await store.commit(episode(first, version))
    before = await store.load("order-1")

    with pytest.raises(CheckpointLost):
        await store.commit(episode(second, version, outbound=(raised("order-9"),)))

    assert await store.load("order-1") == before
    # outbound goes first: it was sent, and is not taken back
    assert (await desk.message(4)).message.target.instance_id == "order-9"
    await store.release([second], 0)
    again = await desk.message(5)
    assert again.key == second.key


async def test_a_second_first_checkpoint_is_lost(hub: HubUnderTest) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    commit = episode(await desk.message())
    await store.commit(commit)
    with pytest.raises(CheckpointLost):
        await store.commit(replace(commit, consumed=()))


async def test_a_new_generation_stands_in_the_place_of_the_old_one(hub: HubUnderTest) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    more = [
        GenericEvent(timestamp=Ticks(638_000_000_000_000_005), data=str(number))
        for number in range(5)
    ]
    version = await store.commit(episode(await desk.message(2), version, more=more))
    row = await store.get("order-1")

    again = start("order-1", input="2", generation=1)
    await store.start(again, row)
    new = await store.commit(episode(await desk.message(3), version))

    assert new == HistoryVersion(started(again).execution.execution_id, 3, new.token)
    loaded = await store.load("order-1")
    assert loaded.version == new
    assert isinstance(loaded.events[1], ExecutionStarted)
    assert loaded.events[1].input == "2"
    assert len([event async for event in store.history("order-1")]) == 3
    old = version.execution_id
    assert [event async for event in store.history("order-1", old)] == []


@pytest.mark.parametrize("characters", [30_720, 30_721, 46_000, 300_000])
async def test_a_payload_of_any_size_comes_back_as_it_was(
    hub: HubUnderTest, characters: int
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    text = ("é" + "x" * 9) * (characters // 10) + "y" * (characters % 10)
    await store.start(start("order@1", input=text), None)
    pending = await store.get("order@1")
    assert pending is not None
    assert pending.input == text

    delivery = await desk.message()
    assert started(delivery.message).input == text
    ended = episode(delivery, status=Status.Completed, output=text)
    await store.commit(ended)

    assert (await store.load("order@1")).events == ended.events
    row = await store.get("order@1")
    assert row is not None
    assert (row.input, row.output) == (text, text)


async def test_a_large_message_from_another_process_is_read_from_its_blob(
    hub: HubUnderTest,
) -> None:
    server, client = await hub.open(), await hub.open(create=False)
    desk = Desk()
    hub.serve(server, desk)
    sent = raised("order-1", text="x" * 100_000)
    await client.send(sent)
    assert (await desk.message()).message == sent


async def test_an_episode_of_many_events_is_written_whole(hub: HubUnderTest) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    more = [
        GenericEvent(timestamp=Ticks(638_000_000_000_000_007), data=str(number))
        for number in range(250)
    ]
    commit = episode(await desk.message(2), version, more=more)

    version = await store.commit(commit)

    assert version.length == 256
    assert (await store.load("order-1")).events[3:] == commit.events


async def test_a_commit_goes_on_when_its_caller_is_cancelled(hub: HubUnderTest) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    delivery = await desk.message(2)
    caller = asyncio.create_task(
        store.commit(episode(delivery, version, outbound=(raised("order-2"),)))
    )
    await asyncio.sleep(0)  # it has begun
    caller.cancel()
    await desk.message(3)
    await asyncio.sleep(A_WHILE)
    assert (await store.load("order-1")).version.length == 6
    assert len(desk.messages) == 3


async def test_a_commit_without_a_partition_is_lost(hub: HubUnderTest) -> None:
    server, other = await hub.open(), await hub.open(create=False)
    desk = Desk()
    hub.serve(server, desk)
    await server.start(start("order-1"), None)
    delivery = await desk.message()
    with pytest.raises(CheckpointLost):
        await other.commit(episode(delivery))
    await server.commit(episode(delivery))


async def test_the_row_of_a_terminal_instance_tells_its_end(hub: HubUnderTest) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    await store.commit(
        episode(await desk.message(2), version, status=Status.Failed, output="Boom: no")
    )
    row = await store.get("order-1")
    assert row is not None
    assert (row.status, row.output) == (Status.Failed, "Boom: no")
    assert row.completed is not None


async def test_a_custom_status_that_no_row_can_hold_does_not_stop_the_rest(
    hub: HubUnderTest,
) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    huge = '"' + "x" * 40_000 + '"'
    await store.commit(
        episode(await desk.message(2), version, status=Status.Completed, custom_status=huge)
    )
    row = await store.get("order-1")
    assert row is not None
    assert row.status is Status.Completed
    assert "too large" in (row.custom_status or "")


async def test_an_outbound_timer_waits_for_its_time_behind_the_checkpoint(
    hub: HubUnderTest,
) -> None:
    store, desk, version = await running(hub)
    await store.send(raised("order-1"))
    delivery = await desk.message(2)
    event = delivery.message.event
    assert isinstance(event, EventRaised)
    due = Ticks(event.timestamp + 10_000_000)
    await store.commit(episode(delivery, version, outbound=(timer(delivery.message.target, due),)))
    assert len(desk.messages) == 2
    await desk.message(3)
