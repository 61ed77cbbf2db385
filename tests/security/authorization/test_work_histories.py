"""A worker reads the history of a turn that it has: neither a stored one nor another worker's."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.configuration.settings import settings_of
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.serving import running_server
from durahub.storage import SqliteStorage

BACKEND = "/durabletask.protos.backend.v1.BackendService/"
SIDECAR = "/TaskHubSidecarService/"
ORDER, WITHIN = "order-7", 20.0


@dataclass
class As:
    """The calls of one caller."""

    channel: grpc.aio.Channel
    metadata: list[tuple[str, str]]

    @property
    def stub(self) -> Any:
        return TaskHubSidecarServiceStub(self.channel)

    async def histories(self) -> list[int]:
        """Return how many events each call tells of the instance that is made for work."""
        instance = pb.OrchestrationInstance(instanceId=ORDER)
        ask = self.channel.unary_unary(
            f"{BACKEND}GetOrchestrationRuntimeState",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=bs.GetOrchestrationRuntimeStateResponse.FromString,
        )
        request = bs.GetOrchestrationRuntimeStateRequest(instance=instance)
        state = await ask(request, metadata=self.metadata)
        found = [len(state.history)]
        for service in (BACKEND, SIDECAR):
            stream = self.channel.unary_stream(
                f"{service}StreamInstanceHistory",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=pb.HistoryChunk.FromString,
            )
            wanted = pb.StreamInstanceHistoryRequest(instanceId=ORDER, forWorkItemProcessing=True)
            chunks = [one async for one in stream(wanted, metadata=self.metadata)]
            found.append(sum(len(one.events) for one in chunks))
        return found

    async def turns(self) -> AsyncIterator[pb.WorkItem]:
        async for item in self.stub.GetWorkItems(
            pb.GetWorkItemsRequest(), metadata=self.metadata, timeout=WITHIN
        ):
            if item.HasField("orchestratorRequest"):
                yield item

    async def goes_on(self, item: pb.WorkItem, *actions: pb.OrchestratorAction) -> None:
        response = pb.OrchestratorResponse(
            instanceId=ORDER, completionToken=item.completionToken, actions=actions
        )
        await self.stub.CompleteOrchestratorTask(response, metadata=self.metadata)


@contextlib.asynccontextmanager
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, As]]:
    names = ("client", "one", "other")
    for name in names:
        monkeypatch.setenv(f"TOKEN_OF_{name.upper()}", name * 12)
    settings = settings_of(
        {
            "server.grpc_port": 0,
            "server.http_port": 0,
            "server.api_port": None,
            "server.auth.tokens": tuple(f"{n}=env:TOKEN_OF_{n.upper()}" for n in names),
            "server.auth.grants": (
                "contributor on * to token:client",
                "worker on * to token:one",
                "worker on * to token:other",
            ),
        }
    )
    async with (
        SqliteStorage(":memory:") as storage,
        running_server(storage, settings) as ports,
        grpc.aio.insecure_channel(f"127.0.0.1:{ports.grpc_port}") as channel,
    ):
        yield {n: As(channel, [("authorization", f"Bearer {n * 12}")]) for n in names}


async def test_a_worker_reads_the_history_of_its_own_turn_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(monkeypatch) as who:
        client, one, other = who["client"], who["one"], who["other"]
        start = pb.CreateInstanceRequest(instanceId=ORDER, name="Order")
        await client.stub.StartInstance(start, metadata=client.metadata)
        turns = one.turns()
        await one.goes_on(await anext(turns))
        event = pb.RaiseEventRequest(instanceId=ORDER, name="Go")
        await client.stub.RaiseEvent(event, metadata=client.metadata)
        second = await anext(turns)

        assert [count > 0 for count in await one.histories()] == [True, True, True]
        assert await other.histories() == [0, 0, 0]
        assert await client.histories() == [0, 0, 0]

        done = pb.CompleteOrchestrationAction(orchestrationStatus=pb.ORCHESTRATION_STATUS_COMPLETED)
        await one.goes_on(second, pb.OrchestratorAction(completeOrchestration=done))
        await client.stub.WaitForInstanceCompletion(
            pb.GetInstanceRequest(instanceId=ORDER), metadata=client.metadata, timeout=WITHIN
        )

        assert await one.histories() == [0, 0, 0]
        await turns.aclose()
