"""A worker in a few lines, which may be as bad as a test wants.

Its orchestrator ``Order`` calls the activity ``Charge`` with its input and returns what that returned, the
input; every entity counts its operations.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from tests.pressure.serving_hubs import Server, of


class SmallWorker:
    """A connected worker. One that is *silent* takes work and never answers."""

    def __init__(
        self, stub: Any, hub: str, *, silent: bool, most: int, entities_only: bool = False
    ) -> None:
        self.taken: list[pb.WorkItem] = []
        self.stalled = False
        self._stub = stub
        self._hub = hub
        self._silent = silent
        self._most = most
        self._entities_only = entities_only
        self._answers: set[asyncio.Task[None]] = set()

    def connect(self) -> Any:
        """Open the stream."""
        request = pb.GetWorkItemsRequest(
            maxConcurrentOrchestrationWorkItems=self._most,
            maxConcurrentActivityWorkItems=self._most,
            maxConcurrentEntityWorkItems=self._most,
        )
        if self._entities_only:  # filters that name no orchestrations let none through
            request.workItemFilters.entities.add(name="cart")
        return self._stub.GetWorkItems(request, metadata=of(self._hub))

    async def run(self, stream: Any) -> None:
        """Take work until the stream ends."""
        while (item := await stream.read()) is not grpc.aio.EOF:
            if item.WhichOneof("request") == "healthPing":
                continue
            self.taken.append(item)
            if not self._silent:
                task = asyncio.create_task(self._answer(item))
                self._answers.add(task)
                task.add_done_callback(self._answers.discard)

    async def _answer(self, item: pb.WorkItem) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError):  # given back meanwhile
            match item.WhichOneof("request"):
                case "orchestratorRequest":
                    await self._stub.CompleteOrchestratorTask(_turn(item), metadata=of(self._hub))
                case "activityRequest":
                    await self._stub.CompleteActivityTask(_charged(item), metadata=of(self._hub))
                case "entityRequest" | "entityRequestV2":
                    await self._stub.CompleteEntityTask(_counted(item), metadata=of(self._hub))


def _turn(item: pb.WorkItem) -> pb.OrchestratorResponse:
    request = item.orchestratorRequest
    events = (*request.pastEvents, *request.newEvents)
    done = [e.taskCompleted.result for e in events if e.HasField("taskCompleted")]
    response = pb.OrchestratorResponse(
        instanceId=request.instanceId, completionToken=item.completionToken
    )
    if done:
        ended = response.actions.add(id=1).completeOrchestration
        ended.orchestrationStatus = pb.ORCHESTRATION_STATUS_COMPLETED
        ended.result.value = done[0].value
        return response
    started = next(e.executionStarted for e in events if e.HasField("executionStarted"))
    scheduled = response.actions.add(id=0).scheduleTask
    scheduled.name = "Charge"
    scheduled.input.value = started.input.value
    return response


def _charged(item: pb.WorkItem) -> pb.ActivityResponse:
    request = item.activityRequest
    response = pb.ActivityResponse(
        instanceId=request.orchestrationInstance.instanceId,
        taskId=request.taskId,
        completionToken=item.completionToken,
    )
    response.result.value = request.input.value
    return response


def _counted(item: pb.WorkItem) -> pb.EntityBatchResult:
    if item.HasField("entityRequest"):
        state, number = item.entityRequest.entityState.value, len(item.entityRequest.operations)
    else:
        state = item.entityRequestV2.entityState.value
        number = len(item.entityRequestV2.operationRequests)
    result = pb.EntityBatchResult(completionToken=item.completionToken)
    result.entityState.value = str(int(state or 0) + number)
    for _ in range(number):
        result.results.add().success.SetInParent()
    return result


@contextlib.asynccontextmanager
async def working(
    server: Server,
    hub: str = "",
    *,
    silent: bool = False,
    most: int = 20,
    entities_only: bool = False,
) -> AsyncIterator[SmallWorker]:
    """Connect a worker, on a connection of its own, for the body."""
    async with server.connection() as channel:
        worker = SmallWorker(
            server.stub(channel), hub, silent=silent, most=most, entities_only=entities_only
        )
        stream = worker.connect()
        await stream.read()  # the first sign of life
        task = asyncio.create_task(worker.run(stream))
        try:
            yield worker
        finally:
            stream.cancel()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
