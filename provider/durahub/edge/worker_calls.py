# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls of workers: the stream of work items, and what comes of each.

A completion may come over another connection than the one that its work item went out on, so nothing
here is bound to a connection but the stream.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.empty_pb2 import Empty

from durahub.dispatch.work import StreamOptions
from durahub.edge.actions import turn_result
from durahub.edge.entity_events import EntityEvents
from durahub.edge.failures import failure_from_proto
from durahub.edge.gating import calling
from durahub.edge.history_chunks import HistoryChunks
from durahub.edge.hub import Hub
from durahub.edge.lifetime import Lifetime, stopping
from durahub.edge.metadata import (
    DTFX_NUMBERS,
    NUMBERS,
    Caller,
    HubDirectory,
    caller_of,
    hub_of,
)
from durahub.edge.partial_completions import PartialCompletions, joined
from durahub.edge.projection import for_worker
from durahub.edge.wellknown import filled_text, text_of
from durahub.edge.work_item_sender import Sending, WorkItemSender
from durahub.edge.work_items import counting_of, stream_options, work_item
from durahub.errors import NotThere, UsageError
from durahub.model.history import ExecutionStarted
from durahub.model.ticks import Ticks

log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class WorkerCalls:
    """The worker's half of the service; method names are the protocol's."""

    def __init__(
        self,
        directory: HubDirectory,
        lifetime: Lifetime,
        *,
        clock: Callable[[], Ticks],
        monotonic: Callable[[], float],
        sending: Sending,
    ) -> None:
        self._directory = directory
        self._lifetime = lifetime
        self._clock = clock
        self._parts: defaultdict[str, PartialCompletions[Any]] = defaultdict(  # by hub
            lambda: PartialCompletions(monotonic, join=self._join_parts)
        )
        self._sending = sending

    async def _hub(self, context: Context) -> Hub:
        return await hub_of(self._directory, caller_of(context.invocation_metadata()))

    # what differs between the services:
    _make_item: Callable[..., bytes] = staticmethod(work_item)
    _join_parts: Callable[[list[Any]], Any] = staticmethod(joined)

    def _options(
        self, request: pb.GetWorkItemsRequest, worker_id: str, caller: Caller
    ) -> StreamOptions:
        return stream_options(
            request,
            worker_id,
            native_entities=caller.native_entities,
            counting=counting_of(request, caller),
        )

    # -- the stream ----------------------------------------------------------------------------

    async def Hello(self, request: Empty, context: Context) -> Empty:  # noqa: ARG002 (the protocol's)
        """Tell a worker that it may come."""
        await self._hub(context)
        if self._lifetime.draining:
            raise stopping()
        await context.send_initial_metadata(((NUMBERS, DTFX_NUMBERS),))
        return Empty()

    async def GetWorkItems(self, request: pb.GetWorkItemsRequest, context: Context) -> None:
        """Send work items, with a ping whenever there was nothing for a while, until either side ends."""
        caller = caller_of(context.invocation_metadata())
        hub = await hub_of(self._directory, caller)
        if self._lifetime.draining:
            raise stopping()
        worker_id = caller.worker_id or request.worker_instance_id or uuid.uuid4().hex
        options = replace(self._options(request, worker_id, caller), principal=calling())
        await context.send_initial_metadata(())  # .NET's watchdog starts with the headers
        stream = hub.connect(options)
        sender = WorkItemSender(
            hub,
            stream,
            options,
            context,
            self._lifetime,
            self._sending,
            on_pulse=partial(self._drop_stale_parts, hub),
            make_item=self._make_item,
        )
        try:
            await sender.run()
        finally:
            stream.close()
            self._lifetime.stream_ended(stream)
        raise stopping()  # a stream that ends with OK makes Java come back without a pause

    async def _work_history(
        self, request: pb.StreamInstanceHistoryRequest, context: Context
    ) -> None:
        """Send the past events of a work item of this caller's.

        Nothing if it is gone, for then its completion is refused.

        Never fails because of the item: .NET would complete the orchestration as failed.
        """
        execution_id = filled_text(request, "executionId") or ""
        hub = await self._hub(context)
        past = hub.work_history(request.instanceId, execution_id, calling()) or ()
        started = next((e for e in past if isinstance(e, ExecutionStarted)), None)
        native = caller_of(context.invocation_metadata()).native_entities
        entities = EntityEvents.of(past) if native else None
        chunks = HistoryChunks()
        for event in for_worker(past, started, entities):
            full = chunks.add(event)
            if full is not None:
                await context.write(full)
        rest = chunks.rest()
        if rest is not None:
            await context.write(rest)

    # -- completions ---------------------------------------------------------------------------

    async def CompleteOrchestratorTask(
        self, response: pb.OrchestratorResponse, context: Context
    ) -> pb.CompleteTaskResponse:
        """Take the end of a turn, or a part of it. What means nothing is given back to the hub."""
        hub = await self._hub(context)
        token = response.completionToken
        try:
            whole = self._parts[hub.name].add(response)
            result = None if whole is None else turn_result(whole, self._clock())
        except UsageError as error:
            log.warning(
                "completion-refused",
                extra={"hub": hub.name, "instance_id": response.instanceId, "code": error.code},
            )
            await self._give_back(hub, response)
            raise
        if whole is None or result is None:
            return pb.CompleteTaskResponse()
        if whole.requiresHistory:
            # Only a worker that was sent no history may ask for it; ours always are.
            log.warning(
                "history-asked-for",
                extra={"hub": hub.name, "instance_id": response.instanceId},
            )
            await self._give_back(hub, response)
            return pb.CompleteTaskResponse()
        try:
            await hub.complete_orchestration(token, response.instanceId, result)
        except NotThere:
            self._settle(hub, response)
            raise
        self._settle(hub, response)
        return pb.CompleteTaskResponse()

    async def CompleteActivityTask(
        self, response: pb.ActivityResponse, context: Context
    ) -> pb.CompleteTaskResponse:
        """Take the result of an activity."""
        hub = await self._hub(context)
        token = response.completionToken
        failed = response.HasField("failureDetails")
        try:
            await hub.complete_activity(
                token,
                response.instanceId,
                response.taskId,
                result=text_of(response, "result"),
                failure=failure_from_proto(response.failureDetails) if failed else None,
            )
        except NotThere:
            self._lifetime.settled(token)
            raise
        self._lifetime.settled(token)
        return pb.CompleteTaskResponse()

    async def AbandonTaskOrchestratorWorkItem(
        self, request: pb.AbandonOrchestrationTaskRequest, context: Context
    ) -> pb.AbandonOrchestrationTaskResponse:
        """Take a turn back; a token that nobody knows is no error."""
        await self._abandon(request.completionToken, context)
        return pb.AbandonOrchestrationTaskResponse()

    async def AbandonTaskActivityWorkItem(
        self, request: pb.AbandonActivityTaskRequest, context: Context
    ) -> pb.AbandonActivityTaskResponse:
        """Take an activity back; a token that nobody knows is no error."""
        await self._abandon(request.completionToken, context)
        return pb.AbandonActivityTaskResponse()

    async def AbandonTaskEntityWorkItem(
        self, request: pb.AbandonEntityTaskRequest, context: Context
    ) -> pb.AbandonEntityTaskResponse:
        """Take an entity's work back; a token that nobody knows is no error."""
        await self._abandon(request.completionToken, context)
        return pb.AbandonEntityTaskResponse()

    async def _abandon(self, token: str, context: Context) -> None:
        await (await self._hub(context)).abandon(token)
        self._lifetime.settled(token)

    async def _drop_stale_parts(self, hub: Hub) -> None:
        """Give back the turns whose workers began to complete them and stopped half-way."""
        for token in self._parts[hub.name].drop_stale():
            log.warning("partial-completion-dropped", extra={"hub": hub.name})
            self._lifetime.settled(token)
            await hub.abandon(token)

    async def _give_back(self, hub: Hub, response: Any) -> None:
        self._settle(hub, response)
        await hub.abandon(response.completionToken)

    def _settle(self, hub: Hub, response: Any) -> None:
        self._parts[hub.name].taken(response)
        self._lifetime.settled(response.completionToken)
