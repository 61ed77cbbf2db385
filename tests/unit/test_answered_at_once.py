"""Completions are answered as soon as they are accepted; storage is written behind.

The worker of the SDKs waits in that call, one of its threads each.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.edge.server import start_server
from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.model.message import Message
from durahub.storage import SqliteStorage
from durahub.store import HubStore

WITHIN = 60.0  # seconds


class SlowStorage(SqliteStorage):
    """Hubs in memory that write nothing of a worker's answers while ``gate`` is closed."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.gate = asyncio.Event()
        self.gate.set()
        self.held = 0

    def store(self, hub: str, *more: Any, **options: Any) -> HubStore:
        store = super().store(hub, *more, **options)
        committing, completing = store.commit, store.complete_activity

        async def commit(commit: Commit) -> HistoryVersion:
            await self.pass_gate()
            return await committing(commit)

        async def complete_activity(activity: Delivery, result: Message) -> None:
            await self.pass_gate()
            await completing(activity, result)

        store.commit, store.complete_activity = commit, complete_activity  # type: ignore[method-assign]
        return store

    async def pass_gate(self) -> None:
        self.held += not self.gate.is_set()
        await self.gate.wait()

    async def until_held(self) -> None:
        with anyio.fail_after(WITHIN):
            while self.held == 0:  # noqa: ASYNC110 (a test's wait)
                await anyio.sleep(0.005)
        self.held = 0


@asynccontextmanager
async def served(storage: SlowStorage) -> AsyncIterator[Any]:
    async with storage:
        directory = Directory(storage, Settings())
        await directory.start()
        server = await start_server(directory, host="127.0.0.1", port=0)
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                yield TaskHubSidecarServiceStub(channel)
        finally:
            storage.gate.set()
            await directory.stop_serving()
            await server.stop(0)
            await directory.close()


async def next_item(stream: Any) -> pb.WorkItem:
    with anyio.fail_after(WITHIN):
        item = await stream.read()
        return item if not item.HasField("healthPing") else await next_item(stream)


def turn(item: pb.WorkItem, **action: Any) -> pb.OrchestratorResponse:
    return pb.OrchestratorResponse(
        instanceId=item.orchestratorRequest.instanceId,
        completionToken=item.completionToken,
        actions=[pb.OrchestratorAction(id=1, **action)],
    )


async def test_a_completion_is_answered_before_anything_of_it_is_written() -> None:
    storage = SlowStorage()
    async with served(storage) as stub:
        stream = stub.GetWorkItems(pb.GetWorkItemsRequest())
        await stub.StartInstance(pb.CreateInstanceRequest(name="Order"))
        first = await next_item(stream)

        storage.gate.clear()
        task = pb.ScheduleTaskAction(name="reserve")
        await stub.CompleteOrchestratorTask(turn(first, scheduleTask=task), timeout=WITHIN)
        await storage.until_held()  # the answer was there, the commit is not
        storage.gate.set()

        activity = await next_item(stream)
        request = activity.activityRequest
        storage.gate.clear()
        await stub.CompleteActivityTask(
            pb.ActivityResponse(
                instanceId=request.orchestrationInstance.instanceId,
                taskId=request.taskId,
                completionToken=activity.completionToken,
            ),
            timeout=WITHIN,
        )
        await storage.until_held()
        storage.gate.set()

        second = await next_item(stream)
        end = pb.CompleteOrchestrationAction(
            orchestrationStatus=pb.OrchestrationStatus.ORCHESTRATION_STATUS_COMPLETED
        )
        await stub.CompleteOrchestratorTask(turn(second, completeOrchestration=end))


async def test_a_hub_that_is_served_is_found_without_waiting() -> None:
    async with SqliteStorage(":memory:") as storage:
        directory = Directory(storage, Settings(hubs=("Shop",)))
        await directory.start()
        try:
            with pytest.raises(StopIteration) as found:
                directory.find("shop").send(None)  # it would yield to the loop if it waited
            assert found.value.value.name == "Shop"
        finally:
            await directory.stop_serving()
            await directory.close()
