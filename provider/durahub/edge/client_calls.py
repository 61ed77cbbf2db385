# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls of clients: starting, looking at, steering and deleting instances."""

from typing import Any, TypeAlias

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.history_chunks import HistoryChunks
from durahub.edge.hub import Hub
from durahub.edge.instance_pages import page
from durahub.edge.instances import found, purge_query, start_request
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory, caller_of, hub_of
from durahub.edge.projection import for_clients
from durahub.edge.wellknown import filled_text, text_of
from durahub.errors import BadRequest, WrongStatus
from durahub.model.history import ExecutionStarted

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

LARGEST_BATCH = 500  # instances in one purge by IDs


class ClientCalls:
    """The client's half of the service; method names are the protocol's."""

    def __init__(self, directory: HubDirectory, lifetime: Lifetime) -> None:
        self._directory = directory
        self._lifetime = lifetime

    def _hub(self, context: Context) -> Hub:
        return hub_of(self._directory, caller_of(context.invocation_metadata()))

    # -- starting ------------------------------------------------------------------------------

    async def StartInstance(
        self, request: pb.CreateInstanceRequest, context: Context
    ) -> pb.CreateInstanceResponse:
        """Start an orchestration."""
        hub = self._hub(context)
        return pb.CreateInstanceResponse(instanceId=await hub.start(start_request(request)))

    async def RestartInstance(
        self, request: pb.RestartInstanceRequest, context: Context
    ) -> pb.RestartInstanceResponse:
        """Start an orchestration again, under its ID or a new one."""
        restarted = await self._hub(context).restart(
            request.instanceId, new_id=request.restartWithNewInstanceId
        )
        return pb.RestartInstanceResponse(instanceId=restarted)

    # -- looking -------------------------------------------------------------------------------

    async def GetInstance(
        self, request: pb.GetInstanceRequest, context: Context
    ) -> pb.GetInstanceResponse:
        """Return an instance; one that does not exist is an answer, not an error."""
        hub = self._hub(context)
        instance = await hub.get(request.instanceId, payloads=request.getInputsAndOutputs)
        return await found(hub, instance, request)

    async def WaitForInstanceStart(
        self, request: pb.GetInstanceRequest, context: Context
    ) -> pb.GetInstanceResponse:
        """Return an instance once it has begun, existing or not; the client sets the limit."""
        hub = self._hub(context)
        instance = await self._lifetime.until_ended(
            hub.wait_for_start(request.instanceId, payloads=request.getInputsAndOutputs)
        )
        return await found(hub, instance, request)

    async def WaitForInstanceCompletion(
        self, request: pb.GetInstanceRequest, context: Context
    ) -> pb.GetInstanceResponse:
        """Return an instance once it has ended, existing or not; the client sets the limit."""
        hub = self._hub(context)
        instance = await self._lifetime.until_ended(
            hub.wait_for_completion(request.instanceId, payloads=request.getInputsAndOutputs)
        )
        return await found(hub, instance, request)

    async def QueryInstances(
        self, request: pb.QueryInstancesRequest, context: Context
    ) -> pb.QueryInstancesResponse:
        """Return a page of instances."""
        return await page(self._hub(context), request.query)

    async def _client_history(
        self, request: pb.StreamInstanceHistoryRequest, context: Context
    ) -> None:
        """Send the whole history, ends included; nothing for an unknown instance."""
        chunks = HistoryChunks()
        started: ExecutionStarted | None = None
        history = self._hub(context).history(
            request.instanceId, filled_text(request, "executionId")
        )
        async for event in history:
            if isinstance(event, ExecutionStarted):
                started = event
            shown = for_clients(event, started)
            full = chunks.add(shown) if shown is not None else None
            if full is not None:
                await context.write(full)
        rest = chunks.rest()
        if rest is not None:
            await context.write(rest)

    # -- steering ------------------------------------------------------------------------------

    async def RaiseEvent(
        self, request: pb.RaiseEventRequest, context: Context
    ) -> pb.RaiseEventResponse:
        """Send an external event."""
        await self._hub(context).raise_event(
            request.instanceId, request.name, text_of(request, "input")
        )
        return pb.RaiseEventResponse()

    async def TerminateInstance(
        self, request: pb.TerminateRequest, context: Context
    ) -> pb.TerminateResponse:
        """Ask an instance to end."""
        await self._hub(context).terminate(
            request.instanceId, text_of(request, "output"), recursive=request.recursive
        )
        return pb.TerminateResponse()

    async def SuspendInstance(
        self, request: pb.SuspendRequest, context: Context
    ) -> pb.SuspendResponse:
        """Ask an instance to pause."""
        await self._hub(context).suspend(request.instanceId, text_of(request, "reason"))
        return pb.SuspendResponse()

    async def ResumeInstance(
        self, request: pb.ResumeRequest, context: Context
    ) -> pb.ResumeResponse:
        """Ask an instance to go on."""
        await self._hub(context).resume(request.instanceId, text_of(request, "reason"))
        return pb.ResumeResponse()

    # -- deleting ------------------------------------------------------------------------------

    async def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: Context
    ) -> pb.PurgeInstancesResponse:
        """Delete instances that have ended: one, those of a batch, or those that match."""
        hub = self._hub(context)
        complete = True
        match request.WhichOneof("request"):
            case "instanceId":
                purged = await hub.purge(request.instanceId, recursive=request.recursive)
                count = purged.instances
            case "purgeInstanceFilter":
                query, limit = purge_query(request.purgeInstanceFilter)
                purged, complete = await hub.purge_matching(query, time_limit=limit)
                count = purged.instances
            case "instanceBatch":
                count = await _purge_batch(hub, request)
            case _:
                raise BadRequest("a purge needs an instance ID, a filter or a batch")
        answer = pb.PurgeInstancesResponse(deletedInstanceCount=count)
        answer.isComplete.value = complete
        return answer


async def _purge_batch(hub: Hub, request: pb.PurgeInstancesRequest) -> int:
    """Purge what has ended of a batch and count it; the rest of the batch stays."""
    batch = request.instanceBatch.instanceIds
    if len(batch) > LARGEST_BATCH:
        raise BadRequest(f"a batch has at most {LARGEST_BATCH} instance IDs, not {len(batch)}")
    return sum([await _purge_if_ended(hub, id_, request.recursive) for id_ in batch])


async def _purge_if_ended(hub: Hub, instance_id: str, recursive: bool) -> int:
    try:
        return (await hub.purge(instance_id, recursive=recursive)).instances
    except WrongStatus:
        return 0
