"""The instances of a probe: their names, and that none is left."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from durahub.errors import DurahubError
from durahub.model.ticks import Ticks, later, to_unix
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.removing import clean_empty, remove, remove_entity
from durahub_migrate.endpoint.scratch import ENTITY, PREFIX, is_probes
from durahub_migrate.endpoint.taking import Taking, request_of, taking
from durahub_migrate.endpoint.written_behind import seen

T = TypeVar("T")

FAR = 30 * 86_400.0
"""Seconds until one would run that never shall."""


@dataclass(slots=True)
class Scratch:
    """One run of the probes at an endpoint.

    *within* is how long a thing may take that has to come, *quiet* how long one is waited for that shall
    not, both in seconds. *names* counts the names of orchestrations: each thing that is tried has its own, so
    that no work item is in the way that an earlier one has left. *asked* are the activities that have no
    result yet, with their instances. *left* is what could not be removed.
    """

    client: EndpointClient
    clock: Callable[[], Ticks]
    random: Random
    monotonic: Callable[[], float]
    within: float = 20.0
    quiet: float = 1.5
    mark: str = ""
    names: int = 0
    asked: set[tuple[str, str]] = field(default_factory=set)
    made: list[str] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self.mark = f"{self.random.getrandbits(32):08x}"

    @property
    def run(self) -> str:
        """What all names and IDs of this run begin with."""
        return f"{PREFIX}{self.mark}"

    @property
    def name(self) -> str:
        """The name of the orchestrations of what is tried now, which no app has."""
        return f"{self.run}-{self.names}"

    @property
    def waiting(self) -> str:
        """The name of those that are never to run: an endpoint may give them out before their time."""
        return f"{self.name}-waiting"

    @property
    def activity(self) -> str:
        """The name of their activities."""
        return f"{self.name}-activity"

    def new_id(self, rest: str = "") -> str:
        """Return an ID that nobody has, noted to be removed."""
        self._number += 1
        found = f"{self.run}-{self._number}{rest}"
        self.made.append(found)
        return found

    def new_entity(self, rest: str = "") -> str:
        """Return an entity's ID that nobody has, noted to be removed."""
        self._number += 1
        found = f"@{ENTITY}@{self.mark}-{self._number}{rest}"
        self.entities.append(found)
        return found

    def guid(self) -> str:
        """Return a request's ID."""
        return f"{self.random.getrandbits(128):032x}"

    def unix_now(self) -> int:
        """Return the seconds since 1970."""
        return to_unix(self.clock())[0]

    def is_mine(self, instance_id: str) -> bool:
        """Tell whether this run has made an instance."""
        return instance_id.startswith((self.run, f"@{ENTITY}@{self.mark}-"))

    def start(
        self, instance_id: str, data: str | None = None, *, waits: bool = False
    ) -> pb.CreateInstanceRequest:
        """Return the start of an instance; with *waits* one that is to begin in a month."""
        request = pb.CreateInstanceRequest(
            instanceId=instance_id,
            name=self.waiting if waits else self.name,
            input=None if data is None else StringValue(value=data),
            orchestrationIdReusePolicy=pb.OrchestrationIdReusePolicy(),  # nothing is replaced
        )
        if waits:
            seconds, nanos = to_unix(later(self.clock(), FAR))
            request.scheduledStartTimestamp.seconds = seconds
            request.scheduledStartTimestamp.nanos = nanos
        return request

    @contextlib.asynccontextmanager
    async def worker(
        self, *, activities: tuple[str, ...] | None = None, entities: tuple[str, ...] = ()
    ) -> AsyncIterator[Taking]:
        """Be a worker for the body that takes what is tried now. *activities*: those of `activity`."""
        own = (self.activity,) if activities is None else activities
        request = request_of([self.name], own, entities)
        async with taking(self.client, request, self.is_mine) as found:
            try:
                yield found
            finally:
                with contextlib.suppress(DurahubError):
                    await self._end_turns(found)

    async def _end_turns(self, worker: Taking) -> None:
        """End the instances whose turns are out: what is given back, some endpoints give to who has left."""
        ending = answers.ending(pb.ORCHESTRATION_STATUS_COMPLETED, number=99)
        for item in worker.turns_out():
            await self.answer(worker, item, ending)

    async def answer(
        self,
        worker: Taking,
        item: pb.WorkItem,
        *actions: pb.OrchestratorAction,
        status: str | None = None,
    ) -> None:
        """Answer a turn."""
        await self.client.complete_orchestrator(answers.turn(item, actions, status))
        worker.done(item.completionToken)
        instance_id = item.orchestratorRequest.instanceId
        self.asked.update(
            (instance_id, action.scheduleTask.name)
            for action in actions
            if action.HasField("scheduleTask")
        )

    async def answer_activity(
        self, worker: Taking, item: pb.WorkItem, result: str | None = None
    ) -> None:
        """Answer an activity."""
        request = item.activityRequest
        instance_id = request.orchestrationInstance.instanceId
        response = pb.ActivityResponse(
            instanceId=instance_id,
            taskId=request.taskId,
            result=None if result is None else StringValue(value=result),
            completionToken=item.completionToken,
        )
        await self.client.complete_activity(response)
        worker.done(item.completionToken)
        self.asked.discard((instance_id, request.name))

    async def ended(self, instance_id: str) -> pb.OrchestrationState | None:
        """Return the state of an instance when it has ended, or what it is when that takes too long."""
        return await self.seen(
            lambda: self.client.get_instance(instance_id),
            lambda state: state is not None and state.orchestrationStatus in answers.ENDED,
        )

    async def seen(self, read: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> T:
        """Return what *read* returns when it *is_so*: what a worker answers may be written behind."""
        return await seen(read, is_so, within=self.within)

    async def clean(self) -> None:
        """Remove what this run has made; *left* is what could not be."""
        self.left = []
        with contextlib.suppress(DurahubError):
            await self._answer_activities()
        for entity_id in self.entities:
            with contextlib.suppress(DurahubError):
                if await remove_entity(
                    self.client, entity_id, request_id=self.guid(), patience=self.within
                ):
                    continue
            self.left.append(entity_id)
        if self.entities:
            with contextlib.suppress(DurahubError):
                await clean_empty(self.client, is_probes)
        ids = list(self.made)
        gone: frozenset[str] = frozenset()
        with contextlib.suppress(DurahubError):
            ids += await self._made_before(self.run)  # an ID that was cut off on its way, too
            gone = await remove(self.client, ids, patience=self.within, monotonic=self.monotonic)
        self.left += sorted({one for one in ids if one not in gone})

    async def _answer_activities(self) -> None:
        """Answer what was asked for: an activity outlives its instance, and stands in the way of others."""
        if not self.asked:
            return
        names = {name.partition("-activity")[0] for _, name in self.asked}
        request = request_of(names, {name for _, name in self.asked})
        async with taking(self.client, request, self.is_mine) as worker:
            for instance_id, _ in sorted(self.asked):
                item = await worker.activity(instance_id, self.within)
                if item is None:
                    continue
                await self.answer_activity(worker, item)
                turn = await worker.turn(instance_id, self.within)
                if turn is not None:
                    ending = answers.ending(pb.ORCHESTRATION_STATUS_COMPLETED, number=99)
                    await self.answer(worker, turn, ending)

    async def clean_leftovers(self) -> int:
        """Remove what probes before have left that did not come to their end; return how many."""
        old = await self._made_before(PREFIX)
        gone = await remove(self.client, old, patience=self.within, monotonic=self.monotonic)
        entities = [
            entity.instanceId
            async for entity in self.client.query_entities(prefix=f"@{ENTITY}@")
            if entity.instanceId.startswith(f"@{ENTITY}@") and entity.HasField("serializedState")
        ]
        for entity_id in entities:
            await remove_entity(
                self.client, entity_id, request_id=self.guid(), patience=self.within
            )
        return len(gone) + len(entities)

    async def _made_before(self, prefix: str) -> list[str]:
        # Both must say so: the ID alone may be anybody's.
        return [
            state.instanceId
            async for state in self.client.query_instances(prefix=prefix)
            if state.instanceId.startswith(prefix) and state.name.startswith(prefix)
        ]
