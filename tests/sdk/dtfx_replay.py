"""A replay engine in small: orchestrators as generators, run over a history as DTFx runs them.

``run`` takes all events of an execution, past and new, and tells what the orchestrator does next.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

Orchestrator = Callable[["Context"], Generator["Task", Any, Any]]
ENTITY_ANSWERS = ("entityOperationCompleted", "entityOperationFailed", "entityLockGranted")


class Failed(Exception):
    """What an orchestrator sees of a failed task."""

    def __init__(self, details: pb.TaskFailureDetails) -> None:
        super().__init__(details.errorMessage)
        self.details = details


@dataclass
class Task:
    """Something an orchestrator waits for."""

    done: bool = False
    value: Any = None
    failure: pb.TaskFailureDetails | None = None
    parts: "list[Task] | None" = None

    @property
    def is_done(self) -> bool:
        return self.done if self.parts is None else all(part.is_done for part in self.parts)

    def finish(
        self, value: str | None = None, failure: pb.TaskFailureDetails | None = None
    ) -> None:
        self.done, self.failure = True, failure
        self.value = json.loads(value) if value else None


@dataclass
class Context:
    """What an orchestrator is given. ``actions`` are what history does not hold yet, by ID."""

    instance_id: str = ""
    execution_id: str = ""
    name: str = ""
    input: Any = None
    now: datetime = field(default_factory=lambda: datetime(1, 1, 1))
    custom_status: str | None = None
    start: pb.HistoryEvent = field(default_factory=pb.HistoryEvent)
    actions: dict[int, pb.HistoryEvent] = field(default_factory=dict)
    again: tuple[Any] | None = None
    unread: dict[str, deque[pb.HistoryEvent]] = field(default_factory=lambda: defaultdict(deque))
    _tasks: dict[int, Task] = field(default_factory=dict)
    _calls: dict[str, Task] = field(default_factory=dict)
    _waiting: dict[str, deque[Task]] = field(default_factory=lambda: defaultdict(deque))
    _next: int = 0

    def _act(self, **arm: Any) -> Task:
        event = pb.HistoryEvent(eventId=self._next, **arm)
        task = self._tasks[self._next] = Task()
        self.actions[self._next] = event
        self._next += 1
        return task

    def activity(self, name: str, given: Any = None) -> Task:
        return self._act(taskScheduled=pb.TaskScheduledEvent(name=name, input=_text(given)))

    def timer(self, seconds: float) -> Task:
        created = pb.TimerCreatedEvent()
        created.fireAt.FromDatetime(self.now + timedelta(seconds=seconds))
        return self._act(timerCreated=created)

    def child(self, name: str, given: Any = None, instance_id: str = "") -> Task:
        created = pb.SubOrchestrationInstanceCreatedEvent(
            instanceId=instance_id or f"{self.instance_id}:{self._next}",
            name=name,
            input=_text(given),
        )
        return self._act(subOrchestrationInstanceCreated=created)

    def send(self, instance_id: str, name: str, given: Any = None) -> None:
        sent = pb.EventSentEvent(instanceId=instance_id, name=name, input=_text(given))
        self._act(eventSent=sent).done = True

    def event(self, name: str) -> Task:
        task = Task()
        if self.unread[name.lower()]:
            task.finish(self.unread[name.lower()].popleft().eventRaised.input.value)
        else:
            self._waiting[name.lower()].append(task)
        return task

    def call_entity(self, entity_id: str, operation: str, given: Any, request_id: str) -> Task:
        task = self._calls[request_id] = Task()
        called = pb.EntityOperationCalledEvent(
            requestId=request_id,
            operation=operation,
            input=_text(given),
            parentInstanceId=_wrapped(self.instance_id),
            parentExecutionId=_wrapped(self.execution_id),
            targetInstanceId=_wrapped(entity_id),
        )
        self._act(entityOperationCalled=called)
        return task

    def signal_entity(self, entity_id: str, operation: str, given: Any, request_id: str) -> None:
        signal = pb.EntityOperationSignaledEvent(
            requestId=request_id,
            operation=operation,
            input=_text(given),
            targetInstanceId=_wrapped(entity_id),
        )
        self._act(entityOperationSignaled=signal)

    def all(self, tasks: Iterable[Task]) -> Task:
        return Task(parts=list(tasks))

    def continue_as_new(self, given: Any) -> None:
        self.again = (given,)

    # -- events --------------------------------------------------------------------------------

    def take(self, event: pb.HistoryEvent) -> None:
        """Take in an event that is no start and no end."""
        arm = event.WhichOneof("eventType") or ""
        body = getattr(event, arm)
        if event.eventId >= 0 and event.eventId in self.actions:
            del self.actions[event.eventId]  # history holds it
        elif arm == "orchestratorStarted":
            self.now = event.timestamp.ToDatetime()
        elif arm in ("taskCompleted", "subOrchestrationInstanceCompleted"):
            self._tasks[body.taskScheduledId].finish(body.result.value)
        elif arm in ("taskFailed", "subOrchestrationInstanceFailed"):
            self._tasks[body.taskScheduledId].finish(failure=body.failureDetails)
        elif arm == "timerFired":
            self._tasks[body.timerId].finish()
        elif arm == "eventRaised":
            waiting = self._waiting[body.name.lower()]
            if waiting:
                waiting.popleft().finish(body.input.value)
            else:
                self.unread[body.name.lower()].append(event)
        elif arm in ENTITY_ANSWERS:
            task = self._calls[body.requestId]
            if arm == "entityOperationFailed":
                task.finish(failure=body.failureDetails)
            else:
                task.finish(body.output.value)


@dataclass
class Run:
    """What an orchestrator came to. ``end`` is unset while it waits."""

    context: Context
    end: pb.ExecutionCompletedEvent | None = None

    @property
    def unread(self) -> list[pb.HistoryEvent]:
        return [event for events in self.context.unread.values() for event in events]


class _Replay:
    """An orchestrator on its way through its events."""

    def __init__(self, orchestrators: dict[str, Orchestrator]) -> None:
        self.found = Run(Context())
        self._orchestrators = orchestrators
        self._steps: Generator[Task, Any, Any] | None = None
        self._waits_for: Task | None = None
        self._held: list[pb.HistoryEvent] = []
        self._suspended = False

    def take(self, event: pb.HistoryEvent) -> None:
        """Take the next event, and go on as far as it lets."""
        arm = event.WhichOneof("eventType")
        if arm == "executionStarted":
            self._start(event)
        elif arm == "executionTerminated":
            self.found.end = pb.ExecutionCompletedEvent(
                orchestrationStatus=pb.ORCHESTRATION_STATUS_TERMINATED,
                result=event.executionTerminated.input,
            )
        elif arm in ("executionSuspended", "executionResumed"):
            self._suspended = arm == "executionSuspended"
            if not self._suspended:
                held, self._held = self._held, []
                for one in held:
                    self.take(one)
        elif self._suspended and event.eventId < 0 and arm != "orchestratorStarted":
            self._held.append(event)
        else:
            self.found.context.take(event)
            self._advance()

    def _start(self, event: pb.HistoryEvent) -> None:
        context, started = self.found.context, event.executionStarted
        context.start = event
        context.instance_id = started.orchestrationInstance.instanceId
        context.execution_id = started.orchestrationInstance.executionId.value
        context.name = started.name
        context.input = json.loads(started.input.value) if started.input.value else None
        self._steps = self._orchestrators[started.name](context)
        self._advance()

    def _advance(self) -> None:
        if self._steps is None:
            return
        found = self.found
        try:
            while found.end is None and (self._waits_for is None or self._waits_for.is_done):
                task, self._waits_for = self._waits_for, None
                steps = self._steps
                self._waits_for = next(steps) if task is None else _resume(steps, task)
        except StopIteration as stop:
            found.end = pb.ExecutionCompletedEvent(
                orchestrationStatus=pb.ORCHESTRATION_STATUS_COMPLETED, result=_text(stop.value)
            )
        except Failed as failed:
            found.end = _failure(failed.details)
        except Exception as error:
            details = pb.TaskFailureDetails(errorType=type(error).__name__, errorMessage=str(error))
            found.end = _failure(details)


def run(orchestrators: dict[str, Orchestrator], events: Iterable[pb.HistoryEvent]) -> Run:
    """Run the orchestrator of a history to where it waits or ends."""
    replay = _Replay(orchestrators)
    for event in events:
        replay.take(event)
    return replay.found


def _resume(steps: Generator[Task, Any, Any], task: Task) -> Task:
    for part in task.parts or [task]:
        if part.failure is not None:
            return steps.throw(Failed(part.failure))
    return steps.send(task.value if task.parts is None else [part.value for part in task.parts])


def _failure(details: pb.TaskFailureDetails) -> pb.ExecutionCompletedEvent:
    return pb.ExecutionCompletedEvent(
        orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED,
        result=_wrapped(details.errorMessage),
        failureDetails=details,
    )


def _wrapped(text: str) -> Any:
    return pb.ExecutionStartedEvent(input={"value": text}).input


def _text(value: Any) -> Any:
    return None if value is None else _wrapped(json.dumps(value))
