"""A hub on either store behind a gRPC server in this process, with a recording worker at it."""

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.edge.server import start_server
from durahub.errors import HubNotFound
from durahub.model.history import Event
from durahub.model.instance import Instance
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import HubStore
from tests.checklist.answers import text
from tests.checklist.recording_worker import PATIENCE, Activity, RecordingWorker
from tests.checklist.turns import Script

ACTIVITIES = ("workitems", "tasks")  # the names of their queues end so
OFTEN = 0.05  # seconds between two looks
QUICK = DispatchSettings(disconnect_grace=0.3, linger=5.0, drain=0.5)

Found = TypeVar("Found")


@dataclass(frozen=True)
class OneHub:
    """The directory of a server with one hub."""

    hub: TaskHub

    @property
    def default(self) -> str:
        return self.hub.name

    async def find(self, name: str) -> TaskHub:
        if name.casefold() != self.hub.name.casefold():
            raise HubNotFound(name)
        return self.hub


@dataclass
class ServedHub:
    """A served hub, its storage, a client and a worker. What a test starts has names of its own."""

    kind: str  # "classic" or "scheduler"
    store: HubStore
    hub: TaskHub
    port: int
    client: Any  # a stub
    worker: RecordingWorker
    file: SchedulerFile | None = None
    connection_string: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def name(self) -> str:
        return self.hub.name

    def unique(self, name: str) -> str:
        return f"{name}-{next(self._numbers)}"

    # -- code ----------------------------------------------------------------------------------

    def orchestrator(self, script: Script) -> str:
        """Give the worker an orchestrator; return its name."""
        name = self.unique("Order")
        self.worker.orchestrators[name] = script
        return name

    def activity(self, code: Activity) -> str:
        """Give the worker an activity; return its name."""
        name = self.unique("Charge")
        self.worker.activities[name] = code
        return name

    # -- client --------------------------------------------------------------------------------

    async def start(self, script: Script, given: Any = None, **fields: Any) -> str:
        """Start an orchestration that does *script*; return its ID."""
        fields = {"instanceId": self.unique("order"), "name": self.orchestrator(script)} | fields
        request = pb.CreateInstanceRequest(input=text(json.dumps(given)), **fields)
        started: pb.CreateInstanceResponse = await self.client.StartInstance(request)
        return str(started.instanceId)

    async def send(self, instance_id: str, name: str, given: Any = None) -> None:
        """Raise an event."""
        await self.client.RaiseEvent(
            pb.RaiseEventRequest(instanceId=instance_id, name=name, input=text(json.dumps(given)))
        )

    async def state(self, instance_id: str) -> pb.OrchestrationState:
        """Return what GetInstance answers, with payloads."""
        return (await self._get(instance_id)).orchestrationState

    async def _get(self, instance_id: str) -> pb.GetInstanceResponse:
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        found: pb.GetInstanceResponse = await self.client.GetInstance(request)
        return found

    async def ended(self, instance_id: str) -> pb.OrchestrationState:
        """Return an instance once it has ended."""
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        waiting = self.client.WaitForInstanceCompletion(request, timeout=PATIENCE)
        return (await waiting).orchestrationState

    async def once(self, instance_id: str, status: int) -> pb.OrchestrationState:
        """Return an instance once its status is *status*."""

        async def look() -> pb.OrchestrationState | None:
            found = await self._get(instance_id)
            wanted = found.exists and found.orchestrationState.orchestrationStatus == status
            return found.orchestrationState if wanted else None

        return await self.eventually(look)

    # -- storage -------------------------------------------------------------------------------

    async def row(self, instance_id: str) -> Instance:
        found = await self.store.get(instance_id)
        assert found is not None
        return found

    async def history(self, instance_id: str) -> tuple[Event, ...]:
        """Return the stored events of the current execution."""
        return (await self.store.load(instance_id)).events

    async def kinds(self, instance_id: str) -> str:
        """Return the kinds of the stored events, episode by episode: ``"… | …"``."""
        names = [event.type.name for event in await self.history(instance_id)]
        return " ".join(names).replace("d OrchestratorStarted", "d | OrchestratorStarted")

    async def stored(self, instance_id: str, length: int) -> tuple[Event, ...]:
        """Return the stored events once there are as many as *length*."""

        async def look() -> tuple[Event, ...] | None:
            found = await self.history(instance_id)
            return found if len(found) >= length else None

        return await self.eventually(look)

    async def nothing_waits(self) -> bool:
        """Tell whether all messages to instances are dealt with; activities may be out."""
        queues = (await self.store.info()).queues
        stored = sum(count for name, count in queues.items() if not name.endswith(ACTIVITIES))
        return self.hub.messages_in_memory == 0 and stored == 0

    async def eventually(self, look: Callable[[], Awaitable[Found | None]]) -> Found:
        """Return the first answer of *look* that is true."""

        async def wait() -> Found:
            while not (found := await look()):
                assert not self.worker.refused, self.worker.refused
                await asyncio.sleep(OFTEN)
            return found

        return await asyncio.wait_for(wait(), PATIENCE)


