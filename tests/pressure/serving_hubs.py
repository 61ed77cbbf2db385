"""A server in this process over a SQLite file, with bounds and hubs as a test wants them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.configuration.settings import HubSettings, Settings
from durahub.directory import Directory
from durahub.edge.overload import Bounds, Overload
from durahub.edge.server import start_server
from durahub.edge.work_item_sender import Sending
from durahub.scheduler.file import SchedulerFile
from durahub.storage import SqliteStorage

PATIENCE = 180.0  # seconds in which anything must come about
OFTEN = 0.02  # seconds between two looks
LARGE = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@dataclass
class Server:
    """The server, its parts, and clients of its hubs."""

    port: int
    directory: Directory
    overload: Overload
    file: SchedulerFile
    channel: grpc.aio.Channel

    def stub(self, channel: grpc.aio.Channel | None = None) -> Any:
        """Return a client, on *channel* or on the one that all share."""
        return TaskHubSidecarServiceStub(channel or self.channel)

    def connection(self) -> grpc.aio.Channel:
        """Return a connection of its own."""
        apart = (("grpc.use_local_subchannel_pool", 1), *LARGE)
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", options=apart)

    async def start(self, name: str, instance_id: str, *, hub: str = "", given: str = "") -> None:
        """Start an orchestration."""
        request = pb.CreateInstanceRequest(name=name, instanceId=instance_id)
        if given:
            request.input.value = given
        await self.stub().StartInstance(request, metadata=of(hub))

    async def ended(self, instance_id: str, *, hub: str = "") -> str:
        """Return the output of an instance once it has completed."""
        asked = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        answer = await self.stub().WaitForInstanceCompletion(
            asked, metadata=of(hub), timeout=PATIENCE
        )
        return str(answer.orchestrationState.output.value)

    def busy(self, kind: str) -> int:
        """Return how many calls of a kind are in progress."""
        return self.overload.in_progress[kind]


def of(hub: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata that name a hub."""
    return (("taskhub", hub),) if hub else ()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""

    last = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < last
        await asyncio.sleep(OFTEN)


@contextlib.asynccontextmanager
async def served(
    folder: Path,
    *hubs: str,
    bounds: Bounds | None = None,
    sending: Sending | None = None,
    settings: HubSettings | None = None,
) -> AsyncIterator[Server]:
    """Serve *hubs*, or one, for the body."""
    async with SqliteStorage(str(folder / "hubs.db")) as storage:
        told = Settings(hubs=hubs or ("default",), defaults=settings or HubSettings())
        directory = Directory(storage, told)
        overload = Overload(bounds, storage.waiting_writes, storage.waiting_bytes)
        await directory.start()
        server = await start_server(
            directory, host="127.0.0.1", port=0, overload=overload, sending=sending
        )
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=LARGE)
        try:
            yield Server(server.port, directory, overload, storage.file, channel)
        finally:
            await channel.close()
            await directory.stop_serving()
            await server.stop(0.0)
            await directory.close()
