"""Opens what purges a hub's instances: its store, or the server of this machine that has the hub's file."""

import contextlib
from collections.abc import AsyncIterator

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.address import HubAddress
from durahub.cli.held import endpoint_of, holder_of
from durahub.cli.opening import LOOKING, open_clients, resolve
from durahub.cli.running import Running, running_servers
from durahub.dispatch.autopurge import Purgeable
from durahub.dispatch.clients import Clients
from durahub.errors import DurahubError, EndpointDenied, ServerUnavailable, WrongStatus
from durahub.model.instance import Instance
from durahub.store import InstanceQuery, Page, Purged

WITHIN = 60.0  # seconds for one instance


@contextlib.asynccontextmanager
async def open_purgeable(address: HubAddress) -> AsyncIterator[Purgeable]:
    """Open a hub for the body, which purges of it. Raises `HubNotFound`, `FileUnavailable`.

    A server that speaks TLS is not asked: whom to trust, and what to show it, is not known here.
    """
    running = holder_of(resolve(address.store), running_servers())
    if running is None or running.tls:
        async with open_clients(address) as clients:
            yield clients
        return
    channel = grpc.aio.insecure_channel(f"{_host(running)}:{running.grpc_port}")
    async with open_clients(address, LOOKING) as clients, channel:
        yield _ThroughServer(clients, channel, address.hub, endpoint_of(running))


class _ThroughServer:
    """Looks at the hub beside its server, and has that server purge."""

    def __init__(
        self, clients: Clients, channel: grpc.aio.Channel, hub: str, endpoint: str
    ) -> None:
        self._clients = clients
        self._stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
        self._metadata = (("taskhub", hub),)
        self._endpoint = endpoint

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances."""
        return await self._clients.query(query)

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance."""
        return await self._clients.get(instance_id, payloads=payloads)

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        """Have an instance deleted. Raises `WrongStatus`, `EndpointDenied`, `ServerUnavailable`."""
        request = pb.PurgeInstancesRequest(
            instanceId=instance_id, recursive=recursive, isOrchestration=True
        )
        try:
            answer = await self._stub.PurgeInstances(
                request, metadata=self._metadata, timeout=WITHIN
            )
        except grpc.aio.AioRpcError as error:
            raise self._error_of(error, instance_id) from None
        return Purged(answer.deletedInstanceCount)

    def _error_of(self, error: grpc.aio.AioRpcError, instance_id: str) -> DurahubError:
        said = f"{error.code().name} {error.details() or ''}".rstrip()
        match error.code():
            case grpc.StatusCode.FAILED_PRECONDITION:
                return WrongStatus(instance_id, "not ended", "only what has ended can be purged")
            case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
                return EndpointDenied(self._endpoint, said)
            case _:
                return ServerUnavailable(self._endpoint, said)


def _host(running: Running) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(running.host, running.host)  # noqa: S104 (compared with)
    return f"[{host}]" if ":" in host else host
