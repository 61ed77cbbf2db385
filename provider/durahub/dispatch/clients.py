"""What clients do with instances: each operation a few reads, then at most one message."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from durahub.dispatch.clock import Clock
from durahub.dispatch.waits import Waits
from durahub.engine.reuse import Reuse, decide
from durahub.errors import (
    BadInstanceId,
    BadRequest,
    InstanceExists,
    InstanceNotFound,
    WrongStatus,
)
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Status,
    SubOrchestrationInstanceCreated,
    Tags,
    Trace,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.store import HubStore, InstanceQuery, Page, Purged

LONGEST_ID = 256  # characters; Durable Functions' limit, well within a table key


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A start. An empty ``instance_id`` leaves the choice to the server.

    ``replaceable`` is the reuse policy: ``None`` where none was sent, empty where nothing may be
    replaced. A ``scheduled_start`` in the past means now.
    """

    name: str
    instance_id: str = ""
    execution_id: str | None = None
    version: str | None = None
    input: str | None = None
    scheduled_start: Ticks | None = None
    tags: Tags | None = None
    trace: Trace | None = None
    replaceable: frozenset[Status] | None = None


def check_instance_id(instance_id: str) -> None:
    """Raise `BadInstanceId` unless an orchestration may have this ID."""
    if not instance_id:
        raise BadInstanceId(instance_id, "it is empty")
    if len(instance_id) > LONGEST_ID:
        raise BadInstanceId(
            instance_id, f"it has {len(instance_id)} characters; {LONGEST_ID} is the limit"
        )
    if instance_id.startswith("@"):
        raise BadInstanceId(instance_id, "it begins with @, as only entity IDs do")
    if any("\ud800" <= character <= "\udfff" for character in instance_id):
        raise BadInstanceId(instance_id, "it holds half of a surrogate pair")


