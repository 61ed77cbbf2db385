# ruff: noqa: N802 (the methods are named as in the protocol)
"""``TaskHubSidecarService``: what every portable Durable Task SDK speaks, clients and workers alike."""

from collections.abc import Callable

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.client_calls import ClientCalls
from durahub.edge.entity_calls import EntityCalls
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory
from durahub.edge.task_hub_calls import TaskHubCalls
from durahub.edge.work_item_sender import Sending
from durahub.edge.worker_calls import Context, WorkerCalls
from durahub.model.ticks import Ticks


class TaskHubSidecar(ClientCalls, TaskHubCalls, EntityCalls, WorkerCalls):
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
        TaskHubCalls.__init__(self, directory)
        EntityCalls.__init__(self, directory, lifetime)
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
