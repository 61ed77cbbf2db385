# ruff: noqa: D102 (what the calls do is the protocol's: scheduler protocol 2.3)
"""The calls of ``BackendService``, in which a worker hands over histories; not every endpoint lets one."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message import Message

from durahub.edge.backend import backend_service_pb2 as bs
from durahub_migrate.endpoint.rpcs import BACKEND, rpc
from durahub_migrate.endpoint.wire import Wire


class BackendClient:
    """A hub behind an endpoint, as DTFx sees it. It raises what `EndpointClient` does."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def ping(self) -> None:
        await self._call("Ping", bs.PingRequest())

    async def workers(self) -> int:
        """Return how many workers are connected."""
        answer = await self._call("GetMetrics", bs.GetMetricsRequest())
        return int(answer.metrics.connectedWorkers.count)

    async def create_instance(self, request: pb.CreateInstanceRequest) -> str:
        """Return the instance's ID. Raises `InstanceExists`."""
        answer = await self._call("CreateInstance", request, request.instanceId)
        return str(answer.instanceId)

    async def add_event(self, instance_id: str, event: pb.HistoryEvent) -> None:
        """Put an event into an inbox; never sent again by itself. Raises `InstanceNotFound`."""
        request = bs.AddEventRequest(
            instance=pb.OrchestrationInstance(instanceId=instance_id), event=event
        )
        await self._call("AddEvent", request, instance_id)

    async def runtime_state(self, instance_id: str) -> list[pb.HistoryEvent]:
        """Return the history of an instance whose work item is out."""
        request = bs.GetOrchestrationRuntimeStateRequest(
            instance=pb.OrchestrationInstance(instanceId=instance_id)
        )
        answer = await self._call("GetOrchestrationRuntimeState", request, instance_id)
        return list(answer.history)

    @contextlib.asynccontextmanager
    async def work_items(
        self, request: pb.GetWorkItemsRequest
    ) -> AsyncIterator[AsyncIterator[pb.WorkItem]]:
        """Be a worker for the body, which iterates over what it is given; pings are among it."""
        async with self.wire.open(rpc(BACKEND, "GetWorkItems"), request) as items:
            yield items

    async def complete_orchestration(
        self, request: bs.CompleteOrchestrationWorkItemRequest
    ) -> None:
        """End a work item. Raises `WorkItemNotFound` if its token is used up, by an earlier try too."""
        await self._call("CompleteOrchestrationWorkItem", request, request.completionToken)

    async def abandon_orchestration(self, token: str) -> None:
        request = bs.AbandonOrchestrationWorkItemRequest(completionToken=token)
        await self._call("AbandonOrchestrationWorkItem", request, token)

    async def abandon_activity(self, token: str) -> None:
        request = bs.AbandonActivityWorkItemRequest(completionToken=token)
        await self._call("AbandonActivityWorkItem", request, token)

    async def complete_entity(self, request: bs.CompleteEntityWorkItemRequest) -> None:
        """End a work item. Raises `WorkItemNotFound` if its token is used up, by an earlier try too."""
        await self._call("CompleteEntityWorkItem", request, request.completionToken)

    async def abandon_entity(self, token: str, reason: str) -> None:
        request = bs.AbandonEntityWorkItemRequest(completionToken=token, reason=reason)
        await self._call("AbandonEntityWorkItem", request, token)

    async def _call(self, name: str, request: Message, about: str = "") -> Any:
        return await self.wire.call(rpc(BACKEND, name), request, about)
