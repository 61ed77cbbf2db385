"""The HTTP APIs over real hubs in memory, with a worker in the same process."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
from prometheus_client import CollectorRegistry

from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.streams import StreamClosed
from durahub.dispatch.work import ActivityWork, EntityWork, OrchestratorWork, StreamOptions
from durahub.edge.http import application
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    TurnResult,
)
from durahub.engine.entities.work import EntityResult, OperationResult
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    Status,
    SubOrchestrationInstanceCompleted,
    TaskCompleted,
    TaskFailed,
    TimerCreated,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.storage import SqliteStorage

HOST = "http://shop.example:8082"
FUNCTIONS = "/runtime/webhooks/durabletask"
SCHEDULER = "/v1/taskhubs"
PATIENCE = 60.0  # seconds until a test gives up
NO_STOCK = Failure(error_type="ValueError", message="no stock", stack_trace="line 1")


@dataclass
class Shop:
    """A server with the hubs Shop and Depot; only Shop has a worker."""

    directory: Directory
    hub: TaskHub
    client: httpx.AsyncClient
    operations: list[tuple[str, str, str | None]] = field(default_factory=list)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, **more)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.post(path, **more)

    async def delete(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.client.request("DELETE", path, json=body, **more)

    async def start(self, name: str, instance_id: str, given: Any = None, **more: Any) -> str:
        text = None if given is None else json.dumps(given)
        return await self.hub.start(
            StartRequest(name=name, instance_id=instance_id, input=text, **more)
        )

    async def ended(self, name: str, instance_id: str, given: Any = None, **more: Any) -> Instance:
        """Start an instance and return it when it has ended."""
        await self.start(name, instance_id, given, **more)
        with anyio.fail_after(PATIENCE):
            return await self.hub.wait_for_completion(instance_id, payloads=True)

    async def begun(self, name: str, instance_id: str, given: Any = None, **more: Any) -> Instance:
        """Start an instance and return it when it has begun."""
        await self.start(name, instance_id, given, **more)
        with anyio.fail_after(PATIENCE):
            return await self.hub.wait_for_start(instance_id, payloads=True)

    async def until(self, instance_id: str, status: Status) -> Instance:
        """Return an instance once it is in *status*."""
        with anyio.fail_after(PATIENCE):
            while True:
                found = await self.hub.get(instance_id)
                if found is not None and found.status is status:
                    return found
                await anyio.sleep(0.01)

    async def entity(self, entity_id: str, state: str | None) -> None:
        """Give an entity a state, or take it away, and return when it is stored."""
        await self.hub.signal_entity(entity_id, "become" if state else "delete", state)
        await self.operated(entity_id, "become" if state else "delete")
        with anyio.fail_after(PATIENCE):
            while True:
                found = await self.hub.get_entity(entity_id, with_state=True)
                if (found.state if found else None) == state:
                    return
                await anyio.sleep(0.01)

    async def operated(self, entity_id: str, name: str) -> str | None:
        """Return the input of an operation once the worker has been given it."""
        found: list[str | None] = []
        with anyio.fail_after(PATIENCE):
            while not found:
                await anyio.sleep(0.01)
                found = [i for one, op, i in self.operations if (one, op) == (entity_id, name)]
        return found[-1]


def turn(work: OrchestratorWork) -> list[Action]:
    """Order: charge, then end. Wait: wait for an approval. Parent: start an order. Nap: set a timer."""
    past, new = work.past, work.new
    match work.started.name:
        case "Order" if not past:
            return [ScheduleTask(id=0, name="Charge", input=work.started.input)]
        case "Order":
            paid = [e.result for e in new if isinstance(e, TaskCompleted)]
            if any(isinstance(e, TaskFailed) for e in new):
                return [Complete(id=1, status=Status.Failed, failure=NO_STOCK)]
            return [Complete(id=1, status=Status.Completed, result=paid[0])] if paid else []
        case "Wait":
            raised = [e.input for e in (*past, *new) if isinstance(e, EventRaised)]
            return [Complete(id=0, status=Status.Completed, result=raised[0])] if raised else []
        case "Parent" if not past:
            return [CreateSubOrchestration(id=0, name="Order", instance_id="child", input="[1]")]
        case "Parent":
            done = [e.result for e in new if isinstance(e, SubOrchestrationInstanceCompleted)]
            return [Complete(id=1, status=Status.Completed, result=done[0])] if done else []
        case "Nap" if not any(isinstance(e, TimerCreated) for e in past):
            return [CreateTimer(id=0, fire_at=work.started.timestamp)]
        case "Nap":
            fired = any(isinstance(e, TimerFired) for e in new)
            return [Complete(id=1, status=Status.Completed, result="null")] if fired else []
        case "Fail":
            return [Complete(id=0, status=Status.Failed, failure=NO_STOCK)]
    return []


def batch(work: EntityWork) -> EntityResult:
    """Entities become what they are told, forget themselves on ``delete``, and ignore the rest."""
    state = work.state
    for one in work.operations:
        match one.name:
            case "become":
                state = one.input
            case "delete":
                state = None
    return EntityResult(results=tuple(OperationResult() for _ in work.operations), state=state)


async def be_a_worker(shop: Shop) -> None:
    options = StreamOptions(
        worker_id="till-1", max_orchestrations=9, max_activities=2, max_entities=3
    )
    stream = shop.hub.connect(options)
    while True:
        work = await stream.next()
        match work:
            case ActivityWork():
                failure = NO_STOCK if work.task.input == '"broke"' else None
                number = work.task.event_id
                await shop.hub.complete_activity(
                    work.token, work.instance_id, number, result='"paid"', failure=failure
                )
            case EntityWork():
                answer = batch(work)
                await shop.hub.complete_entity(work.token, work.instance_id, answer)
                shop.operations += [(work.instance_id, o.name, o.input) for o in work.operations]
            case OrchestratorWork():
                status = '{"step":1}' if work.started.name == "Wait" else None
                result = TurnResult(actions=tuple(turn(work)), custom_status=status)
                await shop.hub.complete_orchestration(work.token, work.instance_id, result)


@asynccontextmanager
async def open_shop(*, keys: frozenset[str] = frozenset()) -> AsyncIterator[Shop]:
    """Serve the shop for the body."""
    async with SqliteStorage(":memory:") as storage:
        directory = Directory(storage, Settings(hubs=("Shop", "Depot")))
        await directory.start()
        app = application(CollectorRegistry(), directory=directory, keys=keys)
        transport = httpx.ASGITransport(app)
        try:
            async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
                shop = Shop(directory, await directory.find("Shop"), client)
                worker = asyncio.create_task(be_a_worker(shop))
                try:
                    yield shop
                finally:
                    # First, for a worker has to give back what it has.
                    await directory.stop_serving()
                    worker.cancel()
                    with contextlib.suppress(asyncio.CancelledError, StreamClosed):
                        await worker
        finally:
            await directory.close()
