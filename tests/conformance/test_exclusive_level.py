"""The level exclusive: activities without messages, and what becomes of them whatever happens."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from failing_orders import in_turn
from hubs_under_test import ClassicHub
from listening_desk import Desk, eventually
from scripted_worker import PATIENCE, scripted
from shop_orders import activity, episode, raised, result, start

from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions, Level
from durahub.classic.parts import assemble
from durahub.classic.settling import Settling
from durahub.classic.store import ClassicStore
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.engine.actions import Action, ScheduleTask
from durahub.engine.commit import HistoryVersion
from durahub.errors import HubInUse, Unavailable
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import Ticks
from durahub.model.ticks import later as add_seconds

pytestmark = pytest.mark.azurite

CITIES = ("Tokyo", "London", "Seattle", "Oslo", "Rome")
GREETED = "Completed: Hello Tokyo Hello London Hello Seattle Hello Oslo Hello Rome"
ACTIVITIES = {"Greet": lambda city: f"Hello {city}"}


@pytest.fixture
async def hub(azurite: Any, hub_name: str) -> AsyncIterator[ClassicHub]:
    made = ClassicHub(hub_name, azurite.connection_string)
    yield made
    await made.close()


def five_cities(events: Sequence[Event]) -> Sequence[Action]:
    """Greet one city after the other."""
    greetings = (ScheduleTask(id=n, name="Greet", input=city) for n, city in enumerate(CITIES))
    return in_turn(events, *greetings)


async def quiet(store: ClassicStore) -> None:
    """Wait until nothing is in the hub's queues."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while sum((await store.info()).queues.values()):
        assert asyncio.get_running_loop().time() < deadline, (await store.info()).queues
        await asyncio.sleep(0.1)


async def test_five_activities_one_after_the_other_cost_eleven_requests(hub: ClassicHub) -> None:
    store = await hub.open(level=Level.EXCLUSIVE, visibility=60.0, row_refresh=10.0, partitions=1)
    log = hub.transport(store).log
    async with scripted(store) as server:
        server.work({"Order": five_cities}, ACTIVITIES)
        await server.start(StartRequest(name="Order", instance_id="warm-up"))
        assert await server.ended("warm-up") == GREETED
        await quiet(store)
        log.clear()

        await server.start(StartRequest(name="Order", instance_id="order-1"))
        assert await server.ended("order-1") == GREETED
        await quiet(store)

        assert Counter(log) == {
            ("table", "insert"): 1,
            ("queue", "put"): 1,
            ("table", "transaction"): 6,
            ("table", "merge"): 2,
            ("queue", "delete"): 1,
        }


# -- crashes -------------------------------------------------------------------------------------

WRITES = range(2, 12)  # of an order, see above; those before are the client's


async def crash_and_go_on(hub: ClassicHub, writes: int, successor: Level, *, settled: bool) -> None:
    """Kill the server of an order after so many *writes*, and let another one end it."""
    first = await hub.open(level=Level.EXCLUSIVE, worker_id="w", partitions=1)
    try:
        async with scripted(first) as server:
            server.work({"Order": five_cities}, ACTIVITIES)
            await eventually(lambda: first.owns("order-1"))
            hub.transport(first).writes_left = writes
            with contextlib.suppress(Exception):  # the client's, too
                await server.start(StartRequest(name="Order", instance_id="order-1"))
            await eventually(lambda: hub.transport(first).writes_left <= 0)
            hub.transport(first).writes_left = -1
    finally:
        await first.close()
    await hub.expire_leases()
    if settled:
        await settle(hub)
    second = await hub.open(level=successor, worker_id="w")
    async with scripted(second) as server:
        server.work({"Order": five_cities}, ACTIVITIES)
        assert await server.ended("order-1") == GREETED
        await quiet(second)
    history = [event async for event in second.history("order-1")]
    asked = Counter(event.event_id for event in history if isinstance(event, TaskScheduled))
    answered = Counter(
        event.task_scheduled_id for event in history if isinstance(event, TaskCompleted)
    )
    assert asked == answered == Counter(range(len(CITIES)))
    assert await unsettled(hub) == []
    await hub.close()


