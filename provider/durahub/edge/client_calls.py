# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls of clients: starting, looking at and steering instances."""

from typing import Any, TypeAlias

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.ending_calls import EndingCalls
from durahub.edge.entity_events import EntityEvents
from durahub.edge.history_chunks import HistoryChunks
from durahub.edge.instance_pages import page
from durahub.edge.instances import found, start_request
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory
from durahub.edge.projection import for_clients
from durahub.edge.wellknown import filled_text, text_of
from durahub.model.history import ExecutionStarted

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class ClientCalls(EndingCalls):
    """The client's half of the service; method names are the protocol's."""

    def __init__(self, directory: HubDirectory, lifetime: Lifetime) -> None:
        super().__init__(directory)
        self._lifetime = lifetime

    # -- starting ------------------------------------------------------------------------------

    async def StartInstance(
        self, request: pb.CreateInstanceRequest, context: Context
    ) -> pb.CreateInstanceResponse:
        """Start an orchestration."""
        hub = await self._hub(context)
        return pb.CreateInstanceResponse(instanceId=await hub.start(start_request(request)))

    async def RestartInstance(
        self, request: pb.RestartInstanceRequest, context: Context
    ) -> pb.RestartInstanceResponse:
        """Start an orchestration again, under its ID or a new one."""
        restarted = await (await self._hub(context)).restart(
            request.instanceId, new_id=request.restartWithNewInstanceId
        )
        return pb.RestartInstanceResponse(instanceId=restarted)

    # -- looking -------------------------------------------------------------------------------

    async def GetInstance(
        self, request: pb.GetInstanceRequest, context: Context
    ) -> pb.GetInstanceResponse:
        """Return an instance; one that does not exist is an answer, not an error."""
        hub = await self._hub(context)
        instance = await hub.get(request.instanceId, payloads=request.getInputsAndOutputs)
        return await found(hub, instance, request)

    async def WaitForInstanceStart(
        self, request: pb.GetInstanceRequest, context: Context
    ) -> pb.GetInstanceResponse:
        """Return an instance once it has begun, existing or not; the client sets the limit."""
        hub = await self._hub(context)
        instance = await self._lifetime.until_ended(
            hub.wait_for_start(request.instanceId, payloads=request.getInputsAndOutputs)
        )
        return await found(hub, instance, request)

    async def WaitForInstanceCompletion(
        self, request: pb.GetInstanceRequest, context: Context
    ) -> pb.GetInstanceResponse:
        """Return an instance once it has ended, existing or not; the client sets the limit."""
        hub = await self._hub(context)
        instance = await self._lifetime.until_ended(
            hub.wait_for_completion(request.instanceId, payloads=request.getInputsAndOutputs)
        )
        return await found(hub, instance, request)

    async def QueryInstances(
        self, request: pb.QueryInstancesRequest, context: Context
    ) -> pb.QueryInstancesResponse:
        """Return a page of instances."""
        return await page(await self._hub(context), request.query)

    async def _client_history(
        self, request: pb.StreamInstanceHistoryRequest, context: Context
    ) -> None:
        """Send the whole history, ends included; nothing for an unknown instance."""
        chunks = HistoryChunks()
        started: ExecutionStarted | None = None
        entities = EntityEvents()
        history = (await self._hub(context)).history(
            request.instanceId, filled_text(request, "executionId")
        )
        async for event in history:
            if isinstance(event, ExecutionStarted):
                started = event
            entities.add(event)
            shown = for_clients(event, started, entities)
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
        await (await self._hub(context)).raise_event(
            request.instanceId, request.name, text_of(request, "input")
        )
        return pb.RaiseEventResponse()

    async def TerminateInstance(
        self, request: pb.TerminateRequest, context: Context
    ) -> pb.TerminateResponse:
        """Ask an instance to end."""
        await (await self._hub(context)).terminate(
            request.instanceId, text_of(request, "output"), recursive=request.recursive
        )
        return pb.TerminateResponse()

    async def SuspendInstance(
        self, request: pb.SuspendRequest, context: Context
    ) -> pb.SuspendResponse:
        """Ask an instance to pause."""
        await (await self._hub(context)).suspend(request.instanceId, text_of(request, "reason"))
        return pb.SuspendResponse()

    async def ResumeInstance(
        self, request: pb.ResumeRequest, context: Context
    ) -> pb.ResumeResponse:
        """Ask an instance to go on."""
        await (await self._hub(context)).resume(request.instanceId, text_of(request, "reason"))
        return pb.ResumeResponse()
