"""What the recorded worker was given and what it answered: turns, activities and batches of entities."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from tests.golden.grpc_dotnet.transcripts import Line, Transcript

NEVER = 10**9  # a line that is never reached
Key = tuple[Any, ...]

_ANSWERS = {
    "taskCompleted": "taskScheduledId",
    "taskFailed": "taskScheduledId",
    "subOrchestrationInstanceCompleted": "taskScheduledId",
    "subOrchestrationInstanceFailed": "taskScheduledId",
    "timerFired": "timerId",
    "entityOperationCompleted": "requestId",
    "entityOperationFailed": "requestId",
    "entityLockGranted": "criticalSectionId",
}
_PLAIN = {
    *("executionSuspended", "executionResumed", "executionTerminated"),
}


def key_of(event: pb.HistoryEvent) -> Key | None:
    """Return what tells an inbound event from others, ``None`` for the worker's own and bookkeeping."""
    kind = event.WhichOneof("eventType")
    if kind in _ANSWERS:
        return kind, getattr(getattr(event, kind), _ANSWERS[kind])
    if kind == "eventRaised":
        return kind, event.eventRaised.name.lower(), event.eventRaised.input.value
    if kind == "executionStarted":
        return kind, event.executionStarted.input.value
    return (kind,) if kind in _PLAIN else None


def keys_of(events: Iterable[pb.HistoryEvent]) -> Counter[Key]:
    return Counter(key for key in map(key_of, events) if key is not None)


@dataclass(eq=False)
class Turn:
    """A turn of an orchestrator. ``had`` is what it had received with it, in its execution."""

    item: pb.OrchestratorRequest
    had: Counter[Key]
    parts: list[pb.OrchestratorResponse] = field(default_factory=list)
    abandoned: bool = False
    answered_at: int = NEVER  # the number of the line
    used: bool = False


@dataclass(eq=False)
class Task:
    """An activity."""

    item: pb.ActivityRequest
    answer: pb.ActivityResponse | None = None
    answered_at: int = NEVER


@dataclass(eq=False)
class Batch:
    """A batch of operations on an entity."""

    item: pb.EntityRequest
    answer: pb.EntityBatchResult | None = None
    answered_at: int = NEVER

    @property
    def operations(self) -> list[Key]:
        return [operation_key(event) for event in self.item.operationRequests]


def operation_key(event: pb.HistoryEvent) -> Key:
    """Return what an operation is: ids that the server made up are not the same again."""
    kind = event.WhichOneof("eventType")
    body = getattr(event, kind)
    return kind, body.operation, body.input.value


class RecordedWork:
    """All of a transcript, by instance."""

    def __init__(self, transcript: Transcript) -> None:
        self.turns: defaultdict[str, list[list[Turn]]] = defaultdict(list)  # by execution
        self.tasks: defaultdict[tuple[str, int], list[Task]] = defaultdict(list)
        self.batches: defaultdict[str, list[Batch]] = defaultdict(list)
        self.at: dict[int, Turn | Task | Batch] = {}  # by the line of the item
        self._executions: defaultdict[str, list[str]] = defaultdict(list)
        self._open: defaultdict[object, list[Turn | Task | Batch]] = defaultdict(list)
        for line in transcript.lines:
            if line.dir == "item" and line.method == "GetWorkItems":
                self._given(line)
        for (
            line
        ) in transcript.lines:  # an answer may stand before its item: each has its own thread
            if line.dir == "request" and line.method.startswith(("Complete", "Abandon")):
                self._answered(line)

    @property
    def instances(self) -> set[str]:
        """The IDs of all orchestrations."""
        return set(self.turns)

    def _given(self, line: Line) -> None:
        item: pb.WorkItem = line.message
        work: Turn | Task | Batch
        match item.WhichOneof("request"):
            case "orchestratorRequest":
                work = self._turn(item.orchestratorRequest)
            case "activityRequest":
                work = Task(item.activityRequest)
                instance = item.activityRequest.orchestrationInstance.instanceId
                self.tasks[instance, item.activityRequest.taskId].append(work)
            case "entityRequestV2":
                work = Batch(item.entityRequestV2)
                self.batches[item.entityRequestV2.instanceId].append(work)
            case _:
                return
        self.at[line.number] = work
        self._open[_of_item(item)].append(work)

    def _turn(self, request: pb.OrchestratorRequest) -> Turn:
        execution = execution_number(
            self._executions[request.instanceId], request, request.pastEvents
        )
        turns = self.turns[request.instanceId]
        if execution == len(turns):
            turns.append([])
        if request.requiresHistoryStreaming:
            had = turns[execution][-1].had + keys_of(request.newEvents)
        else:
            had = keys_of([*request.pastEvents, *request.newEvents])
        turns[execution].append(Turn(request, had))
        return turns[execution][-1]

    def _answered(self, line: Line) -> None:
        message = line.message
        waiting = self._open[_of_answer(message)]
        work = waiting[0] if waiting else None
        if len(waiting) > 1 and not getattr(message, "isPartial", False):
            waiting.pop(0)
        if isinstance(message, pb.OrchestratorResponse) and isinstance(work, Turn):
            work.parts.append(message)
        elif (isinstance(message, pb.ActivityResponse) and isinstance(work, Task)) or (
            isinstance(message, pb.EntityBatchResult) and isinstance(work, Batch)
        ):
            work.answer = message
        elif isinstance(work, Turn):
            work.abandoned = True
        else:
            return
        work.answered_at = line.number


def _of_item(item: pb.WorkItem) -> object:
    """Return what ties an item to its answer: its token or, at the test host, what it is."""
    if item.completionToken:
        return item.completionToken
    if item.HasField("activityRequest"):
        request = item.activityRequest
        return request.orchestrationInstance.instanceId, request.taskId
    return item.orchestratorRequest.instanceId


def _of_answer(message: Any) -> object:
    if message.completionToken:
        return message.completionToken
    if isinstance(message, pb.ActivityResponse):
        return message.instanceId, message.taskId
    return message.instanceId if isinstance(message, pb.OrchestratorResponse) else None


def execution_number(
    known: list[str], request: pb.OrchestratorRequest, past: Iterable[pb.HistoryEvent]
) -> int:
    """Return which execution of its instance this is, from 0; a new one is added to *known*.

    Not every server has a new ID for the execution that a continue-as-new begins.
    """
    starts = [e for e in (*past, *request.newEvents) if e.HasField("executionStarted")]
    if not starts:
        return len(known) - 1  # its history is streamed
    started = starts[0].executionStarted
    execution = f"{started.orchestrationInstance.executionId.value} {started.input.value}"
    if any(e.HasField("executionRewound") for e in (*past, *request.newEvents)):
        execution += " rewound"  # with a new ID or, at the recorded server, the old one
    if execution not in known:
        known.append(execution)
    return known.index(execution)
