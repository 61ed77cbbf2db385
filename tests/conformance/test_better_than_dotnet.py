"""What DTFx would do too early, twice, or after all: hubs as it leaves them, and messages put twice."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from failing_orders import completed
from hubs_under_test import ClassicHub
from scripted_worker import PATIENCE, ScriptedHub, scripted
from shop_orders import in_seconds, raised

from durahub.classic.dialect import DTFX_2_9
from durahub.classic.envelope import Envelope, encode
from durahub.classic.store import ClassicStore
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.work import Filters
from durahub.engine.actions import Action, ScheduleTask
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.message import Message

pytestmark = pytest.mark.azurite

ID = "order-1"
DAY = 86_400.0  # seconds
ORDERS = Filters(orchestrations={"Order": frozenset()}, activities={}, entities={})


@pytest.fixture
def make_hub(azurite: Any, hub_name: str) -> Callable[..., ClassicHub]:
    """Only hubs of the classic store."""
    return lambda suffix="": ClassicHub(f"{hub_name}{suffix}", azurite.connection_string)


@asynccontextmanager
async def served(hub: ClassicHub, script: Any) -> AsyncIterator[tuple[ScriptedHub, ClassicStore]]:
    """Serve the hub for the body, with a worker that runs *script* for orders, and no activities."""
    store = await hub.open(partitions=1, max_poll=0.2)
    async with scripted(store) as shop:
        shop.work({"Order": script}, filters=ORDERS)
        yield shop, store


def counts_approvals(events: Sequence[Event]) -> list[Action]:
    """End with the number of approvals as soon as the event ``Enough`` has come."""
    names = [event.name for event in events if isinstance(event, EventRaised)]
    return [completed(str(names.count("Approval")))] if "Enough" in names else []


def pays(events: Sequence[Event]) -> list[Action]:
    """Schedule an activity that nobody runs, and end when an event comes."""
    if any(isinstance(event, EventRaised) for event in events):
        return [completed("enough")]
    is_scheduled = any(isinstance(event, TaskScheduled) for event in events)
    return [] if is_scheduled else [ScheduleTask(id=0, name="Pay")]


def text_of(message: Message) -> str:
    """Return a message as another program writes it; each call makes another one of it."""
    envelope = Envelope(message=message, activity_id=str(uuid.uuid4()), sequence_number=1)
    return encode(envelope, DTFX_2_9)


async def kinds(store: ClassicStore) -> list[type[Event]]:
    return [type(event) async for event in store.history(ID)]


async def stored(store: ClassicStore, kind: type[Event]) -> None:
    """Return when the history holds such an event."""
    for _ in range(int(PATIENCE / 0.05)):
        if kind in await kinds(store):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"no {kind.__name__} was stored")


async def test_an_event_that_was_put_twice_is_raised_once(hub: ClassicHub) -> None:
    async with served(hub, counts_approvals) as (shop, store):
        await shop.start(StartRequest(name="Order", instance_id=ID))
        approval = text_of(raised(ID))
        await hub.put_raw(approval)
        await hub.put_raw(approval)
        await stored(store, EventRaised)
        await hub.put_raw(approval)  # and once more, when the first is gone
        await hub.put_raw(text_of(raised(ID, text="another")))
        await hub.put_raw(text_of(raised(ID, name="Enough")))

        assert await shop.ended(ID) == "Completed: 2"


async def test_an_event_that_another_worker_took_before_it_ended_is_raised_once(
    hub: ClassicHub,
) -> None:
    approval = text_of(raised(ID))
    async with served(hub, counts_approvals) as (shop, store):
        await shop.start(StartRequest(name="Order", instance_id=ID))
        await hub.put_raw(approval)
        await stored(store, EventRaised)

    async with served(hub, counts_approvals) as (shop, store):
        await hub.put_raw(approval)  # its deletion was not reached
        await hub.put_raw(text_of(raised(ID, name="Enough")))

        assert await shop.ended(ID) == "Completed: 1"


async def test_events_that_are_alike_but_were_sent_apart_are_all_raised(hub: ClassicHub) -> None:
    approval = raised(ID)  # a clock that stands still gives them all one time
    async with served(hub, counts_approvals) as (shop, _):
        await shop.start(StartRequest(name="Order", instance_id=ID))
        for _ in range(3):
            await hub.put_raw(text_of(approval))
        await hub.put_raw(text_of(raised(ID, name="Enough")))

        assert await shop.ended(ID) == "Completed: 3"


async def test_the_result_of_an_activity_that_arrives_twice_is_stored_once(
    hub: ClassicHub,
) -> None:
    async with served(hub, pays) as (shop, store):
        await shop.start(StartRequest(name="Order", instance_id=ID))
        await stored(store, TaskScheduled)
        order = await store.get(ID)
        assert order is not None
        [action] = [e.event_id async for e in store.history(ID) if isinstance(e, TaskScheduled)]
        result = TaskCompleted(timestamp=system_clock(), task_scheduled_id=action, result="1")
        target = Execution(ID, order.execution_id)
        for _ in range(2):  # two workers have run it
            await hub.put_raw(text_of(Message(event=result, target=target, sender=target)))
        await stored(store, TaskCompleted)
        await hub.put_raw(text_of(Message(event=result, target=target, sender=target)))
        await hub.put_raw(text_of(raised(ID)))

        assert await shop.ended(ID) == "Completed: enough"
        assert (await kinds(store)).count(TaskCompleted) == 1


async def test_a_start_that_was_terminated_before_its_time_never_runs(hub: ClassicHub) -> None:
    due = in_seconds(1.5)
    async with served(hub, lambda _: [completed("it ran")]) as (shop, store):
        await shop.start(StartRequest(name="Order", instance_id=ID, scheduled_start=due))
        await shop.terminate(ID, "too early", recursive=False)
        assert await shop.ended(ID) == "Terminated: too early"
        await shop.start(
            StartRequest(name="Order", instance_id="later", scheduled_start=in_seconds(2.5))
        )
        assert await shop.ended("later") == "Completed: it ran"

        order = await store.get(ID)
        assert order is not None
        assert (order.status, order.output) == (Status.Terminated, "too early")
        assert sum((await store.info()).queues.values()) == 0


async def test_a_start_in_ten_days_waits_in_its_queue(hub: ClassicHub) -> None:
    """The service hides nothing for more than seven days."""
    async with served(hub, counts_approvals) as (shop, store):
        due = in_seconds(10 * DAY)
        await shop.start(StartRequest(name="Order", instance_id=ID, scheduled_start=due))

        order = await store.get(ID)
        assert order is not None
        assert (order.status, order.scheduled_start) == (Status.Pending, due)
        assert sum((await store.info()).queues.values()) == 1
        assert shop.turns == []
