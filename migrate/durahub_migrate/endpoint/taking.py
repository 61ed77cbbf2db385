"""A worker that takes work items of instances it knows, and gives back all others at once."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import DurahubError, NotThere
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.client import EndpointClient

AT_ONCE = 10
"""Work items of a kind that are asked for at a time. No number at all would mean that there is no limit."""


def request_of(
    orchestrations: Iterable[str] = (),
    activities: Iterable[str] = (),
    entities: Iterable[str] = (),
    *,
    at_once: int = AT_ONCE,
) -> pb.GetWorkItemsRequest:
    """Return what a worker asks for that knows these names; of a kind without a name it wants none."""
    filters = pb.WorkItemFilters(
        orchestrations=[pb.OrchestrationFilter(name=name) for name in orchestrations],
        activities=[pb.ActivityFilter(name=name) for name in activities],
        entities=[pb.EntityFilter(name=name) for name in entities],
    )
    return pb.GetWorkItemsRequest(
        maxConcurrentOrchestrationWorkItems=at_once,
        maxConcurrentActivityWorkItems=at_once,
        maxConcurrentEntityWorkItems=at_once,
        workItemFilters=filters,
    )


GiveBack = Callable[[pb.WorkItem], Awaitable[None]]


class Taking:
    """The work items of a stream, by the instances that they are for. Use `taking`."""

    def __init__(self, return_item: GiveBack, is_mine: Callable[[str], bool]) -> None:
        self._return = return_item
        self._is_mine = is_mine
        self._queues: dict[tuple[str, str], asyncio.Queue[pb.WorkItem]] = defaultdict(asyncio.Queue)
        self._out: dict[str, pb.WorkItem] = {}
        self._running: asyncio.Task[None] | None = None
        self.foreign = 0
        """How many work items of others were given back."""

    @property
    def is_over(self) -> bool:
        """Whether the endpoint has ended the stream."""
        return self._running is not None and self._running.done()

    @property
    def holds_any(self) -> bool:
        """Whether there are work items to give back."""
        return bool(self._out)

    async def turn(self, instance_id: str, within: float) -> pb.WorkItem | None:
        """Return the next turn of an orchestration, ``None`` after so many seconds without one."""
        return await self._next("orchestratorRequest", instance_id, within)

    async def activity(self, instance_id: str, within: float) -> pb.WorkItem | None:
        """Return the next activity of an orchestration, ``None`` if there is none in time."""
        return await self._next("activityRequest", instance_id, within)

    async def batch(self, entity_id: str, within: float) -> pb.WorkItem | None:
        """Return the next batch of an entity, in the newer form, ``None`` if there is none in time."""
        return await self._next("entityRequestV2", entity_id, within)

    async def any_turn(self, instance_ids: Iterable[str]) -> list[pb.WorkItem]:
        """Return the turns that have come for any of these, without waiting."""
        queues = [self._queues["orchestratorRequest", one] for one in instance_ids]
        return [queue.get_nowait() for queue in queues for _ in range(queue.qsize())]

    def turns_out(self) -> list[pb.WorkItem]:
        """Return the turns that have come and were not completed."""
        return [item for item in self._out.values() if item.HasField("orchestratorRequest")]

    def done(self, token: str) -> None:
        """Note that a work item was completed, so that it is not given back."""
        self._out.pop(token, None)

    async def give_back(self, item: pb.WorkItem) -> None:
        """Give back a work item: it will come again."""
        self._out.pop(item.completionToken, None)
        with contextlib.suppress(NotThere):
            await self._return(item)

    async def _next(self, kind: str, instance_id: str, within: float) -> pb.WorkItem | None:
        """Raise what has ended the stream, if it has ended and nothing is left of it."""
        queue = self._queues[kind, instance_id]
        if self.is_over and queue.empty():
            assert self._running is not None  # noqa: S101 (for the types)
            self._running.result()
            return None
        coming = asyncio.ensure_future(queue.get())
        waited = {coming} if self._running is None else {coming, self._running}
        try:
            await asyncio.wait(waited, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            if self._running is not None and self._running.done():
                self._running.result()
            return None
        finally:
            coming.cancel()

    def begin(self, items: AsyncIterator[pb.WorkItem]) -> None:
        """Take what comes, in a task."""
        self._running = asyncio.create_task(self._run(items), name="work items")

    async def _run(self, items: AsyncIterator[pb.WorkItem]) -> None:
        async for item in items:
            kind = item.WhichOneof("request")
            if kind in (None, "healthPing"):
                continue
            instance_id = instance_of(item)
            if not self._is_mine(instance_id):
                self.foreign += 1
                await self.give_back(item)
                continue
            self._out[item.completionToken] = item
            self._queues[
                "entityRequestV2" if kind == "entityRequest" else str(kind), instance_id
            ].put_nowait(_in_newer_form(item))

    async def end(self) -> None:
        """Take nothing more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def leave(self) -> None:
        """Give back everything that was not completed."""
        for item in list(self._out.values()):
            await self.give_back(item)


