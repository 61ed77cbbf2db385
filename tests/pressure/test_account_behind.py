"""An account that takes nothing: what waits for it is bounded, also when its callers have given up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.accounts import Access
from durahub.classic.account import Account
from durahub.classic.asked import Answer, Asked
from durahub.classic.transport import CountedTransport
from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.edge.overload import MIB, Bounds, Overload
from durahub.edge.server import start_server
from durahub.storage import ClassicStorage, StorageOptions
from tests.conftest import Storage
from tests.pressure.serving_hubs import until

pytestmark = [pytest.mark.slow, pytest.mark.azurite]


class Gate:
    """Lets requests to storage through while it is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    def transport(self, *arguments: Any, **settings: Any) -> CountedTransport:
        gate = self

        class Gated(CountedTransport):
            async def ask(self, asked: Asked) -> Answer:
                if asked.method != "GET":
                    await gate.open.wait()
                return await super().ask(asked)

        return Gated(*arguments, **settings)


@dataclass
class Behind:
    gate: Gate
    storage: ClassicStorage
    overload: Overload
    stub: Any

    def start(self, instance_id: str, given: str = "") -> Any:
        request = pb.CreateInstanceRequest(name="Order", instanceId=instance_id)
        if given:
            request.input.value = given
        return self.stub.StartInstance(request)

    async def give_up(self, instance_id: str, given: str = "") -> None:
        """Start an instance, and give up when the server writes it."""
        waiting = self.storage.waiting_writes()
        call = self.start(instance_id, given)
        await until(lambda: self.storage.waiting_writes() > waiting)
        call.cancel()
        await until(lambda: self.overload.in_progress["calls"] == 0)

    async def refusal(self) -> str:
        """Return what one more start is told."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.start("one-more")
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        return refused.value.details() or ""


@contextlib.asynccontextmanager
async def behind(azurite: Storage, hub: str, bounds: Bounds) -> AsyncIterator[Behind]:
    gate = Gate()
    account = Account.from_connection_string(
        azurite.connection_string, "the test", make_transport=gate.transport
    )
    async with ClassicStorage(account, StorageOptions(partitions=1), Access()) as storage:
        directory = Directory(storage, Settings(hubs=(hub,)))
        overload = Overload(bounds, storage.waiting_writes, storage.waiting_bytes)
        await directory.start()
        server = await start_server(directory, host="127.0.0.1", port=0, overload=overload)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
            await stub.StartInstance(pb.CreateInstanceRequest(name="Order", instanceId="first"))
            try:
                yield Behind(gate, storage, overload, stub)
            finally:
                gate.open.set()
        await directory.stop_serving()
        await server.stop(0.0)
        await directory.close()


async def test_starts_whose_callers_gave_up_count_until_they_are_written(
    azurite: Storage, hub_name: str
) -> None:
    number = 20
    async with behind(azurite, hub_name, Bounds(writes=number)) as found:
        found.gate.open.clear()
        for n in range(number):
            await found.give_up(f"order-{n}")

        assert "DH518" in await found.refusal()
        assert found.storage.waiting_writes() == number
        asked = pb.GetInstanceRequest(instanceId="first")
        assert (await found.stub.GetInstance(asked)).exists  # reads go on

        found.gate.open.set()
        await until(lambda: found.storage.waiting_writes() == 0)
        await found.start("one-more")
        for name in (*(f"order-{n}" for n in range(number)), "one-more"):
            asked = pb.GetInstanceRequest(instanceId=name)
            assert (await found.stub.GetInstance(asked)).exists


async def test_their_bytes_are_bounded_too(azurite: Storage, hub_name: str) -> None:
    async with behind(azurite, hub_name, Bounds(write_bytes=2 * MIB)) as found:
        found.gate.open.clear()
        for n in range(2):
            await found.give_up(f"order-{n}", "x" * MIB)

        assert "DH518" in await found.refusal()

        found.gate.open.set()
        await until(lambda: found.storage.waiting_bytes() == 0)
        await found.start("one-more")
