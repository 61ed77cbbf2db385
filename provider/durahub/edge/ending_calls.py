# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls about instances that end or have ended: rewinding, listing, ending by force, deleting."""

from typing import Any, TypeAlias

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.purging import check_batch
from durahub.edge.hub import Hub
from durahub.edge.instances import purge_query
from durahub.edge.metadata import HubDirectory, caller_of, hub_of
from durahub.edge.statuses import statuses_from_proto
from durahub.edge.wellknown import string_value, text_of, ticks_of
from durahub.engine.entities.ids import is_entity
from durahub.errors import BadRequest

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class EndingCalls:
    """Calls of clients; method names are the protocol's."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    async def _hub(self, context: Context) -> Hub:
        return await hub_of(self._directory, caller_of(context.invocation_metadata()))

    async def RewindInstance(
        self, request: pb.RewindInstanceRequest, context: Context
    ) -> pb.RewindInstanceResponse:
        """Run a failed instance again from its failure."""
        hub = await self._hub(context)
        await hub.rewind(request.instanceId, text_of(request, "reason"))
        return pb.RewindInstanceResponse()

    async def ListInstanceIds(
        self, request: pb.ListInstanceIdsRequest, context: Context
    ) -> pb.ListInstanceIdsResponse:
        """Return IDs of instances that have ended, by the time of their ends."""
        page = await (await self._hub(context)).list_ended(
            statuses_from_proto(request.runtimeStatus),
            ticks_of(request, "completedTimeFrom"),
            ticks_of(request, "completedTimeTo"),
            request.pageSize,
            text_of(request, "lastInstanceKey") or "",
        )
        return pb.ListInstanceIdsResponse(
            instanceIds=page.ids, lastInstanceKey=string_value(page.cursor)
        )

    async def SkipGracefulOrchestrationTerminations(
        self, request: pb.SkipGracefulOrchestrationTerminationsRequest, context: Context
    ) -> pb.SkipGracefulOrchestrationTerminationsResponse:
        """End instances in storage, whatever they do."""
        ids = request.instanceBatch.instanceIds
        check_batch(ids)
        left = await (await self._hub(context)).force_terminate(ids, text_of(request, "reason"))
        return pb.SkipGracefulOrchestrationTerminationsResponse(unterminatedInstanceIds=left)

    async def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: Context
    ) -> pb.PurgeInstancesResponse:
        """Delete instances that have ended, or entities: one, those of a batch, or those that match."""
        hub = await self._hub(context)
        answer = pb.PurgeInstancesResponse()
        answer.isComplete.value = True
        match request.WhichOneof("request"):
            case "instanceId":
                if request.isOrchestration and is_entity(request.instanceId):
                    return answer
                purged = await hub.purge(request.instanceId, recursive=request.recursive)
            case "purgeInstanceFilter":
                query, limit = purge_query(request.purgeInstanceFilter)
                purged, answer.isComplete.value = await hub.purge_matching(
                    query, time_limit=limit, recursive=request.recursive
                )
            case "instanceBatch":
                ids = list(request.instanceBatch.instanceIds)
                check_batch(ids)
                if request.isOrchestration:
                    ids = [instance_id for instance_id in ids if not is_entity(instance_id)]
                purged = await hub.purge_batch(ids, recursive=request.recursive)
            case _:
                raise BadRequest("a purge needs an instance ID, a filter or a batch")
        answer.deletedInstanceCount = purged.instances
        return answer