class Clients:
    """The client operations of one task hub."""

    def __init__(self, store: HubStore, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._waits = Waits()

    @property
    def name(self) -> str:
        """The hub's name."""
        return self._store.hub

    # -- starting ------------------------------------------------------------------------------

    async def start(self, request: StartRequest) -> str:
        """Start an orchestration; return its ID. Raises `InstanceExists`, `BadInstanceId`."""
        if not request.name:
            raise BadRequest("an orchestration needs a name")
        instance_id = request.instance_id or self._new_id()
        check_instance_id(instance_id)
        row = await self._store.get(instance_id, payloads=False) if request.instance_id else None
        if row is not None:
            row = await self._make_way(row, request.replaceable)
        now = self._clock()
        scheduled = request.scheduled_start
        if scheduled is not None and scheduled <= now:
            scheduled = None
        execution = Execution(instance_id, request.execution_id or self._new_id())
        event = ExecutionStarted(
            timestamp=now,
            execution=execution,
            name=request.name,
            version=request.version or "",
            input=request.input,
            tags=request.tags or None,
            trace=request.trace,
            scheduled_start=scheduled,
            generation=(row.generation or 0) + 1 if row is not None else 0,
        )
        await self._store.start(Message(event=event, target=execution, due=scheduled), row)
        return instance_id

    async def _make_way(
        self, row: Instance, replaceable: frozenset[Status] | None
    ) -> Instance | None:
        match decide(row.status, replaceable):
            case Reuse.REJECT:
                raise InstanceExists(row.instance_id, row.status.name)
            case Reuse.REPLACE:
                return row
            case Reuse.TERMINATE_FIRST:
                reason = "replaced by a new instance with the same ID"
                await self.terminate(row.instance_id, reason, recursive=False)
                return await self.wait_for_completion(row.instance_id, payloads=False)

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Start an instance again with its name, version, input and tags; return the ID."""
        check_instance_id(instance_id)
        row = await self._existing(instance_id, payloads=True)
        if not new_id and not row.status.is_terminal:
            raise WrongStatus(
                instance_id, row.status.name, "it must have ended to be restarted under its ID"
            )
        return await self.start(
            StartRequest(
                name=row.name or "",
                instance_id="" if new_id else instance_id,
                version=row.version,
                input=row.input,
                tags=row.tags,
            )
        )

    # -- looking -------------------------------------------------------------------------------

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an orchestration, ``None`` if there is none (an entity is none)."""
        if instance_id.startswith("@"):
            return None
        return await self._store.get(instance_id, payloads=payloads)

    async def failure_of(self, instance: Instance) -> Failure | None:
        """Return why a failed instance failed, with its causes where the history has them."""
        if instance.status is not Status.Failed:
            return None
        found: Failure | None = None
        async for event in self._store.history(instance.instance_id, instance.execution_id):
            if isinstance(event, ExecutionCompleted):
                found = event.failure
        if found is not None:
            return found
        kind, separator, message = (instance.output or "").partition(": ")
        return (
            Failure(error_type=kind, message=message)
            if separator
            else Failure(error_type="(unknown)", message=kind)
        )

    async def wait_for_start(self, instance_id: str, *, payloads: bool) -> Instance:
        """Return the instance once it has begun; waits without limit."""
        return await self._wait(instance_id, payloads, lambda status: status is not Status.Pending)

    async def wait_for_completion(self, instance_id: str, *, payloads: bool) -> Instance:
        """Return the instance once it has ended; waits without limit."""
        return await self._wait(instance_id, payloads, lambda status: status.is_terminal)

    async def _wait(
        self, instance_id: str, payloads: bool, wanted: Callable[[Status], bool]
    ) -> Instance:
        return await self._waits.until(
            instance_id,
            lambda: self.get(instance_id, payloads=payloads),
            wanted,
            lambda: self._store.owns(instance_id),
        )

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances."""
        return await self._store.query(query)

    def history(self, instance_id: str, execution_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the stored events of the current execution."""
        return self._store.history(instance_id, execution_id)

    # -- acting --------------------------------------------------------------------------------

    async def raise_event(self, instance_id: str, name: str, input: str | None) -> None:  # noqa: A002 (the wire's word)
        """Send an external event. To an instance that has ended it has no effect."""
        check_instance_id(instance_id)
        if not name:
            raise BadRequest("an event needs a name")
        await self._send(instance_id, EventRaised(timestamp=self._clock(), name=name, input=input))

    async def terminate(self, instance_id: str, output: str | None, *, recursive: bool) -> None:
        """Ask an instance to end, with *recursive* its children too."""
        event = ExecutionTerminated(timestamp=self._clock(), input=output, recurse=recursive)
        await self._send(instance_id, event)

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to pause; one that is suspended already is left alone."""
        event = ExecutionSuspended(timestamp=self._clock(), reason=reason)
        await self._send(instance_id, event, but_not=frozenset({Status.Suspended}))

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Ask a suspended instance to go on."""
        await self._send(instance_id, ExecutionResumed(timestamp=self._clock(), reason=reason))

    async def _send(
        self, instance_id: str, event: Event, but_not: frozenset[Status] = frozenset()
    ) -> None:
        row = await self._existing(instance_id, payloads=False)
        if not row.status.is_terminal and row.status not in but_not:
            await self._store.send(Message(event=event, target=Execution(instance_id)))

    async def _existing(self, instance_id: str, *, payloads: bool) -> Instance:
        row = await self.get(instance_id, payloads=payloads)
        if row is None:
            raise InstanceNotFound(instance_id)
        return row

    # -- purging -------------------------------------------------------------------------------

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        """Delete an instance that has ended; one that does not exist counts as none.

        With *recursive* its ended children go first. Raises `WrongStatus` if it has not ended.
        """
        row = await self.get(instance_id, payloads=False)
        if row is None:
            return Purged(0)
        if not row.status.is_terminal:
            raise WrongStatus(instance_id, row.status.name, "only what has ended can be purged")
        total = Purged(0)
        if recursive:
            for child in await self._children(instance_id):
                found = await self.get(child, payloads=False)
                if found is not None and found.status.is_terminal:
                    total = _sum(total, await self.purge(child, recursive=True))
        return _sum(total, await self._store.purge(instance_id))

    async def _children(self, instance_id: str) -> list[str]:
        return [
            event.instance_id
            async for event in self._store.history(instance_id)
            if isinstance(event, SubOrchestrationInstanceCreated) and event.instance_id
        ]

    async def purge_matching(
        self, query: InstanceQuery, *, time_limit: float | None
    ) -> tuple[Purged, bool]:
        """Delete the ended instances that *query* selects; tell whether all were done in time."""
        ended = frozenset(s for s in query.statuses if s.is_terminal)
        if query.statuses and not ended:
            return Purged(0), True
        wanted = ended or frozenset(s for s in Status if s.is_terminal)
        page_of = replace(query, statuses=wanted, payloads=False)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + time_limit if time_limit is not None else None
        total = Purged(0)
        while True:
            page = await self._store.query(page_of)
            for instance in page.instances:
                if deadline is not None and loop.time() >= deadline:
                    return total, False
                total = _sum(total, await self._store.purge(instance.instance_id))
            if page.token is None:
                return total, True
            page_of = replace(page_of, token=page.token)


def _sum(one: Purged, other: Purged) -> Purged:
    return Purged(one.instances + other.instances, one.rows + other.rows)