@contextlib.asynccontextmanager
async def classic_store(
    name: str,
    connection_string: str,
    make_transport: Callable[..., CountedTransport] = CountedTransport,
    *,
    create: bool = True,
    **options: Any,
) -> AsyncIterator[ClassicStore]:
    """Open a hub in the storage account."""
    account = Account.from_connection_string(
        connection_string, "the test", make_transport=make_transport
    )
    settings: dict[str, Any] = {
        "partitions": 1,
        "max_poll": 0.1,
        "row_refresh": 0.0,
        "lease": 15.0,
        "lease_pass": 1.0,
        "lease_haste": 0.1,
    }
    store = ClassicStore(name, account, ClassicOptions(**(settings | options)), system_clock)
    try:
        await store.open(create=create)
        yield store
    finally:
        await store.close()
        await account.close()


@contextlib.asynccontextmanager
async def scheduler_store(name: str, place: str = ":memory:") -> AsyncIterator[SchedulerStore]:
    """Open a hub in a file, or in memory."""
    file = SchedulerFile(place, clock=system_clock)
    store = SchedulerStore(file, name)
    try:
        await store.open(create=True)
        yield store
    finally:
        await file.close()


@contextlib.asynccontextmanager
async def served(
    store: HubStore, worker: RecordingWorker | None = None, **options: Any
) -> AsyncIterator[ServedHub]:
    """Serve the hub of *store*, with *worker* or a new one at it; *options* are its stream's."""
    hub = TaskHub(store, settings=QUICK)
    running = asyncio.create_task(hub.run())
    server = await start_server(OneHub(hub), host="127.0.0.1", port=0)
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.port}")
    stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
    worker = worker or RecordingWorker(stub)
    worker.stub = stub
    kind = "scheduler" if isinstance(store, SchedulerStore) else "classic"
    try:
        async with worker.connected(**options):
            file = store.file if isinstance(store, SchedulerStore) else None
            yield ServedHub(kind, store, hub, server.port, stub, worker, file)
    finally:
        await channel.close()
        await server.stop(0)
        hub.stop_streams()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextlib.asynccontextmanager
async def new_hub(kind: str, connection_string: str, **options: Any) -> AsyncIterator[ServedHub]:
    """Serve a new hub on either store, with a worker."""
    if kind == "scheduler":
        async with scheduler_store(new_name()) as store, served(store, **options) as hub:
            yield hub
    else:
        async with (
            classic_store(new_name(), connection_string) as classic,
            served(classic, **options) as hub,
        ):
            hub.connection_string = connection_string
            yield hub


def new_name() -> str:
    """Return a name that no other hub has."""
    return f"Line{secrets.token_hex(6)}"
