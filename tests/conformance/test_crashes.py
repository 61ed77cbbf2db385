"""Whatever a server was doing when it died, another one goes on: nothing is lost, little is repeated."""

import asyncio
from collections.abc import Callable

import pytest
from hubs_under_test import ClassicHub, Crashed
from listening_desk import Desk, eventually
from shop_orders import activity, episode, in_seconds, raised, start, timer

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import HistoryVersion
from durahub.model.history import EventRaised, Status, TimerFired
from durahub.store import HubStore


async def test_a_message_in_the_hands_of_a_server_that_dies_comes_to_the_next(
    hub: ClassicHub,
) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.send(raised("order-1"))
    lost = await desk.message()
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    found = await successor.message()
    assert found.key == lost.key
    assert found.message == lost.message


async def test_an_activity_in_the_hands_of_a_server_that_dies_comes_to_the_next(
    hub: ClassicHub,
) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    delivery = await desk.message()
    await first.commit(episode(delivery, activities=(activity(delivery.message.target),)))
    lost = await desk.activity()
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    assert (await successor.activity()).message == lost.message


async def test_a_timer_in_memory_of_a_server_that_dies_still_fires(hub: ClassicHub) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    target = (await desk.message()).message.target
    due = in_seconds(2.0)
    await first.send(timer(target, due))
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    fired: list[TimerFired] = []

    def has_fired() -> bool:
        fired[:] = [e for d in successor.messages if isinstance(e := d.message.event, TimerFired)]
        return bool(fired)

    await successor.until(has_fired)
    assert fired[0].fire_at == due
    assert system_clock() >= due


async def an_event_commit(
    hub: ClassicHub, store: HubStore, desk: Desk, version: HistoryVersion
) -> None:
    """Write the episode that the event causes: messages, an activity, large payloads, an end."""
    delivery = await desk.message(2)
    large = "x" * 50_000
    commit = episode(
        delivery,
        version,
        outbound=(raised("order-2", text=large), raised("order-3")),
        activities=(activity(delivery.message.target),),
        status=Status.Completed,
        output=large,
    )
    await store.commit(commit)


THE_COMMITS_WRITES = (
    ("blob", "put"),  # the large message, for which there is no container yet
    ("blob", "put"),
    ("queue", "put"),
    ("queue", "put"),
    ("queue", "put"),  # the activity
    ("blob", "put"),  # the large result
    ("table", "transaction"),  # the checkpoint
    ("table", "merge"),  # the instance row
    ("queue", "delete"),  # what was consumed
)


async def test_a_commit_writes_messages_then_history_then_the_row_and_deletes_last(
    hub: ClassicHub,
) -> None:
    store = await hub.open()
    desk = Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    version = await store.commit(episode(await desk.message()))
    await store.send(raised("order-1"))
    await desk.message(2)
    hub.transport(store).log.clear()
    await an_event_commit(hub, store, desk, version)
    assert tuple(hub.transport(store).log) == THE_COMMITS_WRITES


@pytest.mark.parametrize("writes", range(len(THE_COMMITS_WRITES) + 1))
async def test_a_commit_that_dies_after_any_of_its_writes_happens_all_the_same(
    make_hub: Callable[[], ClassicHub], writes: int
) -> None:
    hub = make_hub()
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    version = await first.commit(episode(await desk.message()))
    await first.send(raised("order-1"))
    await desk.message(2)

    hub.transport(first).writes_left = writes
    if writes < len(THE_COMMITS_WRITES):
        with pytest.raises(Crashed):
            await an_event_commit(hub, first, desk, version)
    else:
        await an_event_commit(hub, first, desk, version)
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    successor = Desk()
    hub.serve(second, successor)
    seen = {d.message.target.instance_id for d in desk.messages}
    await run_until_empty(second, successor, seen)

    events = (await second.load("order-1")).events
    assert sum(isinstance(event, EventRaised) for event in events) == 1
    assert {"order-2", "order-3"} <= seen
    assert desk.activities or successor.activities
    await hub.close()


async def run_until_empty(store: HubStore, desk: Desk, seen: set[str]) -> None:
    """Do what a dispatcher does with what is left of the crash, until the queues are empty."""
    done = 0

    async def step() -> bool:
        nonlocal done
        for delivery in desk.messages[done:]:
            done += 1
            target = delivery.message.target.instance_id
            seen.add(target)
            history = await store.load(target)
            repeated = (
                delivery.key in history.consumed
                or delivery.message.event in history.events
                or target != "order-1"
            )
            if repeated:
                await store.discard([delivery])
            else:
                large = "x" * 50_000
                await store.commit(
                    episode(
                        delivery,
                        history.version,
                        outbound=(raised("order-2", text=large), raised("order-3")),
                        activities=(activity(delivery.message.target),),
                        status=Status.Completed,
                        output=large,
                    )
                )
        for work in desk.activities:
            await store.discard([work])
        depths = (await store.info()).queues
        return sum(depths.values()) == 0

    deadline = asyncio.get_running_loop().time() + 15
    while not await step():
        assert asyncio.get_running_loop().time() < deadline, "the queues do not become empty"
        await asyncio.sleep(0.1)


async def test_an_event_whose_deletion_was_lost_is_known_as_consumed(hub: ClassicHub) -> None:
    first = await hub.open(worker_id="w")
    desk = Desk()
    hub.serve(first, desk)
    await first.start(start("order-1"), None)
    version = await first.commit(episode(await desk.message()))
    await first.send(raised("order-1", text="1"))
    delivery = await desk.message(2)
    hub.transport(first).writes_left = 2  # the transaction and the row, but not the deletion
    with pytest.raises(Crashed):
        await first.commit(episode(delivery, version))
    await hub.crash(first)

    second = await hub.open(worker_id="w")
    loaded = await second.load("order-1")
    assert loaded.consumed == {delivery.key}
    # and it stays known while others are consumed, until it has come again
    successor = Desk()
    hub.serve(second, successor)
    await eventually(lambda: second.owns("order-1"))
    await second.send(raised("order-1", text="2"))
    other = await successor.message()
    assert other.key != delivery.key
    await second.commit(episode(other, loaded.version))
    assert {delivery.key, other.key} <= (await second.load("order-1")).consumed
    again = await successor.message(2)
    assert again.key == delivery.key
