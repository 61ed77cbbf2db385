# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls about the hub itself: whether it is there, how much work it has, and workers that leave."""

import logging

from durahub.dispatch.load import WorkNumbers
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.hub import Hub
from durahub.edge.metadata import HubDirectory, caller_of, hub_of
from durahub.edge.worker_calls import Context

log = logging.getLogger(__name__)


class HubCalls:
    """The hub's part of the service; method names are the protocol's."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    async def _called_hub(self, context: Context) -> Hub:
        return await hub_of(self._directory, caller_of(context.invocation_metadata()))

    async def Ping(
        self,
        request: bs.PingRequest,  # noqa: ARG002 (the protocol's)
        context: Context,
    ) -> bs.PingResponse:
        """Tell that the hub is there."""
        await self._called_hub(context)
        return bs.PingResponse()

    async def GetMetrics(
        self,
        request: bs.GetMetricsRequest,  # noqa: ARG002 (the protocol's)
        context: Context,
    ) -> bs.GetMetricsResponse:
        """Return how much work waits and how much is with workers: what scalers look at."""
        load = await (await self._called_hub(context)).load()
        return bs.GetMetricsResponse(
            metrics=bs.BackendMetrics(
                orchestratorWorkItems=_numbers(load.orchestrations),
                activityWorkItems=_numbers(load.activities),
                entityWorkItems=_numbers(load.entities),
                connectedWorkers=bs.ConnectedWorkerMetrics(count=load.workers),
            )
        )

    async def BeginWorkerDrain(
        self, request: bs.BeginWorkerDrainRequest, context: Context
    ) -> bs.BeginWorkerDrainResponse:
        """Give the calling worker no more work; what it has it may complete, on its open stream."""
        caller = caller_of(context.invocation_metadata())
        hub = await hub_of(self._directory, caller)
        found = caller.worker_id is not None and await hub.drain_worker(caller.worker_id)
        seconds = request.drainTimeout.seconds if request.HasField("drainTimeout") else None
        log.info(
            "worker-draining",
            extra={
                "hub": hub.name,
                "worker_id": caller.worker_id,
                "found": found,
                "time_limit": seconds,
            },
        )
        return bs.BeginWorkerDrainResponse(workerFound=found)


def _numbers(numbers: WorkNumbers) -> bs.WorkItemMetrics:
    return bs.WorkItemMetrics(
        pending=numbers.pending,
        active=numbers.active,
        oldestAgeInSeconds=int(numbers.oldest_age),
    )
