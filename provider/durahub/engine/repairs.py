"""Repairs of an instance row that a crash left behind its history, or that has none to follow."""

from dataclasses import dataclass

from durahub.engine.commit import HistoryVersion, InstanceUpdate
from durahub.engine.state import State, same_execution
from durahub.model.history import ExecutionStarted, ExecutionTerminated, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Repair:
    """An instance row to be written without a checkpoint."""

    update: InstanceUpdate
    insert: bool  # also if there is no row


def repair_of(
    version: HistoryVersion, state: State, row: Instance | None, *, row_has_begun: bool = False
) -> Repair | None:
    """Return what brings *row* in line with its history, ``None`` where they agree.

    *row_has_begun* tells that the start which the row belongs to is in the history, or in an earlier one.
    """
    started, ended = state.started, state.completed
    if started is None:
        return None
    if row is not None:
        if same_execution(row.execution_id, version.execution_id):
            behind = _disagrees(row, state, started)
        else:
            behind = row_has_begun or _is_of_earlier_generation(row, state, started)
        if not behind:
            return None
    output = None
    if ended is not None:
        output = str(ended.failure) if ended.failure else ended.result
    return Repair(
        InstanceUpdate(
            execution_id=version.execution_id or "",
            last_updated=state.last,
            custom_status=row.custom_status if row is not None else None,
            tags=started.tags,
            started=started,
            status=state.status,
            completed=ended.timestamp if ended is not None else None,
            sets_output=ended is not None,
            output=output,
        ),
        insert=row is None,
    )


def _disagrees(row: Instance, state: State, started: ExecutionStarted) -> bool:
    if state.terminated is not None and row.status is Status.Terminated:
        return False  # DTFx writes it so even if the execution goes on
    return row.status is not state.status or row.created != started.timestamp


def _is_of_earlier_generation(row: Instance, state: State, started: ExecutionStarted) -> bool:
    """Tell whether the history has gone on since; else the row belongs to a start that is to come."""
    return row.created < started.timestamp and (state.is_live or row.status is not Status.Pending)


def terminated_before_start(row: Instance, event: ExecutionTerminated, now: Ticks) -> Repair:
    """Return what a termination makes of an instance that has not begun: there is no history to write."""
    return Repair(
        InstanceUpdate(
            execution_id=row.execution_id or "",
            last_updated=event.timestamp,
            custom_status=row.custom_status,
            tags=row.tags,
            status=Status.Terminated,
            completed=now,
            sets_output=True,
            output=event.input,
        ),
        insert=False,
    )
