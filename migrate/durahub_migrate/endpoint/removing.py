"""Removes instances from an endpoint: ended first, for only what has ended can be purged."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import DurahubError, EndpointLacks, NotThere, WrongStatus
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.taking import Taking, request_of, taking
from durahub_migrate.endpoint.written_behind import seen

_LOOK = 0.05
"""Seconds between two looks at those that are being ended."""

End = Callable[[pb.WorkItem], Awaitable[None]]
"""Answers a turn so that its instance is terminated. Raises `WorkItemNotFound`."""


@dataclass(frozen=True, slots=True)
class Through:
    """A worker that is there already: it is given the turns of what is removed, so they end through it."""

    worker: Taking
    end: End


async def remove(
    client: EndpointClient,
    instance_ids: Iterable[str],
    *,
    patience: float = 30.0,
    monotonic: Callable[[], float],
    recursive: bool = False,
    through: Through | None = None,
) -> frozenset[str]:
    """Terminate and purge orchestrations; return those that are gone, of which some may never have been.

    With *recursive* their children go with them, where the endpoint knows how.

    Some endpoints end an instance by themselves, others through a worker: so there is one meanwhile, which
    takes items of these alone and answers that they are terminated. What is not gone after *patience* seconds
    stays: a worker that has died may still hold it.
    """
    removal = _Removal(client, recursive, patience, monotonic)
    for instance_id in instance_ids:
        await removal.begin(instance_id)
    if removal.names and through is not None:
        await removal.finish(through)
    elif removal.names:
        request = request_of(orchestrations=set(removal.names.values()))
        async with taking(client, request, removal.names.__contains__) as worker:
            await removal.finish(Through(worker, removal.end))
    return frozenset(removal.gone)


@dataclass(slots=True)
class _Removal:
    client: EndpointClient
    recursive: bool
    patience: float
    monotonic: Callable[[], float]
    names: dict[str, str] = field(default_factory=dict)  # of orchestrations that still live, by ID
    gone: set[str] = field(default_factory=set)

    async def begin(self, instance_id: str) -> None:
        """Ask one to end."""
        state = await self._look(instance_id)
        if state is not None:
            self.names[instance_id] = state.name
            with contextlib.suppress(NotThere, WrongStatus):  # it has ended, or is gone
                await self.client.terminate(instance_id, None, recursive=self.recursive)

    async def finish(self, through: Through) -> None:
        """Wait until all have ended, and purge them."""
        until = self.monotonic() + self.patience
        while self.names and self.monotonic() < until:
            for item in await through.worker.any_turn(self.names):
                with contextlib.suppress(NotThere):  # the endpoint has ended it by itself
                    await through.end(item)
                through.worker.done(item.completionToken)
            for instance_id in list(self.names):
                if await self._look(instance_id) is None:
                    del self.names[instance_id]
            if self.names:
                await asyncio.sleep(_LOOK)

    async def end(self, item: pb.WorkItem) -> None:
        """Answer a turn that its instance is terminated."""
        action = answers.ending(pb.ORCHESTRATION_STATUS_TERMINATED)
        await self.client.complete_orchestrator(answers.turn(item, [action]))

    async def _look(self, instance_id: str) -> pb.OrchestrationState | None:
        """Return an instance that lives; purge one that has ended."""
        state = await self.client.get_instance(instance_id, payloads=False)
        if state is not None and state.orchestrationStatus not in answers.ENDED:
            return state
        if state is not None:
            await self.client.purge(instance_id, recursive=self.recursive)
        self.gone.add(instance_id)
        return None


async def clean_empty(client: EndpointClient, is_ours: Callable[[str], bool]) -> None:
    """Have entities without a state removed, where a target does that, and if all are ours by their IDs."""
    async for entity in client.query_entities():
        is_empty = not entity.HasField("serializedState") and not entity.backlogQueueSize
        if is_empty and not is_ours(entity.instanceId):
            return
    with contextlib.suppress(EndpointLacks):
        await client.clean_entities()


async def remove_entity(
    client: EndpointClient, entity_id: str, *, request_id: str, patience: float = 30.0
) -> bool:
    """Delete the state of an entity, and the entity where that can be purged; tell whether its state is gone.

    It is signalled, and a worker that takes its items alone answers that there is no state any more.
    """
    name = entity_id[1:].partition("@")[0]
    async with taking(client, request_of(entities=[name]), entity_id.__eq__) as worker:
        entity = await client.get_entity(entity_id)
        if entity is not None and entity.HasField("serializedState"):
            await client.signal_entity(entity_id, "delete", None, request_id=request_id)
            item = await worker.batch(entity_id, patience)
            if item is not None:
                await client.complete_entity(answers.batch(item, None))
                worker.done(item.completionToken)
    with contextlib.suppress(DurahubError):  # many purge no entities; without a state it is none
        await client.purge(entity_id)
    left = await seen(
        lambda: client.get_entity(entity_id), lambda entity: not _has_state(entity), within=patience
    )
    return not _has_state(left)


def _has_state(entity: pb.EntityMetadata | None) -> bool:
    return entity is not None and entity.HasField("serializedState")
