"""Entities while the ghost is their worker: recorded states, recorded answers, no user code.

What an entity is asked by trees that are replayed it has done already at the source. So such a batch ends
with the state that is recorded, calls get their recorded answers, and signals none.

Other signals come, too: one of a replay that was due later and now is, one of a client. Those are the
app's. A batch of nothing else is kept until the ghost leaves. Where that would stop a replay, or where
they come in one batch with what is the ghost's, for which no endpoint has a half answer, they are sent
again under their own request IDs, and then the batch is ended. A ghost that dies in between finds both
when it goes on, and drops one.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.entity_work import guid
from durahub.edge.wellknown import ticks_of
from durahub.errors import ReplayStuck, WorkItemNotFound
from durahub.model.ticks import MINIMUM, Ticks
from durahub_migrate.endpoint.client import EndpointClient

SEED = "durahub-seed"
"""The operation that brings an entity to life; no user code ever sees it."""

DRAINED_WITHIN = 5.0
"""Seconds in which signals of a replay mostly come: those behind a lock do not."""

_LOOK = 0.05

_JOBS = uuid.UUID("6e1d1f0e-6a54-4c54-9e2a-3d0f6e8c5b71")


def seed_id(instance_id: str) -> str:
    """Return the request ID of an entity's seed: always the same one."""
    return str(uuid.uuid5(_JOBS, instance_id))


class Whose(Enum):
    """Who has to do a batch."""

    GHOST = auto()
    APP = auto()
    BOTH = auto()


@dataclass(frozen=True, slots=True)
class _Operation:
    id: str  # the request's, as it came
    request: str  # its GUID
    asker: str  # the orchestration that waits for the answer, or ""
    name: str
    input: str | None


