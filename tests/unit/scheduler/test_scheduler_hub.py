"""A whole hub in memory or in a file: the dispatcher, this store, and a worker in the same process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scheduler_hubs import PATIENCE

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.work import ActivityWork, OrchestratorWork, StreamOptions
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    TurnResult,
)
from durahub.model.history import (
    Event,
    EventRaised,
    Status,
    SubOrchestrationInstanceCompleted,
    TaskCompleted,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.ticks import later
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import HubStore


def order(past: tuple[Event, ...], new: tuple[Event, ...]) -> list[Action]:
    """Charge the card three times, wait for a moment, for a child, and for an approval."""
    events = (*past, *new)
    paid = sum(isinstance(event, TaskCompleted) for event in events)
    if not past:
        return [ScheduleTask(id=number, name="Charge", input=str(number)) for number in range(3)]
    if any(isinstance(event, TaskCompleted) for event in new):
        soon = later(system_clock(), 0.02)
        return [CreateTimer(id=3, fire_at=soon)] if paid == 3 else []
    if any(isinstance(event, TimerFired) for event in new):
        return [CreateSubOrchestration(id=4, name="Pack", instance_id="")]
    child = any(isinstance(event, SubOrchestrationInstanceCompleted) for event in events)
    approved = [event.input for event in events if isinstance(event, EventRaised)]
    if child and approved:
        return [Complete(id=5, status=Status.Completed, result=approved[0])]
    return []


async def work(hub: TaskHub) -> None:
    """Be a worker."""
    stream = hub.connect(
        StreamOptions(worker_id="w", max_orchestrations=9, max_activities=2, max_entities=1)
    )
    while True:
        item = await stream.next()
        if isinstance(item, ActivityWork):
            await hub.complete_activity(
                item.token, item.instance_id, item.task.event_id, result='"paid"', failure=None
            )
        elif isinstance(item, OrchestratorWork):
            if item.started.name == "Order":
                actions = order(item.past, item.new)
            else:
                actions = [Complete(id=0, status=Status.Completed, result='"packed"')]
            answer = TurnResult(actions=tuple(actions), custom_status=None)
            await hub.complete_orchestration(item.token, item.instance_id, answer)


@asynccontextmanager
async def running(place: object) -> AsyncIterator[tuple[TaskHub, HubStore]]:
    """Run a hub and its worker for the body."""
    file = SchedulerFile(str(place), clock=system_clock)
    store = SchedulerStore(file, "Shop")
    hub = TaskHub(store)
    await hub.open(create=True)
    tasks = [asyncio.create_task(hub.run()), asyncio.create_task(work(hub))]
    try:
        yield hub, store
    finally:
        for task in reversed(tasks):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await file.close()


async def ended(hub: TaskHub, instance_id: str) -> Instance:
    waiting = hub.wait_for_completion(instance_id, payloads=True)
    return await asyncio.wait_for(waiting, PATIENCE)


async def test_an_orchestration_runs_in_memory() -> None:
    async with running(":memory:") as (hub, store):
        await hub.start(StartRequest(name="Order", instance_id="order-1"))
        await hub.raise_event("order-1", "Approval", '"yes"')
        instance = await ended(hub, "order-1")
        assert (instance.status, instance.output) == (Status.Completed, '"yes"')
        assert sum((await store.info()).queues.values()) == 0


async def test_many_orchestrations_run_side_by_side(tmp_path: Path) -> None:
    async with running(tmp_path / "hub.db") as (hub, _):
        ids = [f"order-{number}" for number in range(25)]
        for instance_id in ids:
            await hub.start(StartRequest(name="Order", instance_id=instance_id))
            await hub.raise_event(instance_id, "Approval", f'"{instance_id}"')
        found = await asyncio.gather(*(ended(hub, instance_id) for instance_id in ids))
        assert [one.output for one in found] == [f'"{one}"' for one in ids]


async def test_an_orchestration_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path / "hub.db") as (hub, _):
        await hub.start(StartRequest(name="Order", instance_id="order-1"))
        await asyncio.wait_for(hub.wait_for_start("order-1", payloads=False), PATIENCE)
    async with running(tmp_path / "hub.db") as (hub, _):
        await hub.raise_event("order-1", "Approval", '"yes"')
        assert (await ended(hub, "order-1")).output == '"yes"'
