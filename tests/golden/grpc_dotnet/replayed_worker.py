"""The recorded worker at a live server: it answers each work item as it did then."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from tests.golden.grpc_dotnet.likeness import complaints, events, neutral
from tests.golden.grpc_dotnet.moving import move_times
from tests.golden.grpc_dotnet.recorded_work import (
    NEVER,
    Batch,
    Key,
    RecordedWork,
    Task,
    Turn,
    execution_number,
    keys_of,
    operation_key,
)


class ReplayedWorker:
    """Answers as recorded; activities not before the transcript has come to it."""

    def __init__(self, stub: Any, work: RecordedWork, moved: timedelta) -> None:
        self._stub = stub
        self._work = work
        self._moved = moved  # by so much the times of actions are later
        self.line = 0  # where the transcript is
        self.differences: list[str] = []
        self.names: dict[str, str] = {}  # recorded ids for those that the server made up
        self._had: defaultdict[str, list[Counter[Key]]] = defaultdict(list)  # by execution
        self._tasks: Counter[tuple[str, int]] = Counter()
        self._operations: defaultdict[str, list[Key]] = defaultdict(list)
        self._executions: defaultdict[str, list[str]] = defaultdict(list)
        self._changed = asyncio.Event()
        self._doing: set[asyncio.Task[None]] = set()

    async def run(self, request: pb.GetWorkItemsRequest, metadata: Any) -> None:
        """Take work items until cancelled."""
        self._metadata = metadata
        try:
            async for item in self._stub.GetWorkItems(request, metadata=metadata):
                doing = asyncio.create_task(self._do(item))
                self._doing.add(doing)
                doing.add_done_callback(self._done)
        finally:
            for doing in self._doing:
                doing.cancel()

    def _done(self, doing: "asyncio.Task[None]") -> None:
        self._doing.discard(doing)
        if not doing.cancelled() and doing.exception() is not None:
            self.differences.append(f"the worker: {doing.exception()!r}")

    def go_on(self, line: int) -> None:
        """The transcript has come to *line*."""
        self.line = line
        self._changed.set()

    def has_had(self, work: Turn | Task | Batch) -> bool:
        """Tell whether what the recorded worker got with *work* has come here."""
        if isinstance(work, Turn):
            instance = work.item.instanceId
            number = next(n for n, turns in enumerate(self._work.turns[instance]) if work in turns)
            return len(self._had[instance]) > number and work.had <= self._had[instance][number]
        if isinstance(work, Task):
            key = (work.item.orchestrationInstance.instanceId, work.item.taskId)
            return self._tasks[key] > self._work.tasks[key].index(work)
        wanted: Counter[Key] = Counter()
        for batch in self._work.batches[work.item.instanceId]:
            wanted.update(batch.operations)
            if batch is work:
                break
        return wanted <= Counter(self._operations[work.item.instanceId])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when *condition* holds; it is asked when anything has come."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _do(self, item: pb.WorkItem) -> None:
        match item.WhichOneof("request"):
            case "orchestratorRequest":
                await self._turn(item)
            case "activityRequest":
                await self._task(item)
            case "entityRequestV2":
                await self._batch(item)

    # -- orchestrators -------------------------------------------------------------------------

    async def _turn(self, item: pb.WorkItem) -> None:
        request = item.orchestratorRequest
        instance = await self._recorded_id(request.instanceId)
        past = await self._past(request)
        had = keys_of([*past, *request.newEvents])
        number = execution_number(self._executions[instance], request, past)
        if number == len(self._had[instance]):
            self._had[instance].append(Counter())
        self._had[instance][number] |= had
        self._changed.set()
        executions = self._work.turns[instance]
        recorded = executions[number] if number < len(executions) else []
        due = [turn for turn in recorded if not turn.used and turn.had <= had]
        if due and due[0].abandoned:
            del due[1:]
        self._compare(request, past, due[-1] if due else None, had)
        if any(turn.answered_at == NEVER for turn in due):
            return  # it was held, or lost
        for turn in due:
            turn.used = True
        if due and due[0].abandoned:
            await self._stub.AbandonTaskOrchestratorWorkItem(
                pb.AbandonOrchestrationTaskRequest(completionToken=item.completionToken),
                metadata=self._metadata,
            )
            return
        for response in self._responses(item, due, recorded):
            await self._stub.CompleteOrchestratorTask(response, metadata=self._metadata)

    async def _recorded_id(self, instance_id: str) -> str:
        """Return what an instance was called then; of one that the server named, once that is known."""
        known = self._work.instances
        await self.until(lambda: instance_id in known or instance_id in self.names)
        return self.names.get(instance_id, instance_id)

    async def _past(self, request: pb.OrchestratorRequest) -> list[pb.HistoryEvent]:
        if not request.requiresHistoryStreaming:
            return list(request.pastEvents)
        wanted = pb.StreamInstanceHistoryRequest(
            instanceId=request.instanceId,
            executionId=request.executionId,
            forWorkItemProcessing=True,
        )
        stream = self._stub.StreamInstanceHistory(wanted, metadata=self._metadata)
        return [event async for chunk in stream for event in chunk.events]

    def _responses(
        self, item: pb.WorkItem, due: list[Turn], recorded: list[Turn]
    ) -> list[pb.OrchestratorResponse]:
        """Return what was answered in the turns that are *due*, in the parts in which it came."""
        answered = [turn for turn in recorded if turn.used and turn.parts]
        status = answered[-1].parts[-1] if answered else pb.OrchestratorResponse()
        parts = [part for turn in due for part in turn.parts] or [pb.OrchestratorResponse()]
        if len(due) > 1:  # one answer for all of them
            whole = pb.OrchestratorResponse()
            for part in parts:
                whole.actions.extend(part.actions)
            parts = [whole]
        responses = []
        for part in parts:
            response = pb.OrchestratorResponse()
            response.CopyFrom(part)
            response.instanceId = item.orchestratorRequest.instanceId
            response.completionToken = item.completionToken
            if status.HasField("customStatus"):
                response.customStatus.CopyFrom(status.customStatus)
            move_times(response, self._moved)
            responses.append(response)
        return responses

    def _compare(
        self,
        request: pb.OrchestratorRequest,
        past: list[pb.HistoryEvent],
        turn: Turn | None,
        had: Counter[Key],
    ) -> None:
        self.differences += [f"{request.instanceId}: {text}" for text in complaints(request)]
        if turn is None or turn.had != had or turn.item.requiresHistoryStreaming:
            return
        ours = [
            text.replace(request.instanceId, turn.item.instanceId)
            for text in events([*past, *request.newEvents])
        ]
        theirs = events([*turn.item.pastEvents, *turn.item.newEvents])
        self.differences += [f"only ours: {text}" for text in ours if text not in theirs]
        self.differences += [f"only theirs: {text}" for text in theirs if text not in ours]

    # -- activities and entities ---------------------------------------------------------------

    async def _task(self, item: pb.WorkItem) -> None:
        request, given = item.activityRequest, item.activityRequest.orchestrationInstance.instanceId
        instance = await self._recorded_id(request.orchestrationInstance.instanceId)
        request.orchestrationInstance.instanceId = instance
        key = (instance, request.taskId)
        which, self._tasks[key] = self._tasks[key], self._tasks[key] + 1
        self._changed.set()
        if len(self._work.tasks[key]) <= which:
            self.differences.append(f"an activity that was not recorded: {key}")
            return
        recorded = self._work.tasks[key][which]
        if neutral(request) != neutral(recorded.item):
            self.differences.append(f"{neutral(request)} is not {neutral(recorded.item)}")
        await self.until(lambda: self.line >= recorded.answered_at)
        assert recorded.answer is not None
        response = pb.ActivityResponse()
        response.CopyFrom(recorded.answer)
        response.instanceId = given
        response.completionToken = item.completionToken
        await self._stub.CompleteActivityTask(response, metadata=self._metadata)

    async def _batch(self, item: pb.WorkItem) -> None:
        """Answer operation by operation: they may come in other batches here.

        The state is then the one after the recorded batch, which is right at its end.
        """
        request = item.entityRequestV2
        instance = request.instanceId
        batches = self._work.batches[instance]
        given = [operation_key(event) for event in request.operationRequests]
        response = pb.EntityBatchResult(completionToken=item.completionToken)
        if request.HasField("entityState"):
            response.entityState.CopyFrom(request.entityState)
        for key, event in zip(given, request.operationRequests, strict=True):
            batch, index = _place(batches, self._operations[instance], key)
            self._operations[instance].append(key)
            if batch is None or batch.answer is None:
                self.differences.append(f"an operation that was not recorded: {instance} {key}")
                return
            self._compare_operation(event, batch.item.operationRequests[index])
            response.results.append(batch.answer.results[index])
            if len(batch.answer.operationInfos) > index:
                response.operationInfos.append(batch.answer.operationInfos[index])
            response.ClearField("entityState")
            if batch.answer.HasField("entityState"):
                response.entityState.CopyFrom(batch.answer.entityState)
            if index == len(batch.operations) - 1:
                response.actions.extend(batch.answer.actions)
        self._changed.set()
        move_times(response, self._moved)
        await self._stub.CompleteEntityTask(response, metadata=self._metadata)

    def _compare_operation(self, event: pb.HistoryEvent, recorded: pb.HistoryEvent) -> None:
        ours, theirs = (_without_id(neutral(one)) for one in (event, recorded))
        if ours != theirs:
            self.differences.append(f"{ours} is not {theirs}")


def _without_id(operation: Any) -> Any:
    """Return an operation without its ID: of an entity's own signals a server makes it up."""
    return {
        name: {key: found for key, found in body.items() if key != "requestId"}
        if isinstance(body, dict)
        else body
        for name, body in operation.items()
    }


def _place(batches: list[Batch], before: list[Key], key: Key) -> tuple[Batch | None, int]:
    """Return the recorded batch, and the place in it, of the next operation like *key*."""
    seen = before.count(key)
    for batch in batches:
        for index, recorded in enumerate(batch.operations):
            if recorded == key:
                if seen == 0:
                    return batch, index
                seen -= 1
    return None, 0