@dataclass(slots=True)
class EntityBook:
    """What entities hold, and what they have answered, by the GUIDs of the requests.

    *moment* is when the source was read: signals that were due later had not been given to any entity.
    *past* are signals that entities have had at the source, *coming* those of them that have been sent
    and not seen yet, with the sender. *unsure* are the app's signals that may be there twice. *busy* counts
    units that are replayed.

    *removed* are orchestrations whose earlier executions were removed: what those have asked gets no answer
    that anybody waits for.
    """

    moment: Ticks = MINIMUM
    removed: set[str] = field(default_factory=set)
    states: dict[str, str | None] = field(default_factory=dict)
    answers: dict[str, pb.HistoryEvent] = field(default_factory=dict)
    seeds: dict[str, asyncio.Event] = field(default_factory=dict)
    past: set[str] = field(default_factory=set)
    coming: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    busy: int = 0

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Note for the body that a unit is under way: nothing may stop before its operations."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    def will_send(self, sender: str, request: str, event: pb.HistoryEvent) -> None:
        """Note that the replay of *sender* sends a signal as *request*."""
        if self.is_past(event):
            self.past.add(guid(request))
            self.coming[guid(request)] = sender

    def have_sent(self, history: Iterable[pb.HistoryEvent]) -> None:
        """Note what a replay has sent that was broken off, by what it has left at the target."""
        for event in history:
            if event.HasField("entityOperationSignaled") and self.is_past(event):
                self.past.add(guid(event.entityOperationSignaled.requestId))

    def is_past(self, event: pb.HistoryEvent) -> bool:
        """Tell whether a signal in a history needed no longer to wait when the source was read."""
        due = ticks_of(event.entityOperationSignaled, "scheduledTime")
        return event.HasField("entityOperationSignaled") and (due is None or due <= self.moment)

    async def drained(self, senders: Collection[str]) -> None:
        """Wait until what their replays have sent has come: what comes later, nobody would know."""
        waited = 0.0
        while waited < DRAINED_WITHIN and any(one in senders for one in self.coming.values()):
            await asyncio.sleep(_LOOK)
            waited += _LOOK
        self.coming = {one: who for one, who in self.coming.items() if who not in senders}

    def whose(self, item: pb.WorkItem) -> Whose | None:
        """Return who has to do a batch, ``None`` if somebody waits for what nobody has answered."""
        operations = _operations(item)
        waiting = (one for one in operations if one.asker and one.asker not in self.removed)
        if any(one.request not in self.answers for one in waiting):
            return None
        entity = entity_of(item)
        apps = self._apps(entity, operations)
        if not apps:
            return Whose.GHOST
        is_sure = self.unsure.isdisjoint(one.request for one in apps)
        return Whose.APP if len(apps) == len(operations) and is_sure else Whose.BOTH

    def _apps(self, entity: str, operations: Iterable[_Operation]) -> list[_Operation]:
        """Return the operations that the app has to do, each once."""
        found: dict[str, _Operation] = {}
        for one in operations:
            is_replayed = one.request in self.past or one.request in self.answers
            if not one.asker and not is_replayed and one.request != seed_id(entity):
                found.setdefault(one.request, one)
        return list(found.values())

    async def answer(self, client: EndpointClient, item: pb.WorkItem) -> None:
        """End a batch as it is recorded; what of it is the app's is sent again before."""
        entity, operations = entity_of(item), _operations(item)
        apps = self._apps(entity, operations)
        self.unsure.update(one.request for one in apps)
        for one in apps:
            await client.signal_entity(entity, one.name, one.input, request_id=one.id)
        try:
            await client.complete_entity(self.result(item))
        except WorkItemNotFound:
            return  # it comes again, or an earlier try has ended it
        self.unsure.difference_update(one.request for one in apps)
        for one in operations:
            self.coming.pop(one.request, None)
            if one.request in self.seeds:
                self.seeds[one.request].set()

    def result(self, item: pb.WorkItem) -> pb.EntityBatchResult:
        """Return what ends a batch."""
        request = item.entityRequestV2 if item.HasField("entityRequestV2") else item.entityRequest
        result = pb.EntityBatchResult(completionToken=item.completionToken)
        state: str | None = request.entityState.value if request.HasField("entityState") else None
        if request.instanceId in self.states:
            state = self.states[request.instanceId]
        if state is not None:
            result.entityState.value = state
        for one in _operations(item):
            answer = self.answers.get(one.request)
            _put(result.results.add(), answer)
            info = result.operationInfos.add(requestId=one.id)
            if one.asker:
                info.responseDestination.instanceId = one.asker
        if not item.HasField("entityRequestV2"):
            del result.operationInfos[:]  # its server knows who has asked
        return result

    async def seed(
        self, client: EndpointClient, instance_id: str, state: str | None, patience: float
    ) -> None:
        """Give an entity its state; doing it twice changes nothing. Raises `ReplayStuck` after *patience*."""
        request = seed_id(instance_id)
        self.states[instance_id] = state
        done = self.seeds[request] = asyncio.Event()
        await client.signal_entity(instance_id, SEED, None, request_id=request)
        try:
            await asyncio.wait_for(done.wait(), patience)
        except asyncio.TimeoutError:
            raise ReplayStuck(instance_id, patience) from None
        finally:
            del self.seeds[request]


def entity_of(item: pb.WorkItem) -> str:
    """Return the ID of a batch's entity."""
    is_new = item.HasField("entityRequestV2")
    return item.entityRequestV2.instanceId if is_new else item.entityRequest.instanceId


def _operations(item: pb.WorkItem) -> list[_Operation]:
    if not item.HasField("entityRequestV2"):
        return [_operation(one, "") for one in item.entityRequest.operations]
    found = []
    for event in item.entityRequestV2.operationRequests:
        if event.HasField("entityOperationCalled"):
            call = event.entityOperationCalled
            found.append(_operation(call, call.parentInstanceId.value))
        else:
            found.append(_operation(event.entityOperationSignaled, ""))
    return found


def _operation(body: Any, asker: str) -> _Operation:
    text = body.input.value if body.HasField("input") else None
    return _Operation(body.requestId, guid(body.requestId), asker, body.operation, text)


def _put(result: pb.OperationResult, answer: pb.HistoryEvent | None) -> None:
    if answer is not None and answer.HasField("entityOperationFailed"):
        details = answer.entityOperationFailed.failureDetails
        result.failure.failureDetails.CopyFrom(details)
        return
    result.success.SetInParent()
    if answer is not None and answer.entityOperationCompleted.HasField("output"):
        result.success.result.CopyFrom(answer.entityOperationCompleted.output)
