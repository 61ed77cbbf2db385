"""What a command would do, without doing it: what is read here is never written.

Requests are those that the same command then takes at a store in Azure Storage, told by what the operations
of `durahub.dispatch` do; a test does both and compares. A hub in a file takes none.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from durahub.classic.payloads import MESSAGE_LIMIT
from durahub.dispatch.clock import Clock
from durahub.dispatch.operations import Operations
from durahub.engine.entities.cleaning import Cleaning, cleaning_of, is_orphaned
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.reading import entity_of
from durahub.engine.state import open_children
from durahub.errors import InstanceNotFound
from durahub.model.history import Event, SubOrchestrationInstanceCreated
from durahub.model.instance import Instance
from durahub.store import InstanceQuery
from durahub.stored import Weight
from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.acting.grounds import Ground
from durahub_migrate.acting.previewing import children_of, preview
from durahub_migrate.acting.refusing import refuse
from durahub_migrate.monitor.actions import Command, Cost, Verb
from durahub_migrate.monitor.hub import StoreKind

DEPTH = 32
"""Generations of children that are looked at."""

PAGE = 100
EXAMPLES = 5

LOOK = 1
"""Requests of the actor itself: it looks at the row before it acts."""

_SENDING = {
    Verb.RAISE_EVENT: LOOK + 2,  # the row, the message
    Verb.SUSPEND: LOOK + 2,
    Verb.RESUME: LOOK + 2,
    Verb.SET_CUSTOM_STATUS: LOOK + 2,  # the row, read and merged
    Verb.SIGNAL_ENTITY: 1,
}


@dataclass(slots=True)
class _Sum:
    """What adds up over a tree of instances."""

    instances: int = 0
    rows: int = 0
    blobs: int = 0
    bytes: int = 0
    requests: int = 0
    exact: bool = True
    children: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def add(self, weight: Weight) -> None:
        self.instances += 1
        self.rows += weight.rows
        self.blobs += weight.blobs
        self.bytes += weight.bytes
        self.requests += weight.deleting

    def skip(self, why: str) -> None:
        self.skipped[why] = self.skipped.get(why, 0) + 1

    def cost(self) -> Cost:
        return Cost(
            instances=self.instances,
            rows=self.rows,
            blobs=self.blobs,
            bytes=self.bytes,
            requests=self.requests,
            exact=self.exact,
            skipped=self.skipped,
            children=tuple(self.children),
        )


class Costing:
    """Tells of one hub what commands would do."""

    def __init__(self, operations: Operations, ground: Ground, clock: Clock) -> None:
        self._operations = operations
        self._ground = ground
        self._clock = clock

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do. Raises what doing it would raise by what is known now."""
        arguments = Arguments.of(command)
        found = await self._cost(command, arguments)
        if self._ground.kind is not StoreKind.CLASSIC:
            found = replace(found, requests=0)
        return replace(found, examples=(command.target,)) if command.target else found

    async def _cost(self, command: Command, arguments: Arguments) -> Cost:
        target, verb = command.target, command.verb
        match verb:
            case Verb.START:
                exact = not _is_large(arguments.json("input"))
                return Cost(instances=1, requests=3 if arguments.text("id") else 2, exact=exact)
            case Verb.SIGNAL_ENTITY:
                exact = not _is_large(arguments.json("data"))
                return Cost(instances=1, requests=_SENDING[verb], exact=exact)
            case Verb.CLEAN_ENTITIES:
                return await self._cleaning(arguments)
            case Verb.DELETE_BLOBS:
                return await self._blobs(arguments)
            case Verb.DELETE_HUB:
                return await self._hub()
        row = await self._existing(target)
        refuse(verb, row, arguments)
        match verb:
            case Verb.RESTART:
                return Cost(
                    instances=1, requests=LOOK + (3 if arguments.flag("newId") else 4), exact=False
                )
            case Verb.REWIND:
                return await self._rewind(row)
            case Verb.TERMINATE:
                return await self._terminate(row, recursive=arguments.flag("recursive"))
            case Verb.PURGE | Verb.DELETE_ENTITY:
                total = _Sum(requests=LOOK + 1)
                recursive = verb is Verb.PURGE and arguments.flag("recursive")
                await self._purge(target, total, recursive=recursive)
                return total.cost()
        exact = not _is_large(arguments.json("data")) if verb is Verb.RAISE_EVENT else True
        return Cost(instances=1, requests=_SENDING[verb], exact=exact)

    async def _existing(self, instance_id: str) -> Instance:
        row = await self._operations.store.get(instance_id, payloads=False)
        if row is None:
            raise InstanceNotFound(instance_id)
        return row

    # -- trees ---------------------------------------------------------------------------------

    async def _purge(
        self, instance_id: str, total: _Sum, *, recursive: bool, depth: int = 0
    ) -> None:
        weight = await self._ground.weigh(instance_id)
        if weight is None:
            return
        total.add(weight)
        if not recursive:
            return
        if depth >= DEPTH:
            total.exact = False
            return
        total.requests += weight.reading
        created = [
            event.instance_id
            async for event in self._operations.history(instance_id)
            if isinstance(event, SubOrchestrationInstanceCreated)
        ]
        for child in dict.fromkeys(created):
            if not child or child == instance_id:
                continue
            total.requests += not is_entity(child)
            found = await self._operations.get(child, payloads=False)
            if found is None:
                continue
            if not found.status.is_terminal:
                total.skip(f"children that are {found.status.name}")
            elif child in total.children:
                continue
            else:
                total.children.append(child)
                await self._purge(child, total, recursive=True, depth=depth + 1)

    async def _terminate(self, row: Instance, *, recursive: bool) -> Cost:
        total = _Sum(requests=LOOK + 1)
        await self._terminate_one(row, total, recursive=recursive, seen=set())
        return total.cost()

    async def _terminate_one(
        self, row: Instance, total: _Sum, *, recursive: bool, seen: set[str]
    ) -> None:
        seen.add(row.instance_id)
        total.instances += 1
        total.requests += 2  # the row once more, and the message
        if not recursive:
            return
        weight = await self._ground.weigh(row.instance_id)
        total.requests += weight.reading if weight is not None else 0
        events = await self._events(row.instance_id)
        for created in open_children(events):
            child = created.instance_id or ""
            if child == row.instance_id or is_entity(child):
                continue
            total.requests += 1
            found = await self._operations.get(child, payloads=False)
            if found is not None and not found.status.is_terminal and child not in seen:
                total.children.append(child)
                await self._terminate_one(found, total, recursive=True, seen=seen)

    async def _rewind(self, row: Instance) -> Cost:
        held, asking = await self._ground.held(row.instance_id)
        reruns, children = [], []
        async for one, told in self._rewound(row, in_place=held, seen=set()):
            if one != row.instance_id:
                children.append(one)
            prefix = "" if one == row.instance_id else f"{one}: "
            reruns += [f"{prefix}{sentence}" for sentence in told]
        return Cost(
            instances=1 + len(children),
            requests=LOOK + 1 + asking + 2,
            exact=not held,
            reruns=tuple(reruns),
            children=tuple(children),
        )

    async def _rewound(
        self, row: Instance, *, in_place: bool, seen: set[str]
    ) -> AsyncIterator[tuple[str, tuple[str, ...]]]:
        """Yield an instance and those below it that are rewound, and what each runs again."""
        seen.add(row.instance_id)
        events = await self._events(row.instance_id)
        concerned = children_of(events, in_place=in_place)
        rows = {child: await self._operations.get(child, payloads=False) for child in concerned}
        found = preview(events, rows, in_place=in_place)
        yield row.instance_id, found.reruns
        for child in found.children:
            below = rows.get(child)
            is_failed = below is not None and below.status.name == "Failed"
            if below is not None and is_failed and child not in seen and len(seen) < PAGE:
                async for one in self._rewound(below, in_place=in_place, seen=seen):
                    yield one

    async def _events(self, instance_id: str) -> list[Event]:
        return [event async for event in self._operations.history(instance_id)]

    # -- the hub -------------------------------------------------------------------------------

    async def _cleaning(self, arguments: Arguments) -> Cost:
        empty, locks = arguments.flag("empty"), arguments.flag("locks")
        total, examples = _Sum(), []
        async for row in self._entities(total):
            match cleaning_of(row, self._clock()):
                case Cleaning.REMOVE if empty:
                    weight = await self._ground.weigh(row.instance_id)
                    if weight is not None:
                        total.add(weight)
                        examples.append(row.instance_id)
                case Cleaning.CHECK_LOCK if locks:
                    holder = entity_of(row, with_state=False).status.locked_by or ""
                    total.requests += 1
                    if is_orphaned(await self._operations.store.get(holder, payloads=False)):
                        total.instances += 1
                        total.requests += 1
                        examples.append(row.instance_id)
        return replace(total.cost(), examples=tuple(examples[:EXAMPLES]))

    async def _entities(self, total: _Sum) -> AsyncIterator[Instance]:
        """Yield all entities, each page a request."""
        token: str | None = None
        while True:
            query = InstanceQuery(entities=True, payloads=False, page_size=PAGE, token=token)
            page = await self._operations.store.query(query)
            total.requests += 1
            for row in page.instances:
                yield row
            token = page.token
            if token is None:
                return

    async def _blobs(self, arguments: Arguments) -> Cost:
        found = await self._ground.orphans(arguments.names())
        return Cost(
            blobs=len(found),
            bytes=sum(size for _, size in found),
            requests=len(found),
            exact=False,
            examples=tuple(name for name, _ in found[:EXAMPLES]),
        )

    async def _hub(self) -> Cost:
        """Return what goes with a hub, in parts: how many instances it has would take a scan."""
        info = await self._operations.store.info()
        workers = await self._ground.workers()
        return Cost(
            requests=2 * len(info.resources) + 8,
            exact=False,
            skipped={f"refused while {worker} is at work": 1 for worker in workers},
            examples=info.resources,
        )


def _is_large(text: str | None) -> bool:
    return text is not None and len(text) * 2 > MESSAGE_LIMIT
