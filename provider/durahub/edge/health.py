# ruff: noqa: N802 (the methods are named as in the protocol)
"""``grpc.health.v1``: readiness for who asks over gRPC, such as Kubernetes' probes and gRPC's balancers.

It says of each service what it says of the server (an empty name): all are ready, or none.
"""

import asyncio
from typing import Any

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from grpc_health.v1 import health_pb2

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.lifetime import Lifetime
from durahub.edge.readiness import Readiness
from durahub.errors import TooManyAtOnce

LOOK_EVERY = 5.0  # seconds between two looks for somebody who watches

Context = grpc.aio.ServicerContext[Any, Any]

SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"]
_STATUS = health_pb2.HealthCheckResponse
_SERVICES = frozenset(
    {
        "",
        SERVICE.full_name,
        pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"].full_name,
        bs.DESCRIPTOR.services_by_name["BackendService"].full_name,
    }
)


class Health:
    """The service."""

    def __init__(self, readiness: Readiness, lifetime: Lifetime, most: int) -> None:
        """Let *most* callers watch at once: nobody asks them who they are."""
        self._readiness = readiness
        self._lifetime = lifetime
        self._most = most
        self._watching = 0

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Context) -> Any:
        """Tell whether a service is ready; ``NOT_FOUND`` for one that is not here."""
        if request.service not in _SERVICES:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return _STATUS(status=self._status(request.service))

    async def List(self, request: health_pb2.HealthListRequest, context: Context) -> Any:  # noqa: ARG002
        """Tell it of every service."""
        told = {name: _STATUS(status=self._status(name)) for name in sorted(_SERVICES)}
        return health_pb2.HealthListResponse(statuses=told)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Context) -> None:
        """Tell it at once, and whenever it changes, until the server ends. Raises `TooManyAtOnce`."""
        if self._watching >= self._most:
            raise TooManyAtOnce("streams", "probes that watch", self._most, "server.max_streams", 5)
        self._watching += 1
        try:
            await self._lifetime.until_ended(self._watch(request.service, context))
        finally:
            self._watching -= 1

    async def _watch(self, service: str, context: Context) -> None:
        told = None
        draining = asyncio.ensure_future(self._readiness.until_draining())
        try:
            while True:
                status = self._status(service)
                if status != told:
                    await context.write(_STATUS(status=status))
                    told = status
                pause = asyncio.ensure_future(asyncio.sleep(LOOK_EVERY))
                # behind the beginning of a drain nothing changes any more
                awaited = {pause} if draining.done() else {pause, draining}
                try:
                    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    pause.cancel()
        finally:
            draining.cancel()

    def _status(self, service: str) -> "health_pb2.HealthCheckResponse.ServingStatus":
        if service not in _SERVICES:
            return _STATUS.SERVICE_UNKNOWN
        return _STATUS.SERVING if self._readiness.now().is_ready else _STATUS.NOT_SERVING
