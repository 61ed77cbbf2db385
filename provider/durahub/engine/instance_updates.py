"""What the events of an episode change in the row of their instance."""

from collections.abc import Sequence

from durahub.engine.commit import InstanceUpdate, Standing
from durahub.model.history import (
    Event,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Status,
)
from durahub.model.ticks import Ticks


def update_of(
    execution_id: str,
    started: ExecutionStarted,
    written: Sequence[Event],
    custom_status: str | None,
    now: Ticks,
    standing: Standing | None = None,
) -> InstanceUpdate:
    """Return what the *written* events of an episode change in the instance row; the rest is *standing*."""
    begun: ExecutionStarted | None = None
    status: Status | None = None
    completed: Ticks | None = None
    output: str | None = None
    sets_output = False
    for event in written:
        match event:
            case ExecutionStarted():
                begun = event
                status = Status.Running
            case ExecutionCompleted():
                status, completed, sets_output = event.status, now, True
                output = str(event.failure) if event.failure else event.result
            case ExecutionTerminated():
                status, completed, sets_output = Status.Terminated, now, True
                output = event.input
            case ExecutionSuspended() | ExecutionResumed() if completed is None:
                suspends = isinstance(event, ExecutionSuspended)
                status = Status.Suspended if suspends else Status.Running
                output, sets_output = event.reason, True
            case _:
                pass
    return InstanceUpdate(
        execution_id=execution_id,
        last_updated=written[-1].timestamp,
        custom_status=custom_status,
        tags=started.tags,
        started=begun,
        status=status,
        completed=completed,
        sets_output=sets_output,
        output=output,
        standing=standing,
    )