async def settle(hub: ClassicHub) -> None:
    """Settle a hub whose server has died, when its leases have run out."""
    deadline = asyncio.get_running_loop().time() + 90
    while True:
        try:
            _ = [one async for one in Settling(hub.name, hub.account(), later).run()]
            return
        except HubInUse:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.5)


def later() -> Ticks:
    """Return the time at which the leases of now are old."""
    return add_seconds(system_clock(), 120)


async def unsettled(hub: ClassicHub) -> list[str]:
    account = hub.account()
    parts = assemble(HubNames(hub.name), account, ClassicOptions(), system_clock, Random())
    return [one async for page in parts.histories.unposted_pages() for one in page]


@pytest.mark.parametrize(
    "successor", [Level.EXCLUSIVE, pytest.param(Level.DEFAULT, marks=pytest.mark.slow)]
)
async def test_a_server_may_die_after_any_write_and_another_of_either_level_goes_on(
    azurite: Any, hub_name: str, successor: Level
) -> None:
    hubs = {n: ClassicHub(f"{hub_name}x{n}", azurite.connection_string) for n in WRITES}
    await asyncio.gather(
        *(crash_and_go_on(one, n, successor, settled=False) for n, one in hubs.items())
    )


@pytest.mark.slow
async def test_a_hub_that_is_settled_after_a_crash_at_any_write_needs_no_durahub(
    azurite: Any, hub_name: str
) -> None:
    hubs = {n: ClassicHub(f"{hub_name}x{n}", azurite.connection_string) for n in WRITES}
    await asyncio.gather(
        *(crash_and_go_on(one, n, Level.DEFAULT, settled=True) for n, one in hubs.items())
    )


# -- a store by itself ---------------------------------------------------------------------------


def paying(*numbers: int, target: Execution) -> dict[str, Any]:
    """Return what a commit has that schedules these activities."""
    messages = tuple(activity(target, number, f'"{number}"') for number in numbers)
    events = [replace(one.event, input=None) for one in messages]  # type: ignore[arg-type]
    return {"activities": messages, "more": events}


async def an_order(
    store: ClassicStore, desk: Desk, *numbers: int, instance_id: str = "order-1"
) -> HistoryVersion:
    """Run the first episode of an order, which schedules these activities."""
    begun = len(desk.messages)
    await store.start(start(instance_id), None)
    delivery = await desk.message(begun + 1)
    return await store.commit(episode(delivery, **paying(*numbers, target=delivery.message.target)))


async def depths(store: ClassicStore) -> tuple[int, int]:
    """Return how many messages there are for activities, and for instances."""
    queues = (await store.info()).queues
    work = queues.pop(HubNames(store.hub).workitem_queue)
    return work, sum(queues.values())


async def exclusive(hub: ClassicHub, desk: Desk, **options: Any) -> ClassicStore:
    """Open a store that serves one partition at this level."""
    store = await hub.open(level=Level.EXCLUSIVE, partitions=1, **options)
    hub.serve(store, desk)
    await eventually(lambda: store.owns("order-1"))
    return store


async def test_an_activity_is_handed_over_without_a_message_behind_its_checkpoint(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0, 1)

    given = [one.message.event for one in desk.activities]

    assert [event.event_id for event in given] == [0, 1]
    assert [getattr(event, "input", None) for event in given] == ['"0"', '"1"']
    assert await depths(store) == (0, 1)  # the start, which is kept
    assert await unsettled(hub) == ["order-1"]


async def test_a_server_that_stops_in_order_leaves_every_activity_with_its_message(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0, 1)

    await hub.stop(store)

    assert await unsettled(hub) == []
    assert await depths(store) == (2, 0)
    second, successor = await hub.open(), Desk()
    hub.serve(second, successor)
    await successor.activity(2)
    assert {one.message.event for one in successor.activities} == {
        one.message.event for one in desk.activities
    }


