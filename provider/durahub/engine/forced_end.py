"""Ending an execution without a worker: what it would have written had it obeyed its termination."""

from collections.abc import Sequence
from dataclasses import replace

from durahub.engine.actions import TurnResult
from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.engine.state import read, same_execution
from durahub.engine.turn import Outcome, begin, finish
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    ExecutionTerminated,
    Status,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks


def forced_end(
    row: Instance,
    version: HistoryVersion,
    events: Sequence[Event],
    event: ExecutionTerminated,
    now: Ticks,
) -> Commit | None:
    """Return the commit that ends an instance as *event* says, ``None`` if it has ended.

    An instance that has not begun begins with it, so that its start, when it comes, finds it ended.
    *row* has its input.
    """
    state = read(events)
    taken = [_delivery(row, event)]
    start: ExecutionStarted | None = None
    begun = state.started is not None and same_execution(row.execution_id, version.execution_id)
    if row.status is Status.Pending and not begun:
        start = row.start
        taken.insert(0, _delivery(row, start))
    elif not state.is_live:
        return None
    turn = begin(row.instance_id, version, events, state, start, taken, now)
    outcome = finish(turn, TurnResult(actions=(), custom_status=row.custom_status), now, "")
    assert isinstance(outcome, Outcome)  # noqa: S101 (for the types)
    return replace(outcome.commit, consumed=())


def _delivery(row: Instance, event: Event) -> Delivery:
    return Delivery("", "", Message(event=event, target=Execution(row.instance_id)))
