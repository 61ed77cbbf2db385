"""The answer of an activity, as the message that goes to its orchestration."""

from dataclasses import dataclass

from durahub.model.failure import Failure
from durahub.model.history import Event, TaskCompleted, TaskFailed
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class ActivityResult:
    """What a worker made of an activity; *result* counts only without *failure*."""

    result: str | None = None
    failure: Failure | None = None


def answer(activity: Message, outcome: ActivityResult, now: Ticks) -> Message:
    """Return the answer to *activity*: to the execution that scheduled it, not to the current one.

    A sender without an episode is answered with −1, as DTFx does.
    """
    task_id = activity.event.event_id
    event: Event
    if outcome.failure is None:
        event = TaskCompleted(timestamp=now, task_scheduled_id=task_id, result=outcome.result)
    else:
        event = TaskFailed(
            timestamp=now,
            task_scheduled_id=task_id,
            reason=outcome.failure.message,
            failure=outcome.failure,
        )
    return Message(
        event=event,
        target=activity.target,
        sender=activity.target,
        episode=activity.episode if activity.episode is not None else -1,
    )
