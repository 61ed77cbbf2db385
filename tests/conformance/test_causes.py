"""A server that dies in a turn that takes a result from memory and sends: what is sent has a durable cause.

Judged by who knows nothing of durahub: whatever is out follows from a result that stands in a row or a queue.
"""

import asyncio
import contextlib
import math
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hubs_under_test import ClassicHub, Crashed
from listening_desk import Desk
from shop_orders import activity, episode, raised, result, start

from durahub.classic.options import Level
from durahub.classic.store import ClassicStore
from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.model.history import (
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
)
from tests.conftest import Storage
from tests.sdk.bare_hub import BareHub

pytestmark = pytest.mark.azurite

Make = Callable[[Delivery, HistoryVersion], Commit]

STORED = [("table", "transaction")]  # in the history, with the rest to come
SECURED = [("queue", "put"), ("queue", "delete")]  # in the queue, and its activity is done with
SENT = [("queue", "put")]
RECORDED = [("table", "transaction"), ("table", "merge"), ("queue", "delete")]
FOLLOWING = 1  # the number of what a turn asks for


def an_activity(delivery: Delivery, version: HistoryVersion) -> Commit:
    following = activity(delivery.message.target, FOLLOWING)
    return episode(delivery, version, activities=(following,), more=[following.event], causes=2)


def an_event(delivery: Delivery, version: HistoryVersion) -> Commit:
    return episode(delivery, version, outbound=(raised("order-2"),), causes=2)


def a_new_generation(delivery: Delivery, version: HistoryVersion) -> Commit:
    again = start("order-1").event
    assert isinstance(again, ExecutionStarted)
    target = Execution("order-1", again.execution.execution_id)
    first = episode(
        Delivery(uuid.uuid4().hex, delivery.partition, start("order-1")),
        activities=(activity(target, FOLLOWING),),
    )
    events = (OrchestratorStarted(timestamp=again.timestamp), again, first.events[-1])
    return episode(
        delivery,
        version,
        execution_id=target.execution_id,
        replaces=True,
        events=events,
        activities=(activity(target, FOLLOWING),),
        instance=first.instance,
    )


TURNS: dict[str, tuple[Make, list[tuple[str, str]]]] = {
    "an activity": (an_activity, STORED),
    "an event": (an_event, STORED),
    "a new generation": (a_new_generation, SECURED),
}

turns = pytest.mark.parametrize("turn", TURNS)


@pytest.fixture
def make_hub(azurite: Storage, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""

    def make(suffix: str = "", level: Level = Level.DEFAULT) -> ClassicHub:
        return ClassicHub(f"{hub_name}{suffix}", azurite.connection_string, level)

    return make


async def take_in(hub: ClassicHub, make: Make, writes: float = math.inf) -> ClassicStore:
    """Take a result in, from memory, and send; so many *writes* reach storage at most."""
    store, desk = await hub.open(worker_id="w", partitions=1, result_grace=60.0), Desk()
    hub.serve(store, desk)
    await store.start(start("order-1"), None)
    first = await desk.message()
    asked = activity(first.message.target)
    version = await store.commit(episode(first, activities=(asked,), more=[asked.event]))
    work = await desk.activity()
    transport = hub.transport(store)
    transport.log.clear()
    await store.complete_activity(work, result(work))
    delivery = await desk.message(2)
    transport.writes_left = writes
    with contextlib.suppress(Crashed):
        await store.commit(make(delivery, version))
    return store


@turns
async def test_what_follows_from_a_result_in_memory_is_sent_when_that_is_stored(
    make_hub: Callable[..., ClassicHub], turn: str
) -> None:
    make, before = TURNS[turn]
    hub = make_hub()
    store = await take_in(hub, make)
    assert hub.transport(store).log == [*before, *SENT, *RECORDED]
    events = (await store.load("order-1")).events
    assert isinstance(events[-1], OrchestratorCompleted)
    await hub.close()


async def test_a_turn_that_sends_nothing_stores_its_result_with_the_checkpoint_alone(
    make_hub: Callable[..., ClassicHub],
) -> None:
    hub = make_hub()
    store = await take_in(hub, lambda delivery, version: episode(delivery, version, causes=2))
    assert hub.transport(store).log == RECORDED
    await hub.close()


async def test_a_result_without_a_message_of_its_own_gets_one_before_anything_is_sent(
    make_hub: Callable[..., ClassicHub],
) -> None:
    hub = make_hub(level=Level.EXCLUSIVE)
    store = await take_in(hub, an_event)
    assert hub.transport(store).log[:2] == [("queue", "put"), *SENT]
    await hub.close()


@turns
async def test_whoever_finds_what_was_sent_finds_what_it_follows_from(
    make_hub: Callable[..., ClassicHub], azurite: Storage, turn: str
) -> None:
    make, before = TURNS[turn]

    async def die(writes: int) -> tuple[bool, bool]:
        """Return whether something was sent, and whether the result stands somewhere."""
        hub = make_hub(f"x{writes}")
        await hub.crash(await take_in(hub, make, writes))
        await asyncio.sleep(hub.visibility + 1.0)  # no event tells that time is over
        found = await asyncio.to_thread(look, BareHub(azurite, hub.name))
        await hub.close()
        return any(map(is_sent, found)), any(one.get("Result") == '"paid"' for one in found)

    def look(bare: BareHub) -> list[dict[str, Any]]:
        rows = [r for r in bare.rows("History", "order-1") if r.get("EventType") == "TaskCompleted"]
        return [*rows, *(one for name in bare.queues() for one in bare.visible(name))]

    def is_sent(event: dict[str, Any]) -> bool:
        return event.get("Name") == "Approval" or event.get("EventId") == FOLLOWING

    outcomes = await asyncio.gather(*map(die, range(len(before) + len(SENT) + 1)))
    assert outcomes[-1] == (True, True)
    assert (True, False) not in outcomes
