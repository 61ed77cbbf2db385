"""Acts on a hub behind an endpoint of the scheduler's protocol.

What an endpoint does not offer it says itself: `EndpointLacks`. A call that may not be sent twice never is.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.statuses import status_from_proto
from durahub.edge.wellknown import (
    filled_text,
    optional_timestamp,
    string_value,
    text_of,
    ticks_of,
    version_value,
)
from durahub.engine.entities.ids import check_entity_id, is_entity
from durahub.engine.entities.scheduler_state import status_text
from durahub.engine.entities.work import EntityStatus
from durahub.engine.state import open_children
from durahub.errors import (
    BadArgument,
    BadRequest,
    BadRow,
    EndpointLacks,
    InstanceNotFound,
    NotOffered,
)
from durahub.model.history import Event, Status, SubOrchestrationInstanceCreated
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.acting.previewing import children_of, preview
from durahub_migrate.acting.refusing import refuse
from durahub_migrate.acting.rows import row_of
from durahub_migrate.acting.steering import steer
from durahub_migrate.acting.telling import done
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.export.endpoint_outlet import entity_of, instance_of
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible, Verb
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.possible import OF_HUBS, OFFERS, Offers, possible
from durahub_migrate.monitor.row import Row

_NEVER = Ticks(0)


class EndpointActor:
    """A `durahub_migrate.acting.actor.JobActor`. *hub* is the hub's key, *client* stays its maker's."""

    kind = StoreKind.ENDPOINT
    offers: Offers = OFFERS[StoreKind.ENDPOINT]

    def __init__(self, hub: str, client: EndpointClient, new_id: Callable[[], str]) -> None:
        self.hub = hub
        self._client = client
        self._new_id = new_id

    @property
    def name(self) -> str:
        """The hub's own name."""
        return self._client.wire.hub

    # -- looking -------------------------------------------------------------------------------

    async def look(self, instance_id: str) -> Row | None:
        """Return an instance as it is now, ``None`` if there is none."""
        found = await self._look(instance_id)
        return row_of(self.hub, found) if found is not None else None

    async def _look(self, instance_id: str) -> Instance | None:
        if is_entity(instance_id):
            entity = await self._client.get_entity(instance_id, state=False)
            return _entity(entity) if entity is not None else None
        state = await self._client.get_instance(instance_id, payloads=False)
        return _instance(state) if state is not None else None

    async def scan(self) -> AsyncIterator[Row]:
        """Yield all orchestrations, then all entities if the endpoint has any, page by page."""
        async for state in self._client.query_instances():
            yield row_of(self.hub, _instance(state))
        with contextlib.suppress(EndpointLacks):
            async for entity in self._client.query_entities(state=False):
                yield row_of(self.hub, _entity(entity))

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance with history and payloads, to be archived."""
        if is_entity(instance_id):
            entity = await self._client.get_entity(instance_id)
            return entity_of(entity) if entity is not None else None
        state = await self._client.get_instance(instance_id)
        if state is None:
            return None
        history = await self._client.history(instance_id)
        try:
            return instance_of(state, history)
        except (BadRow, BadRequest) as error:
            raw = pb.HistoryChunk(events=history).SerializeToString()
            return NotRead(f"{self._client.place}, {instance_id!r}", error, raw, instance_id)

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance in its state. Raises `InstanceNotFound`."""
        row = await self.look(instance_id)
        if row is None:
            raise InstanceNotFound(instance_id)
        return possible(row, self.offers)

    # -- what it would do ----------------------------------------------------------------------

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do; *bytes* are those of the history on the wire."""
        arguments = self._arguments(command)
        verb = command.verb
        if verb in OF_HUBS or verb is Verb.SIGNAL_ENTITY:
            return Cost(instances=0 if verb in OF_HUBS else 1, requests=1, exact=False)
        row = await self._existing(command.target)
        refuse(verb, row, arguments)
        if verb is Verb.REWIND:
            return await self._rewind(row)
        if verb is Verb.DELETE_ENTITY:
            return Cost(instances=1, requests=3, examples=(command.target,))
        events: Sequence[Event] = ()
        rows = size = 0
        if verb is Verb.PURGE or arguments.flag("recursive"):
            history = await self._client.history(command.target)
            rows, size = len(history), sum(event.ByteSize() for event in history)
            events = await self._events(command.target)
        children: tuple[str, ...] = ()
        if arguments.flag("recursive"):
            found = open_children(events) if verb is Verb.TERMINATE else _created(events)
            children = tuple(dict.fromkeys(one.instance_id or "" for one in found))
        is_purge = verb is Verb.PURGE
        return Cost(
            instances=1 + len(children),
            rows=rows if is_purge else 0,
            bytes=size if is_purge else 0,
            requests=2,
            exact=not children,
            children=children,
            examples=(command.target,),
        )

    async def _rewind(self, row: Instance) -> Cost:
        events = await self._events(row.instance_id)
        concerned = children_of(events, in_place=False)
        found = preview(
            events, {child: await self._look(child) for child in concerned}, in_place=False
        )
        return Cost(
            instances=1 + len(found.children),
            requests=2,
            exact=not found.children,
            reruns=found.reruns,
            children=found.children,
            examples=(row.instance_id,),
        )

    async def _events(self, instance_id: str) -> Sequence[Event]:
        whole = await self.whole(instance_id)
        if isinstance(whole, NotRead):
            raise whole.error
        return [one.event for one in whole.history] if whole is not None else []

    async def _existing(self, instance_id: str) -> Instance:
        found = await self._look(instance_id)
        if found is None:
            raise InstanceNotFound(instance_id)
        return found

    # -- acting --------------------------------------------------------------------------------

    def _arguments(self, command: Command) -> Arguments:
        why = self.offers.lacks.get(command.verb)
        if why is not None:
            raise NotOffered(self.name, command.verb.value, why)
        return Arguments.of(command)

    async def do(self, command: Command) -> Done:
        """Do it. Raises what `EndpointClient` raises, `BadArgument` and `NotOffered`."""
        arguments = self._arguments(command)
        client, target = self._client, command.target
        match command.verb:
            case Verb.START:
                return await self._start(command, arguments)
            case Verb.CLEAN_ENTITIES:
                removed, released = await client.clean_entities(
                    empty=arguments.flag("empty"), locks=arguments.flag("locks")
                )
                told = f"{removed} empty entities removed, {released} orphaned locks released"
                return done(command, told, instances=removed + released)
            case Verb.DELETE_HUB:
                if target != self.name:
                    problem = f"has to be the hub's name, {self.name}"
                    raise BadArgument(command.verb.value, "target", problem)
                await client.delete_task_hub()
                return done(command, f"task hub {self.name} is deleted")
            case Verb.SIGNAL_ENTITY:
                check_entity_id(target)
                operation = arguments.required("operation")
                await client.signal_entity(
                    target,
                    operation,
                    arguments.json("data"),
                    request_id=self._new_id(),
                    due=optional_timestamp(arguments.time("at")),
                )
                return done(command, f"operation {operation} is on its way to it")
        row = await self._existing(target)
        refuse(command.verb, row, arguments)
        return await self._do(command, arguments, row)

    async def _do(self, command: Command, arguments: Arguments, row: Instance) -> Done:
        steered = await steer(self._client, command, arguments, row.name)
        if steered is not None:
            return steered
        if command.verb is Verb.DELETE_ENTITY:
            return await self._delete_entity(command)
        target = command.target
        count = await self._client.purge(target, recursive=arguments.flag("recursive"))
        if not count:
            raise InstanceNotFound(target)
        return done(command, f"{count} deleted", instances=count)

    async def _start(self, command: Command, arguments: Arguments) -> Done:
        request = pb.CreateInstanceRequest(
            instanceId=arguments.text("id") or command.target or self._new_id(),
            name=arguments.required("name"),
            version=version_value(arguments.text("version")),
            input=string_value(arguments.json("input")),
            scheduledStartTimestamp=optional_timestamp(arguments.time("at")),
            tags=arguments.tags(),
        )
        started = await self._client.start_instance(request)
        return done(command, f"{started} is started", instance_id=started)

    async def _delete_entity(self, command: Command) -> Done:
        """Purge an entity. Many endpoints purge orchestrations alone, and say nothing."""
        await self._client.purge(command.target)
        if await self._client.get_entity(command.target, state=False) is not None:
            raise EndpointLacks(self._client.place, "PurgeInstances of an entity")
        return done(command, "it is deleted")


def _created(events: Sequence[Event]) -> list[SubOrchestrationInstanceCreated]:
    return [one for one in events if isinstance(one, SubOrchestrationInstanceCreated)]


def _instance(state: pb.OrchestrationState) -> Instance:
    return Instance(
        instance_id=state.instanceId,
        execution_id=filled_text(state, "executionId"),
        name=state.name or None,
        version=text_of(state, "version"),
        status=status_from_proto(state.orchestrationStatus),
        created=ticks_of(state, "createdTimestamp") or _NEVER,
        last_updated=ticks_of(state, "lastUpdatedTimestamp") or _NEVER,
        custom_status=text_of(state, "customStatus"),
        completed=ticks_of(state, "completedTimestamp"),
        scheduled_start=ticks_of(state, "scheduledStartTimestamp"),
        tags=dict(state.tags) or None,
        parent_id=filled_text(state, "parentInstanceId"),
    )


def _entity(entity: pb.EntityMetadata) -> Instance:
    changed = ticks_of(entity, "lastModifiedTime") or _NEVER
    status = EntityStatus(
        exists=True,
        backlog=entity.backlogQueueSize,
        locked_by=filled_text(entity, "lockedBy"),
    )
    return Instance(
        instance_id=entity.instanceId,
        execution_id=None,
        name=entity.instanceId,
        version=None,
        status=Status.Running,
        created=changed,
        last_updated=changed,
        custom_status=status_text(status),
    )
