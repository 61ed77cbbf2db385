# ruff: noqa: D102 (what the calls do is the protocol's: scheduler protocol 2.2 and 3)
"""The calls of ``TaskHubSidecarService``, which every compatible endpoint offers.

Each raises `ServerUnavailable`, `EndpointBusy` (throttled for too long), `EndpointDenied`, `EndpointLacks`
(not offered), `EndpointRejects` (not valid) or `HubNotFound`, and what it names itself.
"""

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

from durahub.edge.metadata import DTFX_NUMBERS, NUMBERS
from durahub_migrate.endpoint.rpcs import SIDECAR, rpc
from durahub_migrate.endpoint.wire import Wire

PAGE = 100
"""Instances that are asked for at a time: with 40 KB each a page is still below what clients receive."""


class EndpointClient:
    """A hub behind an endpoint."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @property
    def place(self) -> str:
        """Where it is, as errors tell it."""
        return self.wire.place

    async def hello(self) -> bool:
        """Tell whether it answers, without the patience for one that is only busy.

        Returns whether it is a server of durahub, whose histories have DTFx's numbers of actions.
        """
        wire = replace(self.wire, patience=replace(self.wire.patience, deadline=10.0, attempts=2))
        headers: dict[str, str] = {}
        await wire.call(rpc(SIDECAR, "Hello"), Empty(), headers=headers)
        return headers.get(NUMBERS) == DTFX_NUMBERS

    async def create_task_hub(self) -> None:
        """Create the hub; one that is there stays as it is."""
        await self._call("CreateTaskHub", pb.CreateTaskHubRequest(recreateIfExists=False))

    async def delete_task_hub(self) -> None:
        """Delete the hub with everything in it."""
        await self._call("DeleteTaskHub", pb.DeleteTaskHubRequest())

    # -- instances -----------------------------------------------------------------------------

    async def start_instance(self, request: pb.CreateInstanceRequest) -> str:
        """Return the instance's ID. Raises `InstanceExists`, also where an earlier attempt has made it."""
        answer = await self._call("StartInstance", request, request.instanceId)
        return str(answer.instanceId)

    async def get_instance(
        self, instance_id: str, *, payloads: bool = True
    ) -> pb.OrchestrationState | None:
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=payloads)
        answer = await self._call("GetInstance", request, instance_id)
        return answer.orchestrationState if answer.exists else None

    async def query_instances(
        self,
        *,
        prefix: str = "",
        statuses: Iterable[int] = (),
        payloads: bool = False,
        page: int = PAGE,
    ) -> AsyncIterator[pb.OrchestrationState]:
        """Yield orchestrations, page by page; no entities. One may come twice if it changes meanwhile."""
        token: str | None = None
        while True:
            states, token = await self.instance_page(
                token, prefix=prefix, statuses=statuses, payloads=payloads, page=page
            )
            for state in states:
                yield state
            if token is None:
                return

    async def instance_page(
        self,
        token: str | None,
        *,
        prefix: str = "",
        statuses: Iterable[int] = (),
        created_from: Timestamp | None = None,
        payloads: bool = False,
        page: int = PAGE,
    ) -> tuple[Sequence[pb.OrchestrationState], str | None]:
        """Return a page of orchestrations, and the token of the next one; ``None`` at the end."""
        query = pb.InstanceQuery(
            runtimeStatus=statuses,  # type: ignore[arg-type]
            createdTimeFrom=created_from,
            maxInstanceCount=page,
            fetchInputsAndOutputs=payloads,
            instanceIdPrefix=_text(prefix or None),
            continuationToken=_text(token),
        )
        answer = await self._call("QueryInstances", pb.QueryInstancesRequest(query=query))
        following = answer.continuationToken.value
        return answer.orchestrationState, following if following != token and following else None

    async def history(
        self, instance_id: str, *, execution_id: str | None = None, for_work_item: bool = False
    ) -> list[pb.HistoryEvent]:
        """Return the whole history; some endpoints give none of an instance that they do not have.

        Raises `InstanceNotFound` with others.
        """
        request = pb.StreamInstanceHistoryRequest(
            instanceId=instance_id,
            executionId=_text(execution_id),
            forWorkItemProcessing=for_work_item,
        )
        chunks = await self.wire.collect(
            rpc(SIDECAR, "StreamInstanceHistory"), request, instance_id
        )
        return [event for chunk in chunks for event in chunk.events]

    async def raise_event(self, instance_id: str, name: str, data: str | None) -> None:
        """Raise an event; it is never sent again by itself. Raises `InstanceNotFound`."""
        request = pb.RaiseEventRequest(instanceId=instance_id, name=name, input=_text(data))
        await self._call("RaiseEvent", request, instance_id)

    async def suspend(self, instance_id: str, reason: str | None = None) -> None:
        request = pb.SuspendRequest(instanceId=instance_id, reason=_text(reason))
        await self._call("SuspendInstance", request, instance_id)

    async def resume(self, instance_id: str, reason: str | None = None) -> None:
        request = pb.ResumeRequest(instanceId=instance_id, reason=_text(reason))
        await self._call("ResumeInstance", request, instance_id)

    async def terminate(
        self, instance_id: str, output: str | None = None, *, recursive: bool = False
    ) -> None:
        request = pb.TerminateRequest(
            instanceId=instance_id, output=_text(output), recursive=recursive
        )
        await self._call("TerminateInstance", request, instance_id)

    async def purge(self, instance_id: str, *, recursive: bool = False) -> int:
        """Return how many were removed. Raises `WrongStatus` where one that runs is refused."""
        request = pb.PurgeInstancesRequest(instanceId=instance_id, recursive=recursive)
        answer = await self._call("PurgeInstances", request, instance_id)
        return int(answer.deletedInstanceCount)

    async def rewind(self, instance_id: str, reason: str | None = None) -> None:
        """Rewind one that has failed; never sent again by itself. Raises `WrongStatus`."""
        request = pb.RewindInstanceRequest(instanceId=instance_id, reason=_text(reason))
        await self._call("RewindInstance", request, instance_id)

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start one again, and return the ID; never sent again by itself. Raises `WrongStatus`."""
        request = pb.RestartInstanceRequest(instanceId=instance_id, restartWithNewInstanceId=new_id)
        answer = await self._call("RestartInstance", request, instance_id)
        return str(answer.instanceId)

    # -- entities ------------------------------------------------------------------------------

    async def query_entities(
        self, *, prefix: str = "", state: bool = True, transient: bool = True, page: int = PAGE
    ) -> AsyncIterator[pb.EntityMetadata]:
        """Yield entities, page by page; with *transient* those without a state too."""
        token: str | None = None
        while True:
            entities, token = await self.entity_page(
                token, prefix=prefix, state=state, transient=transient, page=page
            )
            for entity in entities:
                yield entity
            if token is None:
                return

    async def entity_page(
        self,
        token: str | None,
        *,
        prefix: str = "",
        state: bool = True,
        transient: bool = True,
        modified_from: Timestamp | None = None,
        page: int = PAGE,
    ) -> tuple[Sequence[pb.EntityMetadata], str | None]:
        """Return a page of entities, and the token of the next one; ``None`` at the end."""
        query = pb.EntityQuery(
            instanceIdStartsWith=_text(prefix or None),
            lastModifiedFrom=modified_from,
            includeState=state,
            includeTransient=transient,
            continuationToken=_text(token),
        )
        query.pageSize.value = page
        answer = await self._call("QueryEntities", pb.QueryEntitiesRequest(query=query))
        following = answer.continuationToken.value
        return answer.entities, following if following != token and following else None

    async def get_entity(self, instance_id: str, *, state: bool = True) -> pb.EntityMetadata | None:
        request = pb.GetEntityRequest(instanceId=instance_id, includeState=state)
        answer = await self._call("GetEntity", request, instance_id)
        return answer.entity if answer.exists else None

    async def clean_entities(self, *, empty: bool = True, locks: bool = False) -> tuple[int, int]:
        """Remove all entities that hold nothing, and release orphaned locks; return how many of each."""
        removed, released, token = 0, 0, ""
        while True:
            request = pb.CleanEntityStorageRequest(
                removeEmptyEntities=empty,
                releaseOrphanedLocks=locks,
                continuationToken=_text(token or None),
            )
            answer = await self._call("CleanEntityStorage", request)
            removed += int(answer.emptyEntitiesRemoved)
            released += int(answer.orphanedLocksReleased)
            following = answer.continuationToken.value
            if not following or following == token:
                return removed, released
            token = following

    async def signal_entity(
        self,
        instance_id: str,
        operation: str,
        data: str | None,
        *,
        request_id: str,
        due: Timestamp | None = None,
    ) -> None:
        """Signal an entity, *due* in the future; never sent again by itself."""
        request = pb.SignalEntityRequest(
            instanceId=instance_id,
            name=operation,
            input=_text(data),
            requestId=request_id,
            scheduledTime=due,
        )
        await self._call("SignalEntity", request, instance_id)

    # -- a worker ------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def work_items(
        self, request: pb.GetWorkItemsRequest
    ) -> AsyncIterator[AsyncIterator[pb.WorkItem]]:
        """Be a worker for the body, which iterates over what it is given; pings are among it."""
        async with self.wire.open(rpc(SIDECAR, "GetWorkItems"), request) as items:
            yield items

    async def complete_orchestrator(self, response: pb.OrchestratorResponse) -> None:
        """End a work item. Raises `WorkItemNotFound` if its token is used up, by an earlier try too."""
        await self._call("CompleteOrchestratorTask", response, response.completionToken)

    async def complete_activity(self, response: pb.ActivityResponse) -> None:
        """End a work item. Raises `WorkItemNotFound` if its token is used up, by an earlier try too."""
        await self._call("CompleteActivityTask", response, response.completionToken)

    async def complete_entity(self, result: pb.EntityBatchResult) -> None:
        """End a work item. Raises `WorkItemNotFound` if its token is used up, by an earlier try too."""
        await self._call("CompleteEntityTask", result, result.completionToken)

    async def abandon_orchestrator(self, token: str) -> None:
        request = pb.AbandonOrchestrationTaskRequest(completionToken=token)
        await self._call("AbandonTaskOrchestratorWorkItem", request, token)

    async def abandon_activity(self, token: str) -> None:
        request = pb.AbandonActivityTaskRequest(completionToken=token)
        await self._call("AbandonTaskActivityWorkItem", request, token)

    async def abandon_entity(self, token: str) -> None:
        request = pb.AbandonEntityTaskRequest(completionToken=token)
        await self._call("AbandonTaskEntityWorkItem", request, token)

    async def _call(self, name: str, request: Message, about: str = "") -> Any:
        return await self.wire.call(rpc(SIDECAR, name), request, about)


def _text(text: str | None) -> StringValue | None:
    return None if text is None else StringValue(value=text)
