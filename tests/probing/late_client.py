"""A client to which the answers of workers become visible a look late, as where they are written behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Sequence

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.wire import Wire
from durahub_migrate.moving.place import EndpointAddress
from tests.endpoint.endpoints import client_of

AT_LAST = 0.2
"""Seconds after which an answer goes out though nobody has looked."""


class LateClient(EndpointClient):
    """Keeps each turn and each batch that is answered until somebody has looked, and seen nothing of it."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._looked = asyncio.Event()
        self.sending: set[asyncio.Task[None]] = set()

    def _keep(self, call: Awaitable[None]) -> None:
        self._looked = looked = asyncio.Event()

        async def send() -> None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(looked.wait(), AT_LAST)
            await call

        self.sending.add(asyncio.create_task(send()))

    async def complete_orchestrator(self, response: pb.OrchestratorResponse) -> None:
        self._keep(super().complete_orchestrator(response))

    async def complete_entity(self, result: pb.EntityBatchResult) -> None:
        self._keep(super().complete_entity(result))

    async def get_instance(
        self, instance_id: str, *, payloads: bool = True
    ) -> pb.OrchestrationState | None:
        found = await super().get_instance(instance_id, payloads=payloads)
        self._looked.set()
        return found

    async def get_entity(self, instance_id: str, *, state: bool = True) -> pb.EntityMetadata | None:
        found = await super().get_entity(instance_id, state=state)
        self._looked.set()
        return found

    async def history(
        self, instance_id: str, *, for_work_item: bool = False
    ) -> Sequence[pb.HistoryEvent]:
        found = await super().history(instance_id, for_work_item=for_work_item)
        self._looked.set()
        return found


@contextlib.asynccontextmanager
async def late_client(address: EndpointAddress) -> AsyncIterator[LateClient]:
    """Open one; at its end all answers have arrived."""
    async with client_of(address) as client:
        late = LateClient(client.wire)
        yield late
        await asyncio.gather(*late.sending, return_exceptions=True)
