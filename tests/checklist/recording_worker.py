"""A worker that does what it is told, and keeps all that it is given."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from tests.checklist.answers import Answer, text
from tests.checklist.turns import Script, Turn

PATIENCE = 60.0  # seconds until a test gives up waiting

Activity = Callable[[Any], Any]  # raises `Failing` to fail


class Failing(Exception):
    """What an activity raises to fail with *details*."""

    def __init__(self, details: pb.TaskFailureDetails) -> None:
        super().__init__(details.errorMessage)
        self.details = details


class Held(Exception):
    """What an activity raises to stay unanswered."""


Entity = Callable[[pb.EntityRequest], "pb.EntityBatchResult | None"]


class RecordingWorker:
    """One stream of work items. Code is found by name; what has none is held."""

    def __init__(self, stub: TaskHubSidecarServiceStub | None = None) -> None:
        self.stub: Any = stub
        self.orchestrators: dict[str, Script] = {}
        self.activities: dict[str, Activity] = {}
        self.entities: dict[str, Entity] = {}
        self.turns: list[Turn] = []
        self.tasks: list[pb.WorkItem] = []  # activities
        self.batches: list[pb.WorkItem] = []  # of entities
        self.refused: list[Exception] = []  # completions that were not taken, and bugs of scripts
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator["RecordingWorker"]:
        """Take work items while the body runs."""
        stream = self.stub.GetWorkItems(pb.GetWorkItemsRequest(**options))
        await stream.initial_metadata()
        taking = asyncio.create_task(self._take(stream))
        try:
            yield self
        finally:
            stream.cancel()
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    async def _take(self, stream: Any) -> None:
        async for item in stream:
            try:
                await self._do(item)
            except Exception as error:
                self.refused.append(error)
            self._changed.set()

    async def _do(self, item: pb.WorkItem) -> None:
        match item.WhichOneof("request"):
            case "orchestratorRequest":
                turn = Turn(item)
                self.turns.append(turn)
                script = self.orchestrators.get(_name_of(turn))
                answer = script(turn) if script is not None else None
                if answer is not None:
                    await self.answer(turn, answer)
            case "activityRequest":
                self.tasks.append(item)
                code = self.activities.get(item.activityRequest.name)
                if code is not None:
                    await self.perform(item, code)
            case "entityRequestV2":
                self.batches.append(item)
                entity = self.entities.get(item.entityRequestV2.instanceId)
                result = entity(item.entityRequestV2) if entity is not None else None
                if result is not None:
                    result.completionToken = item.completionToken
                    await self.stub.CompleteEntityTask(result)

    async def answer(self, turn: Turn, answer: Any) -> None:
        """Complete a turn, with an `Answer` or with actions."""
        whole = answer if isinstance(answer, Answer) else Answer(answer)
        response = whole.response(turn.instance_id, turn.token)
        await self.stub.CompleteOrchestratorTask(response)

    async def perform(self, item: pb.WorkItem, code: Activity) -> None:
        """Complete an activity with what *code* returns or raises."""
        request = item.activityRequest
        response = pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId,
            taskId=request.taskId,
            completionToken=item.completionToken,
        )
        try:
            result = code(json.loads(request.input.value or "null"))
            response.result.CopyFrom(text(json.dumps(result)))
        except Failing as failing:
            response.failureDetails.CopyFrom(failing.details)
        except Held:
            return
        await self.stub.CompleteActivityTask(response)

    # -- what was seen -------------------------------------------------------------------------

    def turns_of(self, instance_id: str) -> list[Turn]:
        return [turn for turn in self.turns if turn.instance_id == instance_id]

    def tasks_of(self, instance_id: str) -> list[pb.ActivityRequest]:
        requests = (item.activityRequest for item in self.tasks)
        return [r for r in requests if r.orchestrationInstance.instanceId == instance_id]

    def batches_of(self, entity_id: str) -> list[pb.EntityRequest]:
        requests = (item.entityRequestV2 for item in self.batches)
        return [r for r in requests if r.instanceId == entity_id]

    async def turn(self, instance_id: str, number: int = 1) -> Turn:
        """Return the *number*-th turn of an instance once it has come."""
        await self.until(lambda: len(self.turns_of(instance_id)) >= number)
        return self.turns_of(instance_id)[number - 1]

    async def task(self, instance_id: str, number: int = 1) -> pb.WorkItem:
        """Return the *number*-th activity of an instance once it has come."""
        await self.until(lambda: len(self.tasks_of(instance_id)) >= number)
        request = self.tasks_of(instance_id)[number - 1]
        return next(item for item in self.tasks if item.activityRequest == request)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when *condition* holds; it is asked whenever an item was dealt with."""

        async def wait() -> None:
            while not condition():
                assert not self.refused, self.refused
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), PATIENCE)


def _name_of(turn: Turn) -> str:
    return str(turn.started.name) if turn.has("executionStarted") else ""
