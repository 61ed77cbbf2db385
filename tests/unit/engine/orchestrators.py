"""Orchestrators for simulated hubs: steps in groups, run by reading the events again each time.

The steps of a group run side by side; the next group begins when all have ended. Each has `IDS_OF_A_STEP`
action IDs: a `Retried` child takes two for each try, one for itself and one for the pause after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.turn import Turn
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionTerminated,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import later


@dataclass(frozen=True)
class Call:
    """An activity; its result is its name with an exclamation mark."""

    activity: str


@dataclass(frozen=True)
class Child:
    orchestrator: str
    instance_id: str = ""


@dataclass(frozen=True)
class Retried:
    """A child that is started again, a second after each failure, until it succeeds."""

    orchestrator: str
    instance_id: str


@dataclass(frozen=True)
class Sleep:
    seconds: float


@dataclass(frozen=True)
class Await:
    event: str


@dataclass(frozen=True)
class Raise:
    target: str
    event: str


Step: TypeAlias = Call | Child | Retried | Sleep | Await | Raise


@dataclass(frozen=True)
class Orchestrator:
    """Its result is that of all steps, comma-separated; with *again* it runs so often once more."""

    groups: tuple[tuple[Step, ...], ...]
    again: int = 0
    fails: int = 0  # so many tries


IDS_OF_A_STEP = 10


class _Run:
    """One look at the events: what is done, and what is to be done."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.events = (*turn.past, *turn.new)
        self.actions: list[Action] = []
        self.raised = [event for event in self.events if isinstance(event, EventRaised)]

    def of(self, kind: type[Event], number: int) -> list[Event]:
        """Return the events of *kind* with this action ID, or that answer it."""
        return [e for e in self.events if isinstance(e, kind) and _number(e) == number]

    def once(self, action: Action, kind: type[Event]) -> None:
        if not self.of(kind, action.id):
            self.actions.append(action)

    def step(self, step: Step, number: int) -> str | None:
        """Return the result of *step*, ``None`` while it runs."""
        match step:
            case Call(activity):
                self.once(ScheduleTask(id=number, name=activity), TaskScheduled)
                return self._result(TaskCompleted, number)
            case Child(orchestrator, instance_id):
                child = CreateSubOrchestration(
                    id=number, name=orchestrator, instance_id=instance_id
                )
                self.once(child, SubOrchestrationInstanceCreated)
                for _ in self.of(SubOrchestrationInstanceFailed, number):
                    return "failed"
                return self._result(SubOrchestrationInstanceCompleted, number)
            case Retried(orchestrator, instance_id):
                return self._retried(orchestrator, instance_id, number)
            case Sleep(seconds):
                return "slept" if self._slept(seconds, number) else None
            case Await(event):
                for raised in self.raised:
                    if raised.name == event:
                        self.raised.remove(raised)
                        return raised.input or ""
                return None
            case Raise(target, event):
                action = SendEvent(id=number, target=Execution(target), name=event, input=event)
                self.once(action, EventSent)
                return "sent"

    def _retried(self, orchestrator: str, instance_id: str, number: int) -> str | None:
        while self.of(SubOrchestrationInstanceFailed, number):
            if not self._slept(1.0, number + 1):
                return None
            number += 2
        child = CreateSubOrchestration(id=number, name=orchestrator, instance_id=instance_id)
        self.once(child, SubOrchestrationInstanceCreated)
        return self._result(SubOrchestrationInstanceCompleted, number)

    def _slept(self, seconds: float, number: int) -> bool:
        fire_at = later(self.turn.new[0].timestamp, seconds)
        self.once(CreateTimer(id=number, fire_at=fire_at), TimerCreated)
        return bool(self.of(TimerFired, number))

    def _result(self, kind: type[Event], number: int) -> str | None:
        for event in self.of(kind, number):
            return str(getattr(event, "result", None))
        return None


def _number(event: Event) -> int:
    for name in ("task_scheduled_id", "timer_id"):
        if hasattr(event, name):
            return int(getattr(event, name))
    return event.event_id


def work(orchestrators: Mapping[str, Orchestrator], turn: Turn) -> TurnResult:
    """Return what a worker that has these *orchestrators* answers to *turn*."""
    orchestrator = orchestrators[turn.started.name or ""]
    run = _Run(turn)
    for event in run.events:
        if isinstance(event, ExecutionTerminated):
            stopped = Complete(id=900, status=Status.Terminated, result=event.input)
            return TurnResult(actions=(stopped,))
    parent = turn.started.parent
    tried = parent.task_schedule_id % IDS_OF_A_STEP // 2 if parent is not None else 0
    if tried < orchestrator.fails:
        failure = Failure(error_type="NotYet", message=f"try {tried}")
        return TurnResult(actions=(Complete(id=900, status=Status.Failed, failure=failure),))
    left, _, before = (turn.started.input or f"{orchestrator.again}|").partition("|")
    results = [before] if before else []
    for number, group in enumerate(orchestrator.groups):
        first = 1 + number * 10 * IDS_OF_A_STEP
        ended = [run.step(step, first + n * IDS_OF_A_STEP) for n, step in enumerate(group)]
        if None in ended:
            return TurnResult(actions=tuple(run.actions))
        results += [result for result in ended if result is not None]
    said = ",".join(results)
    end = Complete(id=900, status=Status.Completed, result=said)
    if int(left):
        end = Complete(
            id=900,
            status=Status.ContinuedAsNew,
            result=f"{int(left) - 1}|{said}",
            carry_over=tuple(run.raised),
        )
    return TurnResult(actions=(*run.actions, end), custom_status=f'"{left}"')


def expected(name: str, orchestrators: Mapping[str, Orchestrator]) -> str:
    """Return the result of an undisturbed run, where each event brings its own name."""
    orchestrator = orchestrators[name]
    results: list[str] = []
    for _ in range(orchestrator.again + 1):
        for step in (step for group in orchestrator.groups for step in group):
            match step:
                case Call(activity):
                    results.append(f"{activity}!")
                case Child(child) | Retried(child):
                    results.append(expected(child, orchestrators))
                case Sleep():
                    results.append("slept")
                case Await(event):
                    results.append(event)
                case Raise():
                    results.append("sent")
    return ",".join(results)
