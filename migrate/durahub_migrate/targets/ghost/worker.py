"""The ghost as a worker: streams of work items, each handed to whoever replays its instance.

There are two streams. Turns come over one, activities and entities over the other, which is closed before
activities are scheduled that nobody has answered: those are for the app's own worker. A work item that
is nobody's is given back after a while; one that is held at the end is given back when the ghost leaves.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import DurahubError, WorkItemNotFound
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost.arrivals import Arrivals
from durahub_migrate.targets.ghost.entities import EntityBook, Whose
from durahub_migrate.targets.ghost.names import Names

MANY = 100_000
"""Work items of a kind that may be out: what has been replayed is held until the ghost leaves."""

GIVEN_BACK_AFTER = 1.0
"""Seconds for which a work item is kept that nobody has asked for: it comes again at once."""

LAST_LOOK = 0.3
"""Seconds in which an endpoint notes that a stream was closed: a dying one may take work items along."""


@dataclass(slots=True)
class GhostWorker:
    """A worker at *client*'s hub. *filters* tells whether the hub honours filters of work items."""

    client: EndpointClient
    book: EntityBook
    names: Names
    filters: bool = True
    is_moved: Callable[[str], bool] = bool  # whether the source has such an instance
    claims: dict[str, Arrivals] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)  # tokens by instances, "" before one came
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turns: asyncio.Task[None] | None = None
    _answers: asyncio.Task[None] | None = None
    _held_others: list[pb.WorkItem] = field(default_factory=list)
    _returning: set[asyncio.Task[None]] = field(default_factory=set)
    _kept: list[pb.WorkItem] = field(default_factory=list)  # the app's
    _keeping: set[asyncio.Task[None]] = field(default_factory=set)
    _passing: set[asyncio.Task[None]] = field(default_factory=set)  # never broken off
    _answers_entities: bool = False

    async def begin(self) -> None:
        """Connect; a worker that is connected stays so. Raises what its client does."""
        async with self._connecting:
            self._answers_entities = True
            await self._begin_turns()
            if self._answers is None or self._answers.done():
                if self.filters and not self.names.activities and not self.names.entities:
                    return
                await _ended(self._keeping)
                for item in self._kept:  # it went with the stream before: it comes again
                    await self._give_back_other(item)
                self._kept.clear()
                self._answers = await self._opened(self.names.answers(), "answers")

    async def only_turns(self) -> None:
        """Take no activities and no entities any more."""
        async with self._connecting:
            self._answers_entities = False  # where filters are not honoured, some come yet
            await self._begin_turns()
            await self._passed_on()
            if self._answers is not None:
                await self._close(self._answers)
                self._answers = None
                await asyncio.sleep(LAST_LOOK)
                await self._end_left_over()

    async def _begin_turns(self) -> None:
        if self._turns is None or self._turns.done():
            self._turns = await self._opened(self.names.turns(), "turns")

    async def leave(self) -> None:
        """Disconnect, and give back all that is held."""
        self._answers_entities = False
        await self._passed_on()
        await asyncio.sleep(LAST_LOOK)  # what is on its way must not meet a stream that is closed
        await self.disconnect()
        await asyncio.sleep(LAST_LOOK)
        await _ended(self._returning)
        for token in filter(None, self.held.values()):
            await self.give_back(token)
        self.held.clear()
        await self._end_left_over()
        for item in (*self._held_others, *self._kept):
            await self._give_back_other(item)
        self._held_others.clear()
        self._kept.clear()

    async def disconnect(self) -> None:
        """Close the streams."""
        for stream in (self._turns, self._answers):
            await self._close(stream)
        self._turns = self._answers = None
        await _ended((*self._keeping, *self._passing))

    async def give_back(self, token: str) -> None:
        """Abandon a turn."""
        with contextlib.suppress(WorkItemNotFound):
            await self.client.abandon_orchestrator(token)

    async def _opened(self, filters: pb.WorkItemFilters, name: str) -> asyncio.Task[None]:
        request = pb.GetWorkItemsRequest(
            maxConcurrentOrchestrationWorkItems=MANY,
            maxConcurrentActivityWorkItems=MANY,
            maxConcurrentEntityWorkItems=MANY,
        )
        if self.filters:
            request.workItemFilters.CopyFrom(filters)
        is_open = asyncio.Event()
        task = asyncio.create_task(self._listen(request, is_open), name=f"ghost-{name}")
        await is_open.wait()
        return task

    async def _listen(self, request: pb.GetWorkItemsRequest, is_open: asyncio.Event) -> None:
        try:
            async with self.client.work_items(request) as items:
                is_open.set()
                await self._hand_out(items)
        except DurahubError as error:
            self._tell_all(error)
        finally:
            is_open.set()

    def _tell_all(self, error: DurahubError) -> None:
        for queue in set(self.claims.values()):
            queue.put_nowait(error)

    async def _hand_out(self, items: AsyncIterator[pb.WorkItem]) -> None:
        async for item in items:
            match item.WhichOneof("request"):
                case "orchestratorRequest":
                    await self._hand_turn(item)
                case "activityRequest":
                    queue = self.claims.get(item.activityRequest.orchestrationInstance.instanceId)
                    if queue is not None:
                        queue.put_nowait(item)
                    else:
                        self._held_others.append(item)
                case "entityRequest" | "entityRequestV2":
                    await self._hand_batch(item)
                case _:
                    pass

    async def _hand_turn(self, item: pb.WorkItem) -> None:
        instance_id = item.orchestratorRequest.instanceId
        queue = self.claims.get(instance_id)
        if queue is not None:
            queue.put_nowait(item)
        elif instance_id in self.held:
            self.held[instance_id] = item.completionToken  # it came again
        else:
            task = asyncio.create_task(self._return_later(item.completionToken))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)

    async def dismiss(self, removed: Collection[str]) -> None:
        """End what orchestrations have asked that were *removed*: else it would run when the ghost leaves."""
        self.book.removed.update(removed)
        held, self._held_others = self._held_others, []
        for item in held:
            if item.HasField("activityRequest"):
                asker = item.activityRequest.orchestrationInstance.instanceId
                if asker in removed:
                    await self.end_activity(item, pb.ActivityResponse())
                    continue
            elif self._answers_entities and self.book.whose(item) is not None:
                await self._hand_batch(item)
                continue
            self._held_others.append(item)

    def taken(self, instance_id: str) -> list[pb.WorkItem]:
        """Return the activities of an instance that came when nobody had asked for them."""
        found = [
            one
            for one in self._held_others
            if one.activityRequest.orchestrationInstance.instanceId == instance_id
        ]
        self._held_others = [one for one in self._held_others if one not in found]
        return found

    async def _end_left_over(self) -> None:
        """End activities of executions that are not there any more: given back, the app would run them."""
        held, self._held_others = self._held_others, []
        for item in held:
            if item.HasField("activityRequest") and await self._is_left_over(item):
                await self.end_activity(item, pb.ActivityResponse())
            else:
                self._held_others.append(item)

    async def _is_left_over(self, item: pb.WorkItem) -> bool:
        asker = item.activityRequest.orchestrationInstance
        if not self.is_moved(asker.instanceId):
            return asker.instanceId in self.book.removed
        state = await self.client.get_instance(asker.instanceId, payloads=False)
        if state is None:
            return True
        here, told = state.executionId.value, asker.executionId.value
        return bool(here and told) and here != told

    async def end_activity(self, item: pb.WorkItem, response: pb.ActivityResponse) -> None:
        """End an activity; nobody may wait for it any more."""
        response.instanceId = item.activityRequest.orchestrationInstance.instanceId
        response.taskId = item.activityRequest.taskId
        response.completionToken = item.completionToken
        with contextlib.suppress(WorkItemNotFound):  # an earlier try has arrived, or it comes again
            await self.client.complete_activity(response)

    async def _hand_batch(self, item: pb.WorkItem) -> None:
        whose = self.book.whose(item)
        if whose is None or not self._answers_entities:
            self._held_others.append(item)
        elif whose is Whose.APP:
            self._kept.append(item)
            task = asyncio.create_task(self._keep(item))
            self._keeping.add(task)
            task.add_done_callback(self._keeping.discard)
        elif whose is Whose.BOTH:
            self._pass_on(item)
        else:
            await self.book.answer(self.client, item)

    async def _keep(self, item: pb.WorkItem) -> None:
        """Keep an entity's batch that is the app's, as long as nothing may wait behind it."""
        await asyncio.sleep(GIVEN_BACK_AFTER)
        while not self.book.busy:  # noqa: ASYNC110 (a replay may begin at any time, or never)
            await asyncio.sleep(GIVEN_BACK_AFTER)
        if self._answers_entities:
            self._kept.remove(item)
            self._pass_on(item)

    def _pass_on(self, item: pb.WorkItem) -> None:
        task = asyncio.create_task(self._answer(item))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _answer(self, item: pb.WorkItem) -> None:
        try:
            await self.book.answer(self.client, item)
        except DurahubError as error:
            self._held_others.append(item)
            self._tell_all(error)

    async def _passed_on(self) -> None:
        """Wait until nothing is half sent again; what has turned out to be the ghost's is answered."""
        await _ended(self._keeping)
        for item in [one for one in self._kept if self.book.whose(one) is Whose.GHOST]:
            self._kept.remove(item)
            self._pass_on(item)
        while self._passing:
            await asyncio.gather(*self._passing)

    def hold(self, item: pb.WorkItem) -> None:
        """Keep a work item until the ghost leaves."""
        if item.HasField("orchestratorRequest"):
            self.held[item.orchestratorRequest.instanceId] = item.completionToken
        else:
            self._held_others.append(item)

    async def unclaim(self, target_id: str) -> None:
        """Claim an instance's items no longer; turns of it that nobody has looked at are given back."""
        queue = self.claims.pop(target_id, None)
        while queue is not None and not queue.empty():
            item = queue.get_nowait()
            if isinstance(item, DurahubError):
                continue
            if item.HasField("orchestratorRequest"):
                await self.give_back(item.completionToken)
            else:
                self.hold(item)

    async def _return_later(self, token: str) -> None:
        try:
            await asyncio.sleep(GIVEN_BACK_AFTER)  # else it would come again at once, for ever
        finally:
            await self.give_back(token)

    async def _give_back_other(self, item: pb.WorkItem) -> None:
        is_activity = item.HasField("activityRequest")
        call = self.client.abandon_activity if is_activity else self.client.abandon_entity
        with contextlib.suppress(WorkItemNotFound):
            await call(item.completionToken)

    async def _close(self, stream: asyncio.Task[None] | None) -> None:
        if stream is not None:
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    ended = tuple(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)
