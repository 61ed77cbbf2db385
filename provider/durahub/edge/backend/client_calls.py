# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls of clients through ``BackendService``; what it shares with the other service is not here."""

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.inbox_events import add_event
from durahub.edge.client_calls import ClientCalls, Context
from durahub.edge.hub import Hub
from durahub.edge.instances import found
from durahub.edge.wellknown import filled_text
from durahub.errors import NotThere, Refused, UsageError


class BackendClientCalls(ClientCalls):
    """The client's half of the service; method names are the protocol's."""

    async def CreateInstance(
        self, request: pb.CreateInstanceRequest, context: Context
    ) -> pb.CreateInstanceResponse:
        """Start an orchestration."""
        return await self.StartInstance(request, context)

    async def WaitForInstance(
        self, request: bs.WaitForInstanceRequest, context: Context
    ) -> bs.WaitForInstanceResponse:
        """Return an instance once it has ended, existing or not; the client sets the limit."""
        hub = await self._hub(context)
        asked = pb.GetInstanceRequest(
            instanceId=request.instanceId, getInputsAndOutputs=request.getInputsAndOutputs
        )
        instance = await self._lifetime.until_ended(
            hub.wait_for_completion(request.instanceId, payloads=request.getInputsAndOutputs)
        )
        answer = await found(hub, instance, asked)
        return bs.WaitForInstanceResponse(
            exists=answer.exists, orchestrationState=answer.orchestrationState
        )

    async def AddEvent(self, request: bs.AddEventRequest, context: Context) -> bs.AddEventResponse:
        """Send an event to an instance: an external one, or one that steers it."""
        target = request.instance
        hub = await self._hub(context)
        await add_event(hub, target.instanceId, filled_text(target, "executionId"), request.event)
        return bs.AddEventResponse()

    async def AddEvents(
        self, request: bs.AddEventsRequest, context: Context
    ) -> bs.AddEventsResponse:
        """Send an event to each of several instances; answer those that could not be served."""
        hub = await self._hub(context)
        unserved = [
            instance_id
            for instance_id, event in request.events.items()
            if not await _was_added(hub, instance_id, event)
        ]
        return bs.AddEventsResponse(unsuccessfulInstanceIds=unserved)


async def _was_added(hub: Hub, instance_id: str, event: pb.HistoryEvent) -> bool:
    try:
        await add_event(hub, instance_id, None, event)
    except (NotThere, Refused, UsageError):
        return False
    return True
