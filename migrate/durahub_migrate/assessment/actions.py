"""What counts as an action of the scheduler, and what each costs in storage requests today.

An action is a message that the scheduler dispatches: a start, an activity and its result, a timer, an event,
an operation of an entity, a suspension (documentation of its billing). A history tells them afterwards.
What it tells not: calls of entities by clients, and whatever was purged or replaced by continue-as-new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.messages import guid_of
from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerFired,
)


class Step(Enum):
    """A kind of step, as an event of a history tells it."""

    START = "start"
    ACTIVITY = "activity"
    RESULT = "activity result"
    CHILD_RESULT = "sub-orchestration result"
    TIMER = "timer"
    EVENT = "event"
    CALL = "entity call"
    SIGNAL = "entity signal"
    ANSWER = "entity answer"
    CONTROL = "suspend, resume, terminate, rewind"


@dataclass(frozen=True, slots=True)
class Requests:
    """Storage requests of a step: with the classic .NET worker, and with durahub."""

    classic: int
    durahub: int


REQUESTS: Mapping[Step, Requests] = {  # docs/budget.md: differences of its lines; tested against it
    Step.START: Requests(9, 5),
    Step.ACTIVITY: Requests(9, 4),
    Step.RESULT: Requests(0, 0),  # in that of the activity
    Step.CHILD_RESULT: Requests(3, 4),  # the child's own start is counted as a start
    Step.TIMER: Requests(6, 4),
    Step.EVENT: Requests(6, 4),
    Step.CALL: Requests(12, 8),
    Step.SIGNAL: Requests(6, 4),
    Step.ANSWER: Requests(0, 0),  # in that of the call
    Step.CONTROL: Requests(6, 5),
}


def step_of(event: Event) -> Step | None:
    """Return the step that an event of an orchestration's history tells, ``None`` if it tells none."""
    match event:
        case ExecutionStarted():
            return Step.START
        case TaskScheduled():
            return Step.ACTIVITY
        case TaskCompleted() | TaskFailed():
            return Step.RESULT
        case SubOrchestrationInstanceCompleted() | SubOrchestrationInstanceFailed():
            return Step.CHILD_RESULT
        case TimerFired():
            return Step.TIMER
        case EventRaised():
            return Step.EVENT if guid_of(event.name or "") is None else Step.ANSWER
        case EventSent():
            request = request_sent(event)
            if request is None:
                return None  # its receiver's history tells it
            return Step.SIGNAL if request.signal else Step.CALL
        case ExecutionSuspended() | ExecutionResumed() | ExecutionTerminated() | ExecutionRewound():
            return Step.CONTROL
    return None


def moving_actions(
    strategy: str, *, orchestrations: int, recorded: int, opened: int, waiting: int, entities: int
) -> int:
    """Return about how many actions a move takes of the scheduler, by the letter of its *strategy*.

    *recorded* actions are those of histories, *opened* activities, timers and children, *waiting* events in
    queues, *entities* states and operations that are handed over.
    """
    match strategy:
        case "b1":
            return recorded + waiting
        case "b2":
            return recorded + waiting + entities
        case "b3":
            return orchestrations * 3 + opened + waiting + entities
        case "b4":
            return orchestrations + opened + waiting + entities
    return 0  # a scheduler store of ours, the old hub, the bundle: the managed scheduler has no part in it
