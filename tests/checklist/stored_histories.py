"""Histories that others have written, put into either store as if they had been written there.

The golden hubs were written by .NET into queues and tables. For the scheduler store the same events go
in through the store seam; for the classic one too, where a test wants a part of a recorded history: its
codec writes .NET's rows column for column, which ``tests/golden`` proves.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from durahub.classic.history_rows import decode
from durahub.dispatch.clock import new_id, system_clock
from durahub.engine.commit import NO_HISTORY, Commit, InstanceUpdate
from durahub.model.history import Event, Execution, ExecutionStarted, OrchestratorStarted, Status
from durahub.model.message import Message
from tests.checklist.served_hubs import ServedHub
from tests.golden.recorded import RecordedHub


def begun(instance_id: str, name: str, **fields: Any) -> tuple[Event, ExecutionStarted]:
    """Return the two events that a history begins with."""
    now = system_clock()
    started = ExecutionStarted(
        timestamp=now, execution=Execution(instance_id, new_id()), name=name, version="", **fields
    )
    return OrchestratorStarted(timestamp=now), started


def recorded(hub: str, partition_key: str) -> list[Event]:
    """Return the events of an instance of a golden hub."""
    rows = RecordedHub(hub).current_history[partition_key]
    return [decode(row).event for row in rows]


def episodes(events: Sequence[Event], count: int) -> list[Event]:
    """Return the first *count* episodes of a history."""
    starts = [i for i, event in enumerate(events) if isinstance(event, OrchestratorStarted)]
    return list(events[: [*starts, len(events)][count]])


async def put_history(
    hub: ServedHub,
    instance_id: str,
    events: Sequence[Event],
    *,
    activities: Sequence[Message] = (),
    outbound: Sequence[Message] = (),
) -> None:
    """Store *events* as the running history of a new instance, and send what is on its way."""
    (started,) = (event for event in events if isinstance(event, ExecutionStarted))
    execution = replace(started.execution, instance_id=instance_id)
    renamed = replace(started, execution=execution)
    execution_id = execution.execution_id or ""
    update = InstanceUpdate(
        execution_id=execution_id,
        last_updated=events[-1].timestamp,
        custom_status=None,
        started=renamed,
        status=Status.Running,
    )
    await hub.eventually(lambda: _owned(hub, instance_id))
    await hub.store.commit(
        Commit(
            instance_id=instance_id,
            outbound=tuple(outbound),
            activities=tuple(activities),
            execution_id=execution_id,
            base=NO_HISTORY,
            events=tuple(renamed if event is started else event for event in events),
            replaces=True,
            instance=update,
            consumed=(),
        )
    )


async def _owned(hub: ServedHub, instance_id: str) -> bool:
    return hub.store.owns(instance_id)
