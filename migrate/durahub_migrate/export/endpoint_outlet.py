"""A hub behind an endpoint of the scheduler's protocol, to be exported. Nothing in it is changed.

The protocol shows instances, histories and entities' states. It shows no message on its way to an
orchestration, and of an entity's waiting operations how many they are; timers and children are in histories.
What probes have left there is nobody's hub: it is passed over.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.statuses import status_from_proto
from durahub.edge.wellknown import filled_text, text_of, ticks_of
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import (
    SchedulerState,
    scheduler_state_text,
    status_text,
)
from durahub.engine.entities.work import EntityStatus
from durahub.errors import (
    BadRequest,
    BadRow,
    EndpointDenied,
    EndpointLacks,
    EndpointRejects,
    InstanceNotFound,
)
from durahub.model.history import Execution, ExecutionCompleted, ExecutionStarted, Status
from durahub.model.ticks import Ticks
from durahub.stored import NotRead, StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle.manifest import SourceHub
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.scratch import is_probes
from durahub_migrate.export.protocol_events import events_of

AT_ONCE = 16
"""Instances whose histories are read at the same time."""
_TRIES = 3  # of one that changes while it is read

Seen = dict[str, tuple[int, int, int]]
"""By ID the status and the time of the last change: seconds, nanoseconds."""


@dataclass(slots=True)
class EndpointOutlet:
    """A `durahub_migrate.export.outlet.Outlet`. Use `open_outlet`."""

    hub: SourceHub
    client: EndpointClient
    has_entities: bool
    _seen: Seen = field(default_factory=dict)
    _changed: bool = False

    async def is_quiet(self) -> bool:
        """Tell whether nothing has changed since it was read, and no worker is known to be connected."""
        return (
            not self._changed and self._seen == await self._listed() and not await self._workers()
        )

    async def messages(self) -> AsyncIterator[StoredMessage | NotRead]:
        """Yield what is known to be there and is not shown: the waiting operations of an entity."""
        async for entity in self._entities(state=False):
            waiting = entity.backlogQueueSize
            if waiting:
                what = f"that shows the {waiting} operations which wait at {entity.instanceId!r}"
                error = EndpointLacks(self.client.place, what)
                yield NotRead(self._place(entity.instanceId), error, b"", entity.instanceId)

    async def instances(self) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield entities, then orchestrations with their histories."""
        async for entity in self._entities(state=True):
            if entity.instanceId not in self._seen:
                self._seen[entity.instanceId] = _mark(0, entity)
                yield entity_of(entity)
        batch: list[pb.OrchestrationState] = []
        async for state in self._states():
            batch.append(state)
            if len(batch) == AT_ONCE:
                for one in await self._whole(batch):
                    yield one
                batch = []
        for one in await self._whole(batch):
            yield one

    async def _states(self) -> AsyncIterator[pb.OrchestrationState]:
        """Yield every orchestration once, also one that moved to a page which was read already."""
        async for state in self.client.query_instances(payloads=True):
            if is_probes(state.instanceId, state.name):
                continue
            if state.instanceId not in self._seen:
                self._seen[state.instanceId] = _mark(state.orchestrationStatus, state)
                yield state
        for instance_id, mark in (await self._listed()).items():
            if instance_id in self._seen or is_entity(instance_id):
                continue
            self._changed = True
            late = await self.client.get_instance(instance_id)
            if late is not None:
                self._seen[instance_id] = mark
                yield late

    # -- instances -----------------------------------------------------------------------------

    async def _whole(
        self, states: Sequence[pb.OrchestrationState]
    ) -> list[StoredInstance | NotRead]:
        """Return instances with their histories, less those that were purged meanwhile."""
        found = await asyncio.gather(*map(self._one, states), return_exceptions=True)
        instances: list[StoredInstance | NotRead] = []
        for one in found:
            if isinstance(one, BaseException):  # none of the others is left running
                raise one
            if one is not None:
                instances.append(one)
        return instances

    async def _one(self, state: pb.OrchestrationState) -> StoredInstance | NotRead | None:
        history: list[pb.HistoryEvent] = []
        for _ in range(_TRIES):
            try:
                history = await self.client.history(state.instanceId)
            except InstanceNotFound:
                history = []
            if _has_ended(state):
                break
            again = await self.client.get_instance(state.instanceId)
            if again is None:
                self._changed = True
                return None
            before, state = state, again
            if _mark(0, before) == _mark(0, state):
                break
            self._changed = True
        try:
            return instance_of(state, history)
        except (BadRow, BadRequest) as error:
            raw = pb.HistoryChunk(events=history).SerializeToString()
            return NotRead(self._place(state.instanceId), error, raw, state.instanceId)

    async def _entities(self, *, state: bool) -> AsyncIterator[pb.EntityMetadata]:
        if self.has_entities:
            async for one in self.client.query_entities(state=state):
                if not is_probes(one.instanceId):
                    yield one

    async def _listed(self) -> Seen:
        seen = {
            one.instanceId: _mark(one.orchestrationStatus, one)
            async for one in self.client.query_instances()
            if not is_probes(one.instanceId, one.name)
        }
        seen.update({one.instanceId: _mark(0, one) async for one in self._entities(state=False)})
        return seen

    async def _workers(self) -> int:
        try:
            return await BackendClient(self.client.wire).workers()
        except (EndpointLacks, EndpointDenied, EndpointRejects):
            return 0  # nobody tells; what changes is seen all the same

    def _place(self, instance_id: str) -> str:
        return f"endpoint hub {self.hub.hub}, instance {instance_id!r}"


