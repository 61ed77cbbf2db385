# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls about entities: those of clients, and the end of a batch."""

import logging
from typing import Any, TypeAlias

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.entity_queries import EntityQuery
from durahub.edge.entity_work import entity_result
from durahub.edge.hub import Hub
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory, caller_of, hub_of
from durahub.edge.traces import trace_from_proto
from durahub.edge.wellknown import filled_text, string_value, text_of, ticks_of, timestamp
from durahub.engine.entities.work import Entity
from durahub.errors import BadRequest, UsageError

log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

DEFAULT_PAGE = 100
LARGEST_PAGE = 1_000
MOST_BYTES = 4 * 1024 * 1024 - 64 * 1024  # of a page; clients receive 4 MiB


class EntityCalls:
    """The entities' part of the service; method names are the protocol's."""

    def __init__(self, directory: HubDirectory, lifetime: Lifetime) -> None:
        self._directory = directory
        self._lifetime = lifetime

    async def _entity_hub(self, context: Context) -> Hub:
        return await hub_of(self._directory, caller_of(context.invocation_metadata()))

    async def SignalEntity(
        self, request: pb.SignalEntityRequest, context: Context
    ) -> pb.SignalEntityResponse:
        """Send an operation to an entity."""
        hub = await self._entity_hub(context)
        await hub.signal_entity(
            request.instanceId,
            request.name,
            text_of(request, "input"),
            request_id=request.requestId,
            scheduled=ticks_of(request, "scheduledTime"),
            trace=trace_from_proto(request.parentTraceContext),
            requested=ticks_of(request, "requestTime"),
        )
        return pb.SignalEntityResponse()

    async def GetEntity(
        self, request: pb.GetEntityRequest, context: Context
    ) -> pb.GetEntityResponse:
        """Return an entity; one without state does not exist."""
        hub = await self._entity_hub(context)
        return entity_answer(
            await hub.get_entity(request.instanceId, with_state=request.includeState)
        )

    async def QueryEntities(
        self, request: pb.QueryEntitiesRequest, context: Context
    ) -> pb.QueryEntitiesResponse:
        """Return a page of entities."""
        return await entity_page(await self._entity_hub(context), request.query)

    async def CleanEntityStorage(
        self, request: pb.CleanEntityStorageRequest, context: Context
    ) -> pb.CleanEntityStorageResponse:
        """Remove empty entities and release orphaned locks."""
        return await cleaned(await self._entity_hub(context), request)

    async def CompleteEntityTask(
        self, batch: pb.EntityBatchResult, context: Context
    ) -> pb.CompleteTaskResponse:
        """Take the end of a batch; one that failed as a whole is delivered again after a while."""
        hub = await self._entity_hub(context)
        token = batch.completionToken
        try:
            if batch.HasField("failureDetails") or batch.requiresState:
                extra = {"hub": hub.name, "error_type": batch.failureDetails.errorType}
                log.warning("entity-batch-failed", extra=extra)
                await hub.abandon(token)
                return pb.CompleteTaskResponse()
            await hub.complete_entity(token, "", entity_result(batch))
        except UsageError:
            await hub.abandon(token)
            raise
        finally:
            self._lifetime.settled(token)
        return pb.CompleteTaskResponse()


def entity_answer(entity: Entity | None) -> pb.GetEntityResponse:
    """Return the answer about one entity, which may not exist."""
    if entity is None:
        return pb.GetEntityResponse(exists=False)
    return pb.GetEntityResponse(exists=True, entity=entity_to_proto(entity))


def entity_to_proto(entity: Entity) -> pb.EntityMetadata:
    """Return an entity for the wire."""
    return pb.EntityMetadata(
        instanceId=entity.instance_id,
        lastModifiedTime=timestamp(entity.last_modified),
        backlogQueueSize=entity.status.backlog,
        lockedBy=string_value(entity.status.locked_by),
        serializedState=string_value(entity.state),
    )


async def entity_page(hub: Hub, wanted: pb.EntityQuery) -> pb.QueryEntitiesResponse:
    """Return a page of entities that every client can receive.

    A page that is too large is asked for again, shorter: only the hub knows where the next begins.
    """
    count = wanted.pageSize.value if wanted.HasField("pageSize") else DEFAULT_PAGE
    if count < 0:
        raise BadRequest("a page size is not negative")
    size = min(count or DEFAULT_PAGE, LARGEST_PAGE)
    while True:
        page = await hub.query_entities(
            EntityQuery(
                prefix=text_of(wanted, "instanceIdStartsWith") or "",
                modified_from=ticks_of(wanted, "lastModifiedFrom"),
                modified_to=ticks_of(wanted, "lastModifiedTo"),
                with_state=wanted.includeState,
                transient=wanted.includeTransient,
                page_size=size,
                token=filled_text(wanted, "continuationToken"),
            )
        )
        answer = pb.QueryEntitiesResponse(
            entities=[entity_to_proto(entity) for entity in page.entities],
            continuationToken=string_value(page.token or None),
        )
        if answer.ByteSize() <= MOST_BYTES or size == 1:
            return answer
        size = max(1, size // 2)


async def cleaned(hub: Hub, request: pb.CleanEntityStorageRequest) -> pb.CleanEntityStorageResponse:
    """Clean up, and return what was done."""
    done = await hub.clean_entities(
        remove_empty=request.removeEmptyEntities,
        release_locks=request.releaseOrphanedLocks,
        token=filled_text(request, "continuationToken"),
    )
    return pb.CleanEntityStorageResponse(
        continuationToken=string_value(done.token or None),
        emptyEntitiesRemoved=done.removed,
        orphanedLocksReleased=done.released,
    )
