"""A commit that dies between any two of its writes: nothing is lost, and no event is applied twice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hubs_under_test import ClassicHub, Crashed
from listening_desk import Desk, eventually
from shop_orders import activity, episode, raised, start

from durahub.engine.commit import HistoryVersion
from durahub.model.history import EventRaised, Status
from durahub.store import HubStore

pytestmark = pytest.mark.azurite


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


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


PATIENCE = 60.0  # seconds
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


async def test_a_commit_that_dies_after_any_of_its_writes_happens_all_the_same(
    make_hub: Callable[..., ClassicHub],
) -> None:
    steps = range(len(THE_COMMITS_WRITES) + 1)
    await asyncio.gather(*(die_and_go_on(make_hub(f"x{n}"), n) for n in steps))


async def die_and_go_on(hub: ClassicHub, writes: int) -> None:
    """Let a server die after so many *writes* of a commit, and another one go on."""
    first = await hub.open(worker_id="w", lease=60.0)  # many at once are slow to renew theirs
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

    second = await hub.open(worker_id="w", lease=60.0)
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

    deadline = asyncio.get_running_loop().time() + PATIENCE
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
