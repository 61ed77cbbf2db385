"""A server that nobody asks anything: it waits, and does not look whether there is something to do."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

import anyio
import grpc.aio
import httpx
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.configuration.settings import Settings
from durahub.serving import running_server
from durahub.storage import SqliteStorage

LONG_ENOUGH = 1.0  # second in which whoever looks ten or even two times a second would be seen
LOOKS = 30  # at most: a busy machine is long at what calls leave behind; who looks is always seen


class CountingLoop(asyncio.SelectorEventLoop):
    """Knows for what it was woken: timers that were set, and calls that other threads asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.asked.append(f"timer for {callback!r} {args!r}")
        return super().call_at(when, callback, *args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        self.asked.append(f"call of {callback!r} {args!r}")
        return super().call_soon_threadsafe(callback, *args, context=context)


def ended(item: pb.WorkItem) -> pb.OrchestratorResponse:
    end = pb.CompleteOrchestrationAction(
        orchestrationStatus=pb.OrchestrationStatus.ORCHESTRATION_STATUS_COMPLETED
    )
    return pb.OrchestratorResponse(
        instanceId=item.orchestratorRequest.instanceId,
        completionToken=item.completionToken,
        actions=[pb.OrchestratorAction(id=1, completeOrchestration=end)],
    )


def test_an_idle_server_with_a_worker_sets_no_timers() -> None:
    """The timers that it has are all longer: pings after 30 s, the file's clock after 60 s, purges."""

    async def idle(loop: CountingLoop) -> list[str]:
        settings = Settings(grpc_port=0, http_port=0, api_port=0)
        async with (
            SqliteStorage(":memory:") as storage,
            running_server(storage, settings) as server,
        ):
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.grpc_port}")
            async with channel, httpx.AsyncClient(timeout=60) as http:
                stub = TaskHubSidecarServiceStub(channel)
                stream = stub.GetWorkItems(pb.GetWorkItemsRequest())
                assert (await stream.read()).HasField("healthPing")
                started = await stub.StartInstance(pb.CreateInstanceRequest(name="Order"))
                item = await stream.read()
                await stub.CompleteOrchestratorTask(ended(item))
                await stub.WaitForInstanceCompletion(
                    pb.GetInstanceRequest(instanceId=started.instanceId)
                )
                assert (await http.get(f"http://127.0.0.1:{server.http_port}/healthz")).is_success
                await http.aclose()
                for _ in range(LOOKS):
                    loop.asked.clear()
                    await anyio.sleep(LONG_ENOUGH)  # this is what is looked at: nothing happens
                    asked = list(loop.asked)
                    if len(asked) == 1:
                        break
                return asked

    loop = CountingLoop()
    try:
        asked = loop.run_until_complete(idle(loop))
    finally:
        loop.close()
    assert len(asked) == 1, asked  # the timer of the look itself
