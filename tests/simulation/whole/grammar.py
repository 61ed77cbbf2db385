"""What every history looks like, whatever its orchestration does."""

from collections.abc import Iterator, Sequence

from durahub.model.history import (
    ActionEvent,
    Event,
    EventSent,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)

_ASKED_BY: dict[type[Event], type[Event]] = {
    TaskCompleted: TaskScheduled,
    TaskFailed: TaskScheduled,
    SubOrchestrationInstanceCompleted: SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed: SubOrchestrationInstanceCreated,
    TimerFired: TimerCreated,
}


def faults(events: Sequence[Event]) -> Iterator[str]:
    """Yield what is wrong with a history of an orchestration."""
    if not events:
        return
    if not isinstance(events[0], OrchestratorStarted):
        yield f"it begins with {_name(events[0])}"
    starts = sum(isinstance(event, ExecutionStarted) for event in events)
    if starts != 1:
        yield f"it is started {starts} times"
    if not isinstance(events[-1], OrchestratorCompleted):
        yield f"it stops in an episode, at {_name(events[-1])}"
    open_episode = ended = acted = False
    episodes = 0
    asked: dict[int, Event] = {}
    answered: set[int] = set()
    for event in events:
        if isinstance(event, OrchestratorStarted):
            # who dies between two transactions of a checkpoint leaves what caused it, and another goes on
            if open_episode and acted:
                yield "an episode begins in another"
            open_episode, acted = True, False
            episodes += 1
        if isinstance(event, OrchestratorCompleted):
            # a continued execution writes one behind its start, and another behind its first actions
            if not open_episode and episodes != 1:
                yield "an episode ends twice"
            open_episode = False
        if ended and not isinstance(event, OrchestratorCompleted):
            yield f"{_name(event)} stands behind its end"
        ended = ended or isinstance(event, ExecutionCompleted)
        if isinstance(event, ActionEvent):
            acted = True
            if event.event_id in asked:
                yield f"two actions are number {event.event_id}"
            asked[event.event_id] = event
        elif type(event) in _ASKED_BY:
            yield from _answer(event, asked, answered)


def _answer(event: Event, asked: dict[int, Event], answered: set[int]) -> Iterator[str]:
    number: int = getattr(event, "task_scheduled_id", getattr(event, "timer_id", -1))
    if not isinstance(asked.get(number), _ASKED_BY[type(event)]):
        yield f"{_name(event)} answers {number}, which was not asked"
    if number in answered:
        yield f"{number} is answered twice"
    answered.add(number)


def sent(events: Sequence[Event]) -> Iterator[EventSent]:
    """Yield what was sent."""
    return (event for event in events if isinstance(event, EventSent))


def end_of(events: Sequence[Event]) -> ExecutionCompleted | None:
    """Return the end of an execution."""
    return next((event for event in events if isinstance(event, ExecutionCompleted)), None)


def start_of(events: Sequence[Event]) -> ExecutionStarted | None:
    """Return the start of an execution."""
    return next((event for event in events if isinstance(event, ExecutionStarted)), None)


def _name(event: Event) -> str:
    return type(event).__name__
