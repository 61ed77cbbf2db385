"""When a server stops it waits for activities that workers run, and for no others."""

import asyncio
import itertools

import anyio

from durahub.dispatch.activities import Activities
from durahub.dispatch.clock import system_clock
from durahub.dispatch.gathering import Outstanding
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Streams
from durahub.dispatch.tokens import Tokens
from durahub.dispatch.work import StreamOptions
from durahub.engine.answers import ActivityResult
from durahub.engine.commit import Delivery
from durahub.model.history import Execution, TaskScheduled
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from tests.unit.engine.scenes import NOW


async def no_version(_: str) -> str:
    return ""


def activity() -> Delivery:
    event = TaskScheduled(event_id=1, timestamp=NOW, name="Greet")
    return Delivery("1", "", Message(event=event, target=Execution("order-7", "run")))


async def test_an_activity_without_a_worker_holds_nobody_up_at_a_stop() -> None:
    count = itertools.count()
    streams = Streams(lambda: None, lambda _: None)
    streams.add(
        StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
    )
    streams.paused = True  # as a server does that stops
    tokens: Tokens[ActivityResult] = Tokens(lambda: f"t{next(count)}")
    store = SchedulerStore(SchedulerFile(":memory:", clock=system_clock), "hub")
    activities = Activities(
        store, streams, tokens, system_clock, DispatchSettings(), no_version, Outstanding()
    )
    activities.take([activity()])
    await asyncio.sleep(0)

    with anyio.fail_after(50):
        await activities.close(60)

    assert activities.waiting().count == 0


async def test_an_activity_whose_worker_is_lost_at_a_stop_waits_for_no_other() -> None:
    count = itertools.count()
    streams = Streams(lambda: None, lambda _: None)
    streams.add(
        StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
    )
    tokens: Tokens[ActivityResult] = Tokens(lambda: f"t{next(count)}")
    store = SchedulerStore(SchedulerFile(":memory:", clock=system_clock), "hub")
    activities = Activities(
        store, streams, tokens, system_clock, DispatchSettings(), no_version, Outstanding()
    )
    activities.take([activity()])
    for _ in range(10):
        await asyncio.sleep(0)
    item = tokens.find("order-7")
    assert item is not None

    closing = asyncio.create_task(activities.close(60))
    await asyncio.sleep(0)
    streams.paused = True
    tokens.revoke(item, lost=True)

    with anyio.fail_after(50):
        await closing
