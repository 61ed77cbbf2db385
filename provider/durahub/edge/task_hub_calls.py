# ruff: noqa: N802 (the methods are named as in the protocol)
"""The calls that create and delete task hubs, where the server's settings let clients do that."""

from typing import Any, TypeAlias

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.metadata import HubDirectory, caller_of

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

NOT_ALLOWED = (
    "this server does not let clients create and delete task hubs; the setting "
    "server.allow_hub_management (--allow-hub-management) lets them"
)


class TaskHubCalls:
    """Calls of clients; the hub is the one that the call names."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    async def CreateTaskHub(
        self, request: pb.CreateTaskHubRequest, context: Context
    ) -> pb.CreateTaskHubResponse:
        """Create a hub; one that exists stays as it is unless it is to be created anew."""
        name = await self._managed(context)
        await self._directory.create(name, wipe=request.recreateIfExists)
        return pb.CreateTaskHubResponse()

    async def DeleteTaskHub(
        self,
        request: pb.DeleteTaskHubRequest,  # noqa: ARG002 (the protocol's)
        context: Context,
    ) -> pb.DeleteTaskHubResponse:
        """Delete a hub with everything in it."""
        await self._directory.delete(await self._managed(context))
        return pb.DeleteTaskHubResponse()

    async def _managed(self, context: Context) -> str:
        """Return the name of the hub that is called, if clients may manage hubs."""
        if not self._directory.allows_management:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, NOT_ALLOWED)
        caller = caller_of(context.invocation_metadata())
        return caller.task_hub or self._directory.default
