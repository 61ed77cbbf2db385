"""A small app on the SDK's worker, in this process: every kind of event that a history of it can hold."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

from durabletask.entities import EntityContext, EntityInstanceId
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.task import ActivityContext, OrchestrationContext, Task
from durabletask.worker import TaskHubGrpcWorker
from google.protobuf.wrappers_pb2 import StringValue

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.place import EndpointAddress

RAN: list[str] = []
"""What activities have run, in this process."""


def order(ctx: OrchestrationContext, name: str) -> Iterator[Task[Any]]:
    """Pay, wait a moment, pack, and wait for the courier."""
    paid = yield ctx.call_activity("pay", input=name)
    ctx.set_custom_status(f"{name} is paid")
    yield ctx.create_timer(timedelta(milliseconds=10))
    packed = yield ctx.call_sub_orchestrator("pack", input=name, instance_id=f"{name}-pack")
    came = yield ctx.wait_for_external_event("Courier")
    return [paid, packed, came]


def pack(ctx: OrchestrationContext, name: str) -> str:
    return f"{name} packed"


def broken(ctx: OrchestrationContext, _: Any) -> Iterator[Task[Any]]:
    yield ctx.call_activity("break", input="a cup")


def counting(ctx: OrchestrationContext, entity: str) -> Iterator[Task[Any]]:
    counter = EntityInstanceId.parse(entity)
    ctx.signal_entity(counter, "add", 5)
    with (yield ctx.lock_entities([counter])):
        yield ctx.call_entity(counter, "add", 7)
    try:
        yield ctx.call_entity(counter, "fail")
    except Exception as error:
        return type(error).__name__
    return (yield ctx.call_entity(counter, "get"))


def pay(ctx: ActivityContext, name: str) -> str:
    RAN.append(f"pay {name}")
    return f"{name} paid"


def break_it(ctx: ActivityContext, what: str) -> None:
    raise RuntimeError(f"{what} is broken")


def counter(ctx: EntityContext, given: Any) -> Any:
    state = ctx.get_state(int, 0)
    match ctx.operation:
        case "add":
            ctx.set_state(state + given)
            return state + given
        case "get":
            return state
    raise ValueError("on purpose")


@contextlib.asynccontextmanager
async def shop(address: EndpointAddress) -> AsyncIterator[None]:
    """Run the app's worker for the body."""
    worker = TaskHubGrpcWorker(
        host_address=address.url.removeprefix("http://"),
        metadata=[("taskhub", address.hub)],
        logger=logging.getLogger("shop"),
    )
    for orchestrator in (order, pack, broken, counting):
        worker.add_orchestrator(orchestrator)
    worker.add_activity(pay)
    worker._registry.add_named_activity("break", break_it)
    worker.add_entity(counter)
    await asyncio.to_thread(worker.start)
    try:
        yield
    finally:
        await asyncio.to_thread(worker.stop)


def start(
    name: str, instance_id: str, data: str | None = None, **how: Any
) -> pb.CreateInstanceRequest:
    """Return the start of an instance, *data* as JSON."""
    wrapped = None if data is None else StringValue(value=data)
    return pb.CreateInstanceRequest(instanceId=instance_id, name=name, input=wrapped, **how)


async def until(client: EndpointClient, instance_id: str, *statuses: int) -> pb.OrchestrationState:
    """Return the instance when it is in one of the states."""
    while True:
        state = await client.get_instance(instance_id)
        if state is not None and state.orchestrationStatus in statuses:
            return state
        await asyncio.sleep(0.02)  # the protocol has no call that waits for any state


async def until_waiting(client: EndpointClient, instance_id: str, arm: str, count: int = 1) -> None:
    """Return when the history has so many events of a kind, and a turn was ended behind them."""
    while True:
        found = [event.WhichOneof("eventType") for event in await client.history(instance_id)]
        if found.count(arm) >= count:
            return
        await asyncio.sleep(0.02)