@contextlib.asynccontextmanager
async def taking(
    client: EndpointClient, request: pb.GetWorkItemsRequest, is_mine: Callable[[str], bool]
) -> AsyncIterator[Taking]:
    """Be a worker for the body."""

    async def return_item(item: pb.WorkItem) -> None:
        await give_back(client, item)

    stream = client.work_items(request)
    async with _taken(stream, Taking(return_item, is_mine), client.hello) as found:
        yield found


@contextlib.asynccontextmanager
async def backend_taking(
    service: BackendClient, request: pb.GetWorkItemsRequest, is_mine: Callable[[str], bool]
) -> AsyncIterator[Taking]:
    """Be a worker as DTFx is one for the body."""

    async def return_item(item: pb.WorkItem) -> None:
        match item.WhichOneof("request"):
            case "orchestratorRequest":
                await service.abandon_orchestration(item.completionToken)
            case "activityRequest":
                await service.abandon_activity(item.completionToken)
            case _:
                await service.abandon_entity(item.completionToken, "it is not for a move")

    stream = service.work_items(request)
    async with _taken(stream, Taking(return_item, is_mine), service.ping) as found:
        yield found


@contextlib.asynccontextmanager
async def _taken(
    stream: AbstractAsyncContextManager[AsyncIterator[pb.WorkItem]],
    found: Taking,
    ask: Callable[[], Awaitable[object]],
) -> AsyncIterator[Taking]:
    try:
        async with stream as items:
            found.begin(items)
            try:
                yield found
            finally:
                await found.end()
    finally:
        # Behind the end of the stream: what is given back would come to it again, and be lost with it.
        # The end is on its way, unanswered; what is asked behind it on the same connection is answered
        # when the endpoint has seen it.
        if found.holds_any:
            with contextlib.suppress(DurahubError):
                await ask()
            with contextlib.suppress(DurahubError):
                await found.leave()


async def give_back(client: EndpointClient, item: pb.WorkItem) -> None:
    """Give back a work item of whichever kind."""
    match item.WhichOneof("request"):
        case "orchestratorRequest":
            await client.abandon_orchestrator(item.completionToken)
        case "activityRequest":
            await client.abandon_activity(item.completionToken)
        case _:
            await client.abandon_entity(item.completionToken)


def instance_of(item: pb.WorkItem) -> str:
    """Return the ID of the orchestration, or the entity, that a work item is of."""
    match item.WhichOneof("request"):
        case "orchestratorRequest":
            return item.orchestratorRequest.instanceId
        case "activityRequest":
            return item.activityRequest.orchestrationInstance.instanceId
        case "entityRequest":
            return item.entityRequest.instanceId
        case _:
            return item.entityRequestV2.instanceId


def _in_newer_form(item: pb.WorkItem) -> pb.WorkItem:
    """Return an entity's batch of the older form in the newer one."""
    if item.WhichOneof("request") != "entityRequest":
        return item
    old = item.entityRequest
    new = pb.WorkItem(completionToken=item.completionToken)
    new.entityRequestV2.instanceId = old.instanceId
    if old.HasField("entityState"):
        new.entityRequestV2.entityState.CopyFrom(old.entityState)
    for operation in old.operations:
        event = new.entityRequestV2.operationRequests.add(eventId=-1)
        event.entityOperationSignaled.requestId = operation.requestId
        event.entityOperationSignaled.operation = operation.operation
        if operation.HasField("input"):
            event.entityOperationSignaled.input.CopyFrom(operation.input)
    return new
