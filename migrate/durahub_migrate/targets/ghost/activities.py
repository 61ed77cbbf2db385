"""The activities of a tree that is replayed: each is answered with what is recorded of it, and none runs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.targets.ghost.replay import Replay
from durahub_migrate.targets.ghost.worker import GhostWorker


@dataclass(slots=True)
class Activities:
    """Activities that came before their answers were due, and answers that wait for their activities."""

    worker: GhostWorker
    replays: Mapping[str, Replay]
    _waiting: defaultdict[tuple[str, int], list[pb.WorkItem]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _awaited: dict[tuple[str, int], pb.HistoryEvent] = field(default_factory=dict)

    async def feed(self, target_id: str, number: int, answer: pb.HistoryEvent) -> None:
        """Answer an activity, now or as soon as it comes."""
        key = (target_id, number)
        waiting = self._waiting[key]
        while waiting:
            item = waiting.pop(0)
            await self._end(item, answer)
            if not self._is_old(item):
                return
        self._awaited[key] = answer

    async def take(self, item: pb.WorkItem) -> None:
        """Answer an activity that has come, or keep it until it is due."""
        request = item.activityRequest
        key = (request.orchestrationInstance.instanceId, request.taskId)
        answer = self._awaited.get(key)
        if answer is None:
            self._waiting[key].append(item)
            return
        if not self._is_old(item):
            del self._awaited[key]
        await self._end(item, answer)

    async def end_left_over(self) -> None:
        """Answer activities of executions that are no more."""
        for waiting in self._waiting.values():
            for item in filter(self._is_old, waiting):
                await self.worker.end_activity(item, pb.ActivityResponse())

    def _is_old(self, item: pb.WorkItem) -> bool:
        """Tell whether an activity is of an execution that was removed after its mover was killed."""
        asker = item.activityRequest.orchestrationInstance
        told = asker.executionId.value.casefold()
        here = self.replays[asker.instanceId].execution_id
        return bool(told and here) and told != here

    async def _end(self, item: pb.WorkItem, answer: pb.HistoryEvent) -> None:
        request = item.activityRequest
        response = pb.ActivityResponse()
        if answer.HasField("taskFailed"):
            response.failureDetails.CopyFrom(answer.taskFailed.failureDetails)
        elif answer.taskCompleted.HasField("result"):
            response.result.CopyFrom(answer.taskCompleted.result)
        await self.worker.end_activity(item, response)
        if not self._is_old(item):
            self.replays[request.orchestrationInstance.instanceId].owed.discard(request.taskId)
