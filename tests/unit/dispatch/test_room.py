"""How much a hub takes into its memory: by count, by bytes, and for one instance no more than a share."""

import asyncio
from dataclasses import replace

import pytest

from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.work import StreamOptions
from durahub.engine.commit import Delivery
from durahub.model.history import EventRaised, Execution, TaskScheduled
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.message_rows import PARTITION
from tests.unit.engine.scenes import NOW

KIB = 1024


def _hub(**settings: int) -> TaskHub:
    store = SchedulerStore(SchedulerFile(":memory:", clock=system_clock), "hub")
    return TaskHub(store, settings=DispatchSettings(drain=0, **settings))  # type: ignore[arg-type]


def _event(number: int, instance: str, size: int = 0) -> Delivery:
    event = EventRaised(timestamp=NOW, name="e", input="x" * size)
    message = Message(event=event, target=Execution(instance, None))
    return Delivery(str(number), PARTITION, message)


async def _let_go(hub: TaskHub) -> None:
    await hub.on_partition_closing(PARTITION)
    await hub.on_partition_closing("")


async def test_messages_are_taken_until_they_fill_the_memory_for_them() -> None:
    hub = _hub(message_bytes=100 * KIB)
    hub.on_messages([_event(n, f"order-{n}", 10 * KIB) for n in range(9)])
    assert hub.message_room() > 0

    hub.on_messages([_event(9, "order-9", 10 * KIB)])
    assert hub.message_room() == 0

    await _let_go(hub)
    assert hub.message_room() > 0


async def test_one_instance_with_a_great_many_messages_leaves_room_for_the_others() -> None:
    hub = _hub(message_buffer=80)
    for first in range(0, 400, 40):
        hub.on_messages([_event(n, "order-7") for n in range(first, first + 40)])

    assert hub.messages_in_memory == 400
    assert hub.message_room() == 70  # a share of 80 counts

    await _let_go(hub)


async def test_even_of_one_instance_not_everything_is_taken() -> None:
    hub = _hub(message_buffer=80)
    taken = 0
    while (room := hub.message_room()) > 0 and taken < 10_000:
        hub.on_messages([_event(taken + n, "order-7") for n in range(room)])
        taken += room

    assert 80 < taken <= 10 * 80

    await _let_go(hub)


async def test_activities_are_taken_until_they_fill_the_memory_for_them() -> None:
    hub = _hub(message_bytes=100 * KIB)
    options = StreamOptions(worker_id="w", max_orchestrations=1, max_activities=50, max_entities=1)
    hub.connect(options)
    task = TaskScheduled(event_id=1, timestamp=NOW, name="Greet", input="x" * 60 * KIB)
    work = Delivery("1", "", Message(event=task, target=Execution("order-7", "run")))
    hub.on_activities([work])
    assert hub.activity_room() == 49

    hub.on_activities([replace(work, key="2")])
    assert hub.activity_room() == 0

    await _let_go(hub)
    assert hub.activity_room() > 0


@pytest.mark.parametrize("size", [0, 10 * KIB])
async def test_what_is_counted_is_what_is_held(size: int) -> None:
    hub = _hub()
    hub.on_messages([_event(n, f"order-{n % 5}", size) for n in range(20)])

    assert 20 * size <= hub._orchestrations.room.held_bytes <= 20 * (size + KIB)
    await _let_go(hub)
    assert hub._orchestrations.room.held_bytes == 0
    await asyncio.sleep(0)