async def open_outlet(client: EndpointClient) -> EndpointOutlet:
    """Return the outlet of a hub that answers. Raises what `EndpointClient` does."""
    async for _ in client.query_instances(page=1):
        break
    has_entities = True
    try:
        async for _ in client.query_entities(state=False, page=1):
            break
    except EndpointLacks:
        has_entities = False
    told = client.place.lower()
    hub = SourceHub(
        kind="endpoint",
        hub=client.wire.hub,
        address_sha256=hashlib.sha256(told.encode()).hexdigest(),
        parts={"instances": True, "histories": True, "entities": has_entities, "messages": False},
    )
    return EndpointOutlet(hub, client, has_entities)


# -- values ------------------------------------------------------------------------------------


def instance_of(state: pb.OrchestrationState, history: Sequence[pb.HistoryEvent]) -> StoredInstance:
    """Return an orchestration. Raises `BadRow`, `BadRequest`.

    What an endpoint does not tell of it is taken from its history: execution, version, tags, its end.
    """
    instance_id = state.instanceId
    location = f"history of instance {instance_id!r}"
    execution = _execution(state, history)
    events = events_of(history, execution, location)
    started = next((one for one in reversed(events) if isinstance(one, ExecutionStarted)), None)
    status = status_from_proto(state.orchestrationStatus)
    completed = ticks_of(state, "completedTimestamp")
    if completed is None and status.is_terminal:
        ends = (one.timestamp for one in reversed(events) if isinstance(one, ExecutionCompleted))
        completed = next(ends, None)
    tags = dict(state.tags) or (started.tags if started is not None else None)
    version = text_of(state, "version")
    if version is None and started is not None:
        version = started.version
    beside: dict[str, object] = {}
    if filled_text(state, "parentInstanceId") and (started is None or started.parent is None):
        beside["parent"] = state.parentInstanceId.value
    return StoredInstance(
        instance_id=instance_id,
        execution_id=execution.execution_id,
        name=state.name or None,
        version=version,
        status=status.name,
        created=ticks_of(state, "createdTimestamp"),
        last_updated=ticks_of(state, "lastUpdatedTimestamp"),
        completed=completed,
        scheduled_start=_scheduled_start(state, started),
        input=text_of(state, "input"),
        output=_output(state, status),
        custom_status=text_of(state, "customStatus"),
        tags=tags or None,
        generation=None,
        history=tuple(map(StoredEvent, events)),
        beside=beside,
    )


def _execution(state: pb.OrchestrationState, history: Sequence[pb.HistoryEvent]) -> Execution:
    told = filled_text(state, "executionId")
    for event in reversed(history):
        if told is None and event.HasField("executionStarted"):
            told = filled_text(event.executionStarted.orchestrationInstance, "executionId")
    return Execution(state.instanceId, told)


def _scheduled_start(
    state: pb.OrchestrationState, started: ExecutionStarted | None
) -> Ticks | None:
    told = ticks_of(state, "scheduledStartTimestamp")
    return told if told is not None or started is None else started.scheduled_start


def _output(state: pb.OrchestrationState, status: Status) -> str | None:
    """Return the output; a failure's message stands there where rows keep it."""
    output = text_of(state, "output")
    if output is None and status is Status.Failed and state.HasField("failureDetails"):
        return state.failureDetails.errorMessage
    return output


def entity_of(entity: pb.EntityMetadata) -> StoredInstance:
    """Return an entity as if between two batches, its state in the input of a start."""
    state = SchedulerState(
        state=text_of(entity, "serializedState"), locked_by=filled_text(entity, "lockedBy")
    )
    status = EntityStatus(
        exists=state.state is not None,
        backlog=entity.backlogQueueSize,
        locked_by=state.locked_by,
    )
    changed = ticks_of(entity, "lastModifiedTime")
    return StoredInstance(
        instance_id=entity.instanceId,
        execution_id=None,
        name=entity.instanceId,
        version=None,
        status=Status.Running.name,
        created=changed,
        last_updated=changed,
        completed=None,
        scheduled_start=None,
        input=scheduler_state_text(state),
        output=None,
        custom_status=status_text(status),
        tags=None,
        generation=None,
        beside={"backlog": entity.backlogQueueSize} if entity.backlogQueueSize else {},
    )


def _mark(status: int, one: pb.OrchestrationState | pb.EntityMetadata) -> tuple[int, int, int]:
    changed = (
        one.lastModifiedTime if isinstance(one, pb.EntityMetadata) else one.lastUpdatedTimestamp
    )
    return status, changed.seconds, changed.nanos


def _has_ended(state: pb.OrchestrationState) -> bool:
    return status_from_proto(state.orchestrationStatus).is_terminal
