"""Acts on a hub in a store of its own: in Azure Storage, or in a SQLite file."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import Clock
from durahub.dispatch.operations import Operations
from durahub.errors import BadArgument, HubInUse, InstanceNotFound, NotOffered
from durahub.model.instance import Instance
from durahub.store import InstanceQuery
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.acting.costing import Costing
from durahub_migrate.acting.grounds import Ground, ground_of
from durahub_migrate.acting.refusing import refuse
from durahub_migrate.acting.rows import row_of
from durahub_migrate.acting.steering import steer
from durahub_migrate.acting.telling import done
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible, Verb
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.possible import OF_HUBS, OFFERS, Offers, possible
from durahub_migrate.monitor.row import Row

PAGE = 1000
"""Instances that a scan reads at a time."""

Delete = Callable[[], Awaitable[None]]
"""Deletes the hub; in a server's own process its directory does."""


class StoreActor:
    """A `durahub_migrate.acting.actor.JobActor`. *hub* is the hub's key among all that are watched.

    *operations* are a server's own hub where that runs in this process, else those of its store alone.
    """

    def __init__(
        self,
        hub: str,
        operations: Operations,
        clock: Clock,
        *,
        ground: Ground | None = None,
        delete: Delete | None = None,
    ) -> None:
        self.hub = hub
        self._operations = operations
        self._ground = ground or ground_of(operations.store, clock)
        self._costing = Costing(operations, self._ground, clock)
        self._delete = delete or operations.store.delete

    @property
    def kind(self) -> StoreKind:
        """What the hub is kept in."""
        return self._ground.kind

    @property
    def offers(self) -> Offers:
        """What this kind of store lets be done."""
        return OFFERS[self.kind]

    @property
    def name(self) -> str:
        """The hub's own name."""
        return self._operations.name

    # -- looking -------------------------------------------------------------------------------

    async def look(self, instance_id: str) -> Row | None:
        """Return an instance as it is now, ``None`` if there is none."""
        found = await self._operations.store.get(instance_id, payloads=False)
        return row_of(self.hub, found) if found is not None else None

    async def scan(self) -> AsyncIterator[Row]:
        """Yield all orchestrations, then all entities, page by page."""
        for entities in (False, True):
            query = InstanceQuery(entities=entities, payloads=False, page_size=PAGE)
            while True:
                page = await self._operations.store.query(query)
                for instance in page.instances:
                    yield row_of(self.hub, instance)
                if page.token is None:
                    break
                query = replace(query, token=page.token)

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance with history and payloads, to be archived."""
        return await self._ground.whole(instance_id)

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance in its state. Raises `InstanceNotFound`."""
        row = await self.look(instance_id)
        if row is None:
            raise InstanceNotFound(instance_id)
        return possible(row, self.offers)

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do, without doing it."""
        self._check(command)
        return await self._costing.cost(command)

    # -- acting --------------------------------------------------------------------------------

    async def do(self, command: Command) -> Done:
        """Do it. Raises the errors of `durahub.dispatch.clients`, `BadArgument` and `NotOffered`."""
        self._check(command)
        arguments = Arguments.of(command)
        if command.verb in OF_HUBS:
            return await self._do_hub(command, arguments)
        if command.verb is Verb.SIGNAL_ENTITY:
            return await self._signal(command, arguments)
        row = await self._operations.store.get(command.target, payloads=False)
        if row is None:
            raise InstanceNotFound(command.target)
        refuse(command.verb, row, arguments)
        return await self._do(command, arguments, row)

    def _check(self, command: Command) -> None:
        why = self.offers.lacks.get(command.verb)
        if why is not None:
            raise NotOffered(self.name, command.verb.value, why)

    async def _do(self, command: Command, arguments: Arguments, row: Instance) -> Done:
        operations, target = self._operations, command.target
        steered = await steer(operations, command, arguments, row.name)
        if steered is not None:
            return steered
        if command.verb is Verb.SET_CUSTOM_STATUS:
            await operations.set_custom_status(target, arguments.custom_status())
            return done(command, "its custom status is written")
        recursive = command.verb is Verb.PURGE and arguments.flag("recursive")
        purged = await operations.purge(target, recursive=recursive)
        if not purged.instances:
            raise InstanceNotFound(target)
        told = f"{purged.instances} deleted, with {purged.rows} rows"
        return done(command, told, instances=purged.instances, rows=purged.rows)

    async def _signal(self, command: Command, arguments: Arguments) -> Done:
        operation = arguments.required("operation")
        scheduled = arguments.time("at")
        await self._operations.signal_entity(
            command.target, operation, arguments.json("data"), scheduled=scheduled
        )
        return done(command, f"operation {operation} is on its way to it")

    async def _do_hub(self, command: Command, arguments: Arguments) -> Done:
        match command.verb:
            case Verb.START:
                return await self._start(command, arguments)
            case Verb.CLEAN_ENTITIES:
                return await self._clean(command, arguments)
            case Verb.DELETE_BLOBS:
                names = arguments.names()
                if not names:
                    names = tuple(name for name, _ in await self._ground.orphans(()))
                count, problems = await self._ground.delete_orphans(names)
                told = f"{count} blobs deleted"
                if problems:
                    told += f", {len(problems)} left: {'; '.join(problems[:3])}"
                return done(command, told, instances=0, rows=count)
        return await self._delete_hub(command, arguments)

    async def _start(self, command: Command, arguments: Arguments) -> Done:
        started = await self._operations.start(
            StartRequest(
                name=arguments.required("name"),
                instance_id=arguments.text("id") or command.target,
                version=arguments.text("version"),
                input=arguments.json("input"),
                scheduled_start=arguments.time("at"),
                tags=arguments.tags(),
            )
        )
        return done(command, f"{started} is started", instance_id=started)

    async def _clean(self, command: Command, arguments: Arguments) -> Done:
        empty, locks = arguments.flag("empty"), arguments.flag("locks")
        if not empty and not locks:
            raise BadArgument(command.verb.value, "empty or locks", "has to be true")
        removed = released = 0
        token: str | None = None
        while True:
            found = await self._operations.clean_entities(
                remove_empty=empty, release_locks=locks, token=token
            )
            removed, released, token = (
                removed + found.removed,
                released + found.released,
                found.token,
            )
            if token is None:
                break
        told = f"{removed} empty entities removed, {released} orphaned locks released"
        return done(command, told, instances=removed + released)

    async def _delete_hub(self, command: Command, arguments: Arguments) -> Done:
        """Delete the hub, if its name was typed, and nobody is at work on it."""
        if command.target != self.name:
            raise BadArgument(
                command.verb.value, "target", f"has to be the hub's name, {self.name}"
            )
        workers = await self._ground.workers()
        if workers and not arguments.flag("force"):
            raise HubInUse(self.name, f"{', '.join(workers)}; stop its workers, or force it")
        await self._delete()
        told = f"task hub {self.name} is deleted"
        if workers:
            told += f", while {len(workers)} workers were at work: they may make parts of it anew"
        return done(command, told)
