"""A shop's hub on each kind of store, a worker in this process that serves it, and the hub's actor."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from durahub.accounts import Access
from durahub.address import parse_hub
from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import new_id, system_clock
from durahub.edge.server import start_server
from durahub.engine.actions import Action, CreateSubOrchestration, ScheduleTask
from durahub.model.history import Event
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import HubStore
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.endpoint_actor import EndpointActor
from durahub_migrate.acting.opening import open_actor
from durahub_migrate.acting.store_actor import StoreActor
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.monitor.actions import Command, Verb
from durahub_migrate.moving.place import EndpointAddress
from tests.checklist.served_hubs import OneHub
from tests.conformance.failing_orders import in_turn, order
from tests.conformance.scripted_worker import ScriptedHub, scripted

KEY = "shop@test"


def parent(events: Sequence[Event]) -> list[Action]:
    """Have an order made by a child, whose ID is known."""
    return in_turn(events, CreateSubOrchestration(id=0, name="Order", instance_id="child"))


def guardian(events: Sequence[Event]) -> list[Action]:
    """Have somebody wait in a child."""
    return in_turn(events, CreateSubOrchestration(id=0, name="Patient", instance_id="waiting"))


def patient(events: Sequence[Event]) -> list[Action]:
    """Wait for an event for ever."""
    return []


def large(events: Sequence[Event]) -> list[Action]:
    """Have a payload made that no row can hold."""
    return in_turn(events, ScheduleTask(id=0, name="Large"))


SCRIPTS = {
    "Order": order,
    "Parent": parent,
    "Patient": patient,
    "Guardian": guardian,
    "Large": large,
}


def reserve(_: str | None) -> str:
    return '"reserved"'


def pay(given: str | None) -> str:
    return '"paid"'


def decline(_: str | None) -> str:
    raise RuntimeError("no money")


def make_large(_: str | None) -> str:
    return '"' + "x" * 70_000 + '"'


ACTIVITIES = {"Reserve": reserve, "Pay": pay, "Large": make_large}
BROKE = {"Reserve": reserve, "Pay": decline, "Large": make_large}


@dataclass
class Shop:
    """A hub at work, and who acts on it."""

    kind: str
    hub: ScriptedHub
    actor: JobActor
    requests: Callable[[], int]
    name: str
    connection_string: str = ""

    async def run(self, name: str, instance_id: str, **how: Any) -> str:
        """Start an orchestration and wait until it has ended; return how."""
        await self.hub.start(StartRequest(name=name, instance_id=instance_id, **how))
        return await self.hub.ended(instance_id)

    async def wait(self, name: str, instance_id: str) -> None:
        """Start an orchestration and wait until it runs."""
        await self.hub.start(StartRequest(name=name, instance_id=instance_id))
        await asyncio.wait_for(self.hub.wait_for_start(instance_id, payloads=False), 60)

    async def is_(self, instance_id: str, status: str) -> None:
        """Wait until an instance has that status."""
        for _ in range(3000):
            found = await self.hub.get(instance_id, payloads=False)
            if found is not None and found.status.name == status:
                return
            await asyncio.sleep(0.02)  # nobody tells when a row changes
        raise AssertionError(f"{instance_id} is {found and found.status.name}, not {status}")


def command(
    verb: Verb, target: str = "", reason: str | None = None, **arguments: object
) -> Command:
    return Command(verb=verb, hub=KEY, target=target, arguments=arguments, reason=reason)


@contextlib.asynccontextmanager
async def memory_store(name: str, place: str = ":memory:") -> AsyncIterator[SchedulerStore]:
    file = SchedulerFile(place, clock=system_clock)
    store = SchedulerStore(file, name)
    await store.open(create=True)
    try:
        yield store
    finally:
        await file.close()


@contextlib.asynccontextmanager
async def classic_store(name: str, connection_string: str) -> AsyncIterator[ClassicStore]:
    async with Account.from_connection_string(connection_string, "the test") as account:
        options = ClassicOptions(
            partitions=1, max_poll=0.2, lease=3.0, lease_pass=0.5, row_refresh=0
        )
        store = ClassicStore(name, account, options, system_clock)
        await store.open(create=True)
        try:
            yield store
        finally:
            await store.close()


@contextlib.asynccontextmanager
async def actor_in_storage(
    name: str, connection_string: str
) -> AsyncIterator[tuple[JobActor, Callable[[], int]]]:
    """Open an actor with an account of its own; also what counts its requests."""
    sent = [0]

    class Counting(CountedTransport):
        async def send(self, request: Any, **config: Any) -> Any:
            sent[0] += 1
            return await super().send(request, **config)

        async def ask(self, asked: Any) -> Any:
            sent[0] += 1
            return await super().ask(asked)

    place = parse_hub(f"azurite:{name}")
    async with open_actor(
        KEY, place, Access(), lambda _: connection_string, make_transport=Counting
    ) as actor:
        yield actor, lambda: sent[0]


@contextlib.asynccontextmanager
async def shop_on(kind: str, connection_string: str = "") -> AsyncIterator[Shop]:
    """Open a shop on a store of that kind: ``classic``, ``scheduler`` or ``endpoint``."""
    name = f"Shop{secrets.token_hex(5)}"
    async with contextlib.AsyncExitStack() as stack:
        if kind == "classic":
            store: HubStore = await stack.enter_async_context(
                classic_store(name, connection_string)
            )
        else:
            store = await stack.enter_async_context(memory_store(name))
        hub = await stack.enter_async_context(scripted(store))
        requests: Callable[[], int] = int
        actor: JobActor
        if kind == "classic":
            actor, requests = await stack.enter_async_context(
                actor_in_storage(name, connection_string)
            )
        elif kind == "scheduler":
            actor = StoreActor(KEY, hub, system_clock)
        else:
            server = await start_server(OneHub(hub), host="127.0.0.1", port=0)
            stack.push_async_callback(server.stop, 0)
            address = EndpointAddress(f"http://127.0.0.1:{server.port}", name)
            client = await stack.enter_async_context(open_endpoint(address))
            actor = EndpointActor(KEY, client, new_id)
        yield Shop(kind, hub, actor, requests, name, connection_string)
