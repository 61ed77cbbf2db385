"""A task hub in memory that decides nothing: tests say what it holds and read what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import anyio

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.ended_pages import EndedPage
from durahub.dispatch.entity_queries import EntityCleaning, EntityPage, EntityQuery
from durahub.dispatch.streams import Streams, WorkStream
from durahub.dispatch.work import StreamOptions, Work
from durahub.engine.actions import TurnResult
from durahub.engine.entities.work import Entity, EntityAnswer
from durahub.errors import HubNotFound, InstanceNotFound, WorkItemNotFound, WrongStatus
from durahub.model.failure import Failure
from durahub.model.history import Event, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, from_unix
from durahub.store import InstanceQuery, Page, Purged

CREATED = from_unix(1_700_000_000)


def an_instance(instance_id: str, status: Status = Status.Running, **more: object) -> Instance:
    fields = {"execution_id": "e1", "name": "Order", "version": None, "created": CREATED}
    times = {"last_updated": Ticks(CREATED + 5)}
    return Instance(instance_id=instance_id, status=status, **(fields | times | more))  # type: ignore[arg-type]


class FakeStream(WorkStream):
    """The hub's end of a stream. Of nobody's hub, so that closing it has no effect but one."""

    def __init__(self, options: StreamOptions) -> None:
        super().__init__(options, Streams(lambda: None, lambda _: None))
        self.left = asyncio.Event()  # by its worker

    def end(self) -> None:
        """End it from the hub's side."""
        self.closed = True
        self.wake()

    def close(self) -> None:
        self.left.set()