async def test_a_result_that_is_not_recorded_when_a_server_stops_waits_in_its_queue(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0)
    work = await desk.activity()
    await store.complete_activity(work, result(work))
    await desk.message(2)

    await hub.stop(store)

    assert await unsettled(hub) == []
    assert await depths(store) == (0, 1)
    second, successor = await hub.open(), Desk()
    hub.serve(second, successor)
    assert isinstance((await successor.message()).message.event, TaskCompleted)


async def test_an_activity_that_nobody_takes_gets_a_message_and_no_anchor_is_left(
    hub: ClassicHub,
) -> None:
    desk = Desk(activities=1)
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0)

    await store.release([await desk.activity()], 0)

    assert await depths(store) == (1, 0)
    assert await unsettled(hub) == []


async def test_the_history_can_be_written_on_though_the_column_was_changed_alone(
    hub: ClassicHub,
) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk, 0, 1)
    first, other = await desk.activity(), await desk.activity(2)
    await store.release([first], 0)
    await store.complete_activity(other, result(other))

    delivery = await desk.message(2)
    await store.commit(episode(delivery, version))

    assert await unsettled(hub) == []
    assert (await depths(store))[1] == 0


async def test_activities_go_on_when_their_orchestration_has_ended(hub: ClassicHub) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk, 0)
    work = await desk.activity()
    await store.send(raised("order-1"))

    end = episode(
        await desk.message(2),
        version,
        status=Status.Completed,
        **paying(1, target=work.message.target),
    )
    await store.commit(end)

    assert await unsettled(hub) == []
    assert await depths(store) == (2, 0)  # one that runs, and one that was scheduled with the end
    await store.complete_activity(work, result(work))
    await store.discard([await desk.message(3)])
    assert (await depths(store))[1] == 0


async def test_an_event_is_no_anchor_for_it_would_be_raised_twice(hub: ClassicHub) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk)
    await store.send(raised("order-1"))
    delivery = await desk.message(2)
    target = Execution("order-1", version.execution_id)

    await store.commit(episode(delivery, version, **paying(0, target=target)))

    await desk.activity()
    assert await unsettled(hub) == []
    assert await depths(store) == (1, 0)


async def test_without_room_activities_get_messages_as_at_the_default_level(
    hub: ClassicHub,
) -> None:
    desk = Desk(activities=0)
    store = await exclusive(hub, desk)
    await an_order(store, desk, 0, 1)

    assert await depths(store) == (2, 0)
    assert await unsettled(hub) == []


async def test_a_checkpoint_of_unknown_outcome_is_looked_up(hub: ClassicHub) -> None:
    desk = Desk()
    store = await exclusive(hub, desk)
    version = await an_order(store, desk, 0)
    work = await desk.activity()
    await store.complete_activity(work, result(work))
    delivery = await desk.message(2)
    transport = hub.transport(store)
    transport.loses = transport.refuses = lambda url: "batch" in url or "sentinel" in url
    transport.refuses = lambda url: "sentinel" in url
    more = paying(1, target=work.message.target)
    with pytest.raises(Unavailable):
        await store.commit(episode(delivery, version, **more))
    transport.loses = transport.refuses = lambda _: False

    await store.release([delivery], 0)
    again = await desk.message(3)
    await store.load("order-1")
    while not isinstance(again.message.event, ExecutionStarted):
        await store.discard([again])
        again = await desk.message(len(desk.messages) + 1)
    await store.discard([again])

    assert [one.message.event.event_id for one in desk.activities] == [0, 1]


async def test_servers_of_both_levels_share_a_hub(hub: ClassicHub) -> None:
    one = await hub.open(level=Level.EXCLUSIVE, partitions=2)
    two = await hub.open(level=Level.DEFAULT)
    async with scripted(one) as first, scripted(two) as second:
        first.work({"Order": five_cities}, ACTIVITIES)
        second.work({"Order": five_cities}, ACTIVITIES)
        names = [f"order-{n}" for n in range(12)]
        for name in names:
            await first.start(StartRequest(name="Order", instance_id=name))
        assert [await second.ended(name) for name in names] == [GREETED] * len(names)
        await quiet(one)
    assert await unsettled(hub) == []
