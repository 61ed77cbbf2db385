# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls of workers that are DTFx: the stream of work items, histories, and what comes of each."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.work import StreamOptions
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.completions import (
    activity_result,
    entity_batch,
    history_result,
    joined,
)
from durahub.edge.backend.items import dtfx_item, dtfx_options, past_for_dtfx
from durahub.edge.gating import calling
from durahub.edge.history_chunks import HistoryChunks
from durahub.edge.hub import Hub
from durahub.edge.metadata import Caller
from durahub.edge.wellknown import filled_text
from durahub.edge.worker_calls import Context, WorkerCalls
from durahub.errors import NotThere, UsageError
from durahub.model.history import Event

log = logging.getLogger(__name__)


class BackendWorkerCalls(WorkerCalls):
    """The worker's half of the service; method names are the protocol's."""

    _make_item: Callable[..., bytes] = staticmethod(dtfx_item)
    _join_parts: Callable[[list[Any]], Any] = staticmethod(joined)

    def _options(
        self,
        request: pb.GetWorkItemsRequest,
        worker_id: str,
        caller: Caller,  # noqa: ARG002 (DTFx speaks the protocol's entity events, whoever calls)
    ) -> StreamOptions:
        return dtfx_options(request, worker_id)

    # -- histories -----------------------------------------------------------------------------

    async def GetOrchestrationRuntimeState(
        self, request: bs.GetOrchestrationRuntimeStateRequest, context: Context
    ) -> bs.GetOrchestrationRuntimeStateResponse:
        """Return the history before the turn that is out to this caller; nothing without one.

        A worker may not read what it has no work item of, and a turn that is gone is refused anyhow.
        """
        execution_id = filled_text(request.instance, "executionId")
        past = await self._past(request.instance.instanceId, execution_id, context)
        return bs.GetOrchestrationRuntimeStateResponse(history=past_for_dtfx(past))

    async def StreamInstanceHistory(
        self, request: pb.StreamInstanceHistoryRequest, context: Context
    ) -> None:
        """Send a history: of the turn that is out, or to a client all that is stored."""
        execution_id = filled_text(request, "executionId")
        if request.forWorkItemProcessing:
            past = await self._past(request.instanceId, execution_id, context)
        else:
            past = await self._stored(request.instanceId, execution_id, context)
        chunks = HistoryChunks()
        for event in past_for_dtfx(past):
            full = chunks.add(event)
            if full is not None:
                await context.write(full)
        rest = chunks.rest()
        if rest is not None:
            await context.write(rest)

    async def _past(
        self, instance_id: str, execution_id: str | None, context: Context
    ) -> Sequence[Event]:
        hub = await self._hub(context)
        return hub.work_history(instance_id, execution_id or "", calling()) or ()

    async def _stored(
        self, instance_id: str, execution_id: str | None, context: Context
    ) -> tuple[Event, ...]:
        history = (await self._hub(context)).history(instance_id, execution_id)
        return tuple([event async for event in history])

    # -- completions ---------------------------------------------------------------------------

    async def CompleteOrchestrationWorkItem(
        self, request: bs.CompleteOrchestrationWorkItemRequest, context: Context
    ) -> bs.CompleteOrchestrationWorkItemResponse:
        """Take the end of a turn, or a part of it."""
        await self._complete_turn(await self._hub(context), request)
        return bs.CompleteOrchestrationWorkItemResponse()

    async def _complete_turn(
        self, hub: Hub, request: bs.CompleteOrchestrationWorkItemRequest
    ) -> None:
        """Hand in a turn, or keep a part of it; give back to the hub what means nothing."""
        instance_id = request.instance.instanceId
        try:
            whole = self._parts[hub.name].add(request)
            result = None if whole is None else history_result(whole, self._clock())
        except UsageError as error:
            log.warning(
                "completion-refused",
                extra={"hub": hub.name, "instance_id": instance_id, "code": error.code},
            )
            await self._give_back(hub, request)
            raise
        if result is not None:
            try:
                await hub.complete_orchestration(request.completionToken, instance_id, result)
            finally:
                self._settle(hub, request)

    async def CompleteActivityWorkItem(
        self, request: bs.CompleteActivityWorkItemRequest, context: Context
    ) -> bs.CompleteActivityWorkItemResponse:
        """Take the answer of an activity; the token tells which."""
        hub = await self._hub(context)
        token = request.completionToken
        try:
            answer = activity_result(request, self._clock())
            await hub.complete_activity(token, "", 0, result=answer.result, failure=answer.failure)
        except NotThere:
            self._lifetime.settled(token)
            raise
        except UsageError:
            await self._abandon(token, context)
            raise
        self._lifetime.settled(token)
        return bs.CompleteActivityWorkItemResponse()

    async def CompleteEntityWorkItem(
        self, request: bs.CompleteEntityWorkItemRequest, context: Context
    ) -> bs.CompleteEntityWorkItemResponse:
        """Take the end of an entity's batch."""
        hub = await self._hub(context)
        token = request.completionToken
        try:
            answer = entity_batch(request, self._clock())
            await hub.complete_entity(token, request.instanceId, answer)
        except UsageError:
            await hub.abandon(token)
            raise
        finally:
            self._lifetime.settled(token)
        return bs.CompleteEntityWorkItemResponse()

    # -- giving back ---------------------------------------------------------------------------

    async def AbandonOrchestrationWorkItem(
        self, request: bs.AbandonOrchestrationWorkItemRequest, context: Context
    ) -> bs.AbandonOrchestrationWorkItemResponse:
        """Take a turn back; a token that nobody knows is no error."""
        await self._abandon(request.completionToken, context)
        return bs.AbandonOrchestrationWorkItemResponse()

    async def AbandonActivityWorkItem(
        self, request: bs.AbandonActivityWorkItemRequest, context: Context
    ) -> bs.AbandonActivityWorkItemResponse:
        """Take an activity back; a token that nobody knows is no error."""
        await self._abandon(request.completionToken, context)
        return bs.AbandonActivityWorkItemResponse()

    async def AbandonEntityWorkItem(
        self, request: bs.AbandonEntityWorkItemRequest, context: Context
    ) -> bs.AbandonEntityWorkItemResponse:
        """Take an entity's batch back; a token that nobody knows is no error."""
        await self._abandon(request.completionToken, context)
        return bs.AbandonEntityWorkItemResponse()

    async def ReleaseOrchestrationWorkItem(
        self, request: bs.ReleaseOrchestrationWorkItemRequest, context: Context
    ) -> bs.ReleaseOrchestrationWorkItemResponse:
        """Let an instance go: its messages, if any are left, are given out at once."""
        await self._release(request.completionToken, context)
        return bs.ReleaseOrchestrationWorkItemResponse()

    async def ReleaseEntityWorkItem(
        self, request: bs.ReleaseEntityWorkItemRequest, context: Context
    ) -> bs.ReleaseEntityWorkItemResponse:
        """Let an entity go: its operations, if any are left, are given out at once."""
        await self._release(request.completionToken, context)
        return bs.ReleaseEntityWorkItemResponse()

    async def _release(self, token: str, context: Context) -> None:
        await (await self._hub(context)).abandon(token, at_once=True)
        self._lifetime.settled(token)
