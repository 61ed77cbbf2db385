# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls that begin, go on with and end an extended session."""

from durahub.dispatch.streams import StreamClosed
from durahub.dispatch.work import OrchestratorWork
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.items import entities_of, new_for_dtfx
from durahub.edge.backend.sessions import Session, Sessions, next_work
from durahub.edge.backend.worker_calls import BackendWorkerCalls
from durahub.edge.gating import calling
from durahub.edge.history_chunks import HistoryChunks
from durahub.edge.hub import Hub
from durahub.edge.metadata import caller_of
from durahub.edge.statuses import status_from_proto
from durahub.edge.worker_calls import Context


class SessionCalls(BackendWorkerCalls):
    """The worker's half of the service, with sessions. A server has one."""

    _sessions: Sessions

    async def CompleteOrchestrationWorkItemWithExtendedSession(
        self, request: bs.CompleteOrchestrationWorkItemRequest, context: Context
    ) -> None:
        """Take the end of a turn, and send what is new for its instance until the caller cancels."""
        hub = await self._hub(context)
        token = request.completionToken
        session = self._sessions.find(hub.name, token)
        if session is None:
            session = await self._begin(hub, request, context)
        elif request.completionCount > session.count:
            session.count = request.completionCount
            await self._complete_turn(hub, _with_token(request, session.token))
        accepted = bs.CompleteOrchestrationWorkItemResponse()
        await context.write(bs.CompleteInstanceWorkItemResponse(orchestratorResponse=accepted))
        if session is None:
            return
        if status_from_proto(request.runtimeStatus).is_terminal:
            self._sessions.end(hub.name, token)
        else:
            await self._follow(hub, token, session, context)

    async def CompleteEntityWorkItemWithExtendedSession(
        self, request: bs.CompleteEntityWorkItemRequest, context: Context
    ) -> None:
        """Take the end of a batch; no session follows: what comes later comes as a work item."""
        answer = await self.CompleteEntityWorkItem(request, context)
        await context.write(bs.CompleteInstanceWorkItemResponse(entityResponse=answer))

    async def CompleteOrchestrationWorkItem(
        self, request: bs.CompleteOrchestrationWorkItemRequest, context: Context
    ) -> bs.CompleteOrchestrationWorkItemResponse:
        """Take the end of a turn, or a part of it; the last one of its session, if it has one."""
        hub = await self._hub(context)
        session = self._sessions.find(hub.name, request.completionToken)
        if session is None or request.completionCount > session.count:
            token = self._sessions.token_of(hub.name, request.completionToken)
            await self._complete_turn(hub, _with_token(request, token))
        if not request.isPartial:
            self._sessions.end(hub.name, request.completionToken)
        return bs.CompleteOrchestrationWorkItemResponse()

    async def _abandon(self, token: str, context: Context) -> None:
        session = self._sessions.end((await self._hub(context)).name, token)
        await super()._abandon(session.token if session is not None else token, context)

    async def _release(self, token: str, context: Context) -> None:
        session = self._sessions.end((await self._hub(context)).name, token)
        await super()._release(session.token if session is not None else token, context)

    async def _begin(
        self, hub: Hub, request: bs.CompleteOrchestrationWorkItemRequest, context: Context
    ) -> Session | None:
        """Hand in the first turn of a session; ``None`` where none follows."""
        instance_id = request.instance.instanceId
        ended = status_from_proto(request.runtimeStatus).is_terminal
        if ended or request.isPartial or not instance_id:
            await self._complete_turn(hub, request)
            return None
        worker_id = caller_of(context.invocation_metadata()).worker_id or ""
        stream = hub.pin(instance_id, worker_id, calling())  # before its next turn can go elsewhere
        try:
            await self._complete_turn(hub, request)
        except BaseException:
            stream.close()
            raise
        session = Session(instance_id, stream, request.completionToken, request.completionCount)
        self._sessions.begin(hub.name, request.completionToken, session)
        return session

    async def _follow(self, hub: Hub, token: str, session: Session, context: Context) -> None:
        """Send the messages of the session's turns until it, or this call, comes to its end."""
        replaced = session.take_over()
        try:
            while True:
                work = await next_work(session, replaced, self._lifetime)
                if not isinstance(work, OrchestratorWork):
                    return
                session.token = work.token
                self._lifetime.given(work.token, session.stream)
                chunks = HistoryChunks()
                for event in new_for_dtfx(work, entities_of(work)):
                    full = chunks.add(event)
                    if full is not None:
                        await context.write(bs.CompleteInstanceWorkItemResponse(newMessages=full))
                rest = chunks.rest()
                await context.write(bs.CompleteInstanceWorkItemResponse(newMessages=rest))
        except StreamClosed:
            return
        finally:
            if not replaced.is_set():
                self._sessions.end(hub.name, token)
                self._lifetime.stream_ended(session.stream)


def _with_token(
    request: bs.CompleteOrchestrationWorkItemRequest, token: str
) -> bs.CompleteOrchestrationWorkItemRequest:
    if request.completionToken == token:
        return request
    known = bs.CompleteOrchestrationWorkItemRequest()
    known.CopyFrom(request)
    known.completionToken = token
    return known
