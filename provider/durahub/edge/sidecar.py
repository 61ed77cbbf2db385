# ruff: noqa: N802 (the methods are named as in the protocol)
"""``TaskHubSidecarService``: what every portable Durable Task SDK speaks, clients and workers alike."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.client_calls import ClientCalls
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory
from durahub.edge.work_item_sender import Sending
from durahub.edge.worker_calls import Context, WorkerCalls
from durahub.model.ticks import Ticks


def _not_served(why: str) -> Callable[[Any, Any, Context], Awaitable[None]]:
    """Return a method that answers UNIMPLEMENTED, with the reason."""

    async def refuse(self: Any, request: Any, context: Context) -> None:  # noqa: ARG001
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, why)

    return refuse


_NO_ENTITIES = "entities are not served by this server yet"
_NO_HUBS = "task hubs are created and deleted with `durahub hub`, not through the protocol"


class TaskHubSidecar(ClientCalls, WorkerCalls):
    """All calls of the service."""

    def __init__(
        self,
        directory: HubDirectory,
        lifetime: Lifetime,
        *,
        clock: Callable[[], Ticks],
        monotonic: Callable[[], float],
        sending: Sending,
    ) -> None:
        ClientCalls.__init__(self, directory, lifetime)
        WorkerCalls.__init__(
            self, directory, lifetime, clock=clock, monotonic=monotonic, sending=sending
        )

    async def StreamInstanceHistory(
        self, request: pb.StreamInstanceHistoryRequest, context: Context
    ) -> None:
        """Send a history: to a worker that of its work item, to a client all that is stored."""
        if request.forWorkItemProcessing:
            await self._work_history(request, context)
        else:
            await self._client_history(request, context)

    RewindInstance = _not_served("rewinding is not served by this server yet")
    ListInstanceIds = _not_served("listing instance IDs is not served by this server yet")
    SkipGracefulOrchestrationTerminations = _not_served(
        "terminating without a worker is not served by this server yet"
    )
    CreateTaskHub = _not_served(_NO_HUBS)
    DeleteTaskHub = _not_served(_NO_HUBS)
    CompleteEntityTask = _not_served(_NO_ENTITIES)
    SignalEntity = _not_served(_NO_ENTITIES)
    GetEntity = _not_served(_NO_ENTITIES)
    QueryEntities = _not_served(_NO_ENTITIES)
    CleanEntityStorage = _not_served(_NO_ENTITIES)
