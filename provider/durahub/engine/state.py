"""What a history implies: the state of an execution, read off its events."""

from collections.abc import Iterable
from dataclasses import dataclass

from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import MINIMUM, Ticks

Answer = tuple[str, int]
"""Which action an event answers: its kind (``task``, ``child``, ``timer``) and its id."""


def answer_of(event: Event) -> Answer | None:
    """Return what *event* answers, ``None`` if it is no answer."""
    match event:
        case TaskCompleted() | TaskFailed():
            return "task", event.task_scheduled_id
        case SubOrchestrationInstanceCompleted() | SubOrchestrationInstanceFailed():
            return "child", event.task_scheduled_id
        case TimerFired():
            return "timer", event.timer_id
        case _:
            return None


def question_of(event: Event) -> Answer | None:
    """Return the answer that *event* waits for, ``None`` if it asks for none."""
    match event:
        case TaskScheduled():
            return "task", event.event_id
        case SubOrchestrationInstanceCreated():
            return "child", event.event_id
        case TimerCreated():
            return "timer", event.event_id
        case _:
            return None


def same_execution(one: str | None, other: str | None) -> bool:
    """Tell whether two execution IDs are the same: case means nothing, as in DTFx."""
    return one is not None and other is not None and one.casefold() == other.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An execution as its history tells it. ``started`` is ``None`` where there is no start."""

    started: ExecutionStarted | None = None
    completed: ExecutionCompleted | None = None
    terminated: ExecutionTerminated | None = None  # asked to end
    suspended: bool = False
    clock: Ticks = MINIMUM  # of the last OrchestratorStarted
    last: Ticks = MINIMUM  # of the last event
    episodes: int = 0
    action_ids: frozenset[int] = frozenset()
    answers: frozenset[Answer] = frozenset()
    sent: tuple[EventSent, ...] = ()
    raised: frozenset[str] = frozenset()  # names of events

    @property
    def status(self) -> Status:
        """The status that the history implies; the row may lag behind."""
        if self.completed is not None:
            return self.completed.status
        if self.started is None:
            return Status.Pending
        return Status.Suspended if self.suspended else Status.Running

    @property
    def is_live(self) -> bool:
        """Whether the execution has begun and not ended."""
        return self.started is not None and self.completed is None


def read(events: Iterable[Event]) -> State:
    """Return the state after *events*. The first start counts, and the last end."""
    started: ExecutionStarted | None = None
    completed: ExecutionCompleted | None = None
    terminated: ExecutionTerminated | None = None
    suspended = False
    clock = last = MINIMUM
    episodes = 0
    action_ids: set[int] = set()
    answers: set[Answer] = set()
    events = tuple(events)
    for event in events:
        last = event.timestamp
        if event.event_id != -1:
            action_ids.add(event.event_id)
        match event:
            case OrchestratorStarted():
                clock = max(clock, event.timestamp)
                episodes += 1
            case ExecutionStarted():
                started = started or event
            case ContinueAsNew():
                pass  # the end of a generation, in old hubs: the execution goes on
            case ExecutionCompleted():
                completed = event
            case ExecutionTerminated():
                terminated = terminated or event
            case ExecutionSuspended():
                suspended = True
            case ExecutionResumed():
                suspended = False
            case TimerCreated():  # the one with which DTFx splits episodes has always the same ID
                answers.discard(("timer", event.event_id))
            case _:
                answer = answer_of(event)
                if answer is not None:
                    answers.add(answer)
    return State(
        started=started,
        completed=completed,
        terminated=terminated,
        suspended=suspended,
        clock=clock,
        last=last,
        episodes=episodes,
        action_ids=frozenset(action_ids),
        answers=frozenset(answers),
        sent=tuple(e for e in events if isinstance(e, EventSent)),
        raised=frozenset(e.name for e in events if isinstance(e, EventRaised) and e.name),
    )


def open_children(events: Iterable[Event]) -> tuple[SubOrchestrationInstanceCreated, ...]:
    """Return the children that have been started and have not answered, in order of start."""
    created: dict[int, SubOrchestrationInstanceCreated] = {}
    for event in events:
        match event:
            case SubOrchestrationInstanceCreated():
                created[event.event_id] = event
            case SubOrchestrationInstanceCompleted() | SubOrchestrationInstanceFailed():
                created.pop(event.task_scheduled_id, None)
    return tuple(created.values())
