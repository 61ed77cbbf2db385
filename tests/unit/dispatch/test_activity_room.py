"""A hub counts the activities that it was handed at once, before their tasks have begun."""

import asyncio
from dataclasses import replace

from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.work import StreamOptions
from durahub.engine.commit import Delivery
from durahub.model.history import Execution, TaskScheduled
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from tests.unit.engine.scenes import NOW

TASK = TaskScheduled(event_id=1, timestamp=NOW, name="Greet")
WORK = Delivery("1", "", Message(event=TASK, target=Execution("order-7", "run")))


async def test_what_was_handed_over_takes_room_from_the_first_moment_on() -> None:
    store = SchedulerStore(SchedulerFile(":memory:", clock=system_clock), "hub")
    hub = TaskHub(store, settings=DispatchSettings(drain=0))
    options = StreamOptions(worker_id="w", max_orchestrations=1, max_activities=5, max_entities=1)
    stream = hub.connect(options)
    assert hub.activity_room() == 5

    hub.on_activities([WORK, replace(WORK, key="2")])
    seen = [hub.activity_room()]
    for _ in range(10):
        await asyncio.sleep(0)
        seen.append(hub.activity_room())

    assert set(seen) == {3}
    for _ in range(2):
        await stream.next()
    await hub.on_partition_closing("")  # lets go of the activities