class FakeTaskHub:
    """The hub. ``calls`` holds every steering call; ``error`` is raised by the next call instead."""

    def __init__(self, name: str = "default") -> None:
        self.name = name
        self.instances: dict[str, Instance] = {}
        self.entities: dict[str, Entity] = {}
        self.histories: dict[str, list[Event]] = {}
        self.failures: dict[str, Failure] = {}
        self.work: dict[str, tuple[Event, ...]] = {}
        self.open_tokens: set[str] = set()
        self.calls: list[tuple[object, ...]] = []
        self.queries: list[InstanceQuery] = []
        self.streams: list[FakeStream] = []
        self.connected = asyncio.Event()
        self.changed = asyncio.Condition()
        self.waiting = 0
        self.error: BaseException | None = None

    def _called(self, *call: object) -> None:
        self.calls.append(call)
        if self.error is not None:
            error, self.error = self.error, None
            raise error

    # -- what tests do -------------------------------------------------------------------------

    async def put(self, instance: Instance) -> None:
        async with self.changed:
            self.instances[instance.instance_id] = instance
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        with anyio.fail_after(60):
            while not condition():  # noqa: ASYNC110 (any condition will do)
                await anyio.sleep(0.005)

    def send(self, work: Work, stream: int = -1) -> None:
        self.open_tokens.add(work.token)
        self.streams[stream].push(work)

    # -- clients -------------------------------------------------------------------------------

    async def start(self, request: StartRequest) -> str:
        self._called("start", request)
        instance_id = request.instance_id or "made-by-the-hub"
        given = {"name": request.name, "input": request.input, "tags": request.tags}
        await self.put(an_instance(instance_id, Status.Pending, **given))
        return instance_id

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        self._called("get", instance_id, payloads)
        return self.instances.get(instance_id)

    async def failure_of(self, instance: Instance) -> Failure | None:
        return self.failures.get(instance.instance_id)

    async def wait_for_start(self, instance_id: str, *, payloads: bool) -> Instance:
        return await self._wait(instance_id, lambda i: i.status is not Status.Pending)

    async def wait_for_completion(self, instance_id: str, *, payloads: bool) -> Instance:
        return await self._wait(instance_id, lambda i: i.status.is_terminal)

    async def _wait(self, instance_id: str, satisfied: Callable[[Instance], bool]) -> Instance:
        self.waiting += 1
        try:
            async with self.changed:
                while True:
                    found = self.instances.get(instance_id)
                    if found is not None and satisfied(found):
                        return found
                    await self.changed.wait()
        finally:
            self.waiting -= 1

    async def raise_event(self, instance_id: str, name: str, input: str | None) -> None:  # noqa: A002
        self._called("raise_event", instance_id, name, input)

    async def terminate(self, instance_id: str, output: str | None, *, recursive: bool) -> None:
        self._called("terminate", instance_id, output, recursive)

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        self._called("suspend", instance_id, reason)

    async def resume(self, instance_id: str, reason: str | None) -> None:
        self._called("resume", instance_id, reason)

    async def restart(self, instance_id: str, *, new_id: bool) -> str:
        self._called("restart", instance_id, new_id)
        if instance_id not in self.instances:
            raise InstanceNotFound(instance_id)
        return "restarted" if new_id else instance_id

    async def query(self, query: InstanceQuery) -> Page:
        self._called("query", query)
        self.queries.append(query)
        found = [
            i
            for _, i in sorted(self.instances.items())
            if i.instance_id.startswith(query.prefix)
            and (not query.statuses or i.status in query.statuses)
        ]
        begin = int(query.token or 0)
        end = begin + query.page_size
        return Page(tuple(found[begin:end]), str(end) if end < len(found) else None)

    async def purge(self, instance_id: str, *, recursive: bool = False) -> Purged:
        self._called("purge", instance_id, recursive)
        found = self.instances.get(instance_id)
        if found is None:
            return Purged(0)
        if not found.status.is_terminal:
            raise WrongStatus(instance_id, found.status.name, "only what has ended can be purged")
        del self.instances[instance_id]
        return Purged(1)

    async def purge_batch(self, ids: Sequence[str], *, recursive: bool = False) -> Purged:
        self._called("purge_batch", tuple(ids), recursive)
        return Purged(len(ids))

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        self._called("rewind", instance_id, reason)

    async def force_terminate(self, ids: Sequence[str], reason: str | None) -> tuple[str, ...]:
        self._called("force_terminate", tuple(ids), reason)
        return tuple(ids[1:])

    async def list_ended(self, *wanted: object) -> EndedPage:
        self._called("list_ended", *wanted)
        return EndedPage(("a", "b"), None if wanted[-1] else "next")

    async def purge_matching(
        self, query: InstanceQuery, *, time_limit: float | None, recursive: bool = False
    ) -> tuple[Purged, bool]:
        self._called("purge_matching", query, time_limit, recursive)
        return Purged(3), time_limit is None

    async def history(
        self, instance_id: str, execution_id: str | None = None
    ) -> AsyncIterator[Event]:
        self._called("history", instance_id, execution_id)
        for event in self.histories.get(instance_id, ()):
            yield event

    # -- entities ------------------------------------------------------------------------------

    async def signal_entity(
        self,
        instance_id: str,
        name: str,
        input: str | None,  # noqa: A002
        **more: object,
    ) -> None:
        self._called("signal_entity", instance_id, name, input, more)

    async def get_entity(self, instance_id: str, *, with_state: bool) -> Entity | None:
        self._called("get_entity", instance_id, with_state)
        return self.entities.get(instance_id)

    async def query_entities(self, query: EntityQuery) -> EntityPage:
        self._called("query_entities", query)
        found = sorted(self.entities.values(), key=lambda entity: entity.instance_id)
        begin = int(query.token or 0)
        end = begin + query.page_size
        return EntityPage(tuple(found[begin:end]), str(end) if end < len(found) else None)

    async def clean_entities(
        self, *, remove_empty: bool, release_locks: bool, token: str | None
    ) -> EntityCleaning:
        self._called("clean_entities", remove_empty, release_locks, token)
        return EntityCleaning(2, 1, None)

    # -- workers -------------------------------------------------------------------------------

    def connect(self, options: StreamOptions) -> FakeStream:
        stream = FakeStream(options)
        self.streams.append(stream)
        self.connected.set()
        return stream

    def work_history(
        self, instance_id: str, execution_id: str, principal: str
    ) -> tuple[Event, ...] | None:
        self._called("work_history", instance_id, execution_id, principal)
        return self.work.get(instance_id)

    def _take(self, token: str) -> None:
        if token not in self.open_tokens:
            raise WorkItemNotFound(token)
        self.open_tokens.remove(token)

    async def complete_orchestration(
        self, token: str, instance_id: str, result: TurnResult
    ) -> None:
        self._called("complete_orchestration", token, instance_id, result)
        self._take(token)

    async def complete_activity(
        self,
        token: str,
        instance_id: str,
        task_id: int,
        *,
        result: str | None,
        failure: Failure | None,
    ) -> None:
        self._called("complete_activity", token, instance_id, task_id, result, failure)
        self._take(token)

    async def complete_entity(self, token: str, instance_id: str, answer: EntityAnswer) -> None:
        self._called("complete_entity", token, instance_id, answer)
        self._take(token)

    async def abandon(self, token: str) -> None:
        self._called("abandon", token)
        self.open_tokens.discard(token)

    def called(self, name: str) -> list[tuple[object, ...]]:
        """Return the arguments of every call of *name*."""
        return [call[1:] for call in self.calls if call[0] == name]

    async def end(self, instance_id: str, status: Status, **more: object) -> None:
        await self.put(replace(self.instances[instance_id], status=status, **more))  # type: ignore[arg-type]


class FakeDirectory:
    """Hubs by name, without case."""

    default = "default"
    allows_management = False

    def __init__(self, *hubs: FakeTaskHub) -> None:
        self.managed: list[tuple[str, object]] = []
        self._hubs = {hub.name.lower(): hub for hub in hubs}

    async def find(self, name: str) -> FakeTaskHub:
        try:
            return self._hubs[name.lower()]
        except KeyError:
            raise HubNotFound(name) from None

    async def create(self, name: str, *, wipe: bool) -> None:
        self.managed.append((name, wipe))

    async def delete(self, name: str) -> None:
        self.managed.append((name, "deleted"))
