"""The instance row behind a checkpoint: written while it is as known here, else as the history says.

A request may be long under way. What arrives when another server has gone on, or a client has ended the
instance in storage, must not write the row of before over theirs. DTFx merges the row without a condition,
and so is written here what this server has neither written nor read before. If that took long, a look at
the history tells whether it came too late.
"""

import asyncio

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from durahub.classic.history_table import HistoryTable, WrittenHistory
from durahub.classic.instance_memory import InstanceMemory
from durahub.classic.instance_table import InstanceTable
from durahub.engine.commit import Commit, InstanceUpdate
from durahub.engine.entities.batch import repair_of_entity
from durahub.engine.entities.ids import is_entity
from durahub.engine.repairs import repair_of
from durahub.engine.state import read, same_execution
from durahub.errors import Unavailable
from durahub.model.history import ExecutionStarted, Status
from durahub.model.instance import Instance

SLOW = 5.0  # seconds for an update, so many that others may have had their way meanwhile
_PAUSE = 30.0  # seconds at most between two tries at a row that storage refuses


class RowUpdates:
    """Writes the rows of checkpoints."""

    def __init__(
        self, instances: InstanceTable, histories: HistoryTable, memory: InstanceMemory
    ) -> None:
        self._instances = instances
        self._histories = histories
        self._memory = memory

    async def write(
        self, commit: Commit, update: InstanceUpdate, written: WrittenHistory, now: float
    ) -> None:
        """Write *update* of *commit*, whose checkpoint is *written*."""
        instance_id = commit.instance_id
        # should storage refuse it, the row is behind this history
        self._memory.row_in_doubt(instance_id)
        known = self._memory.row_etag(instance_id)
        began = asyncio.get_running_loop().time()
        etag = await self._instances.update(instance_id, update, written.moved, known)
        was_slow = asyncio.get_running_loop().time() - began > SLOW
        if known is None and was_slow and not await self._histories.is_last(written):
            await self.follow(instance_id)
            return
        while etag is None:
            row = await self._instances.get(instance_id, payloads=False)
            if not await self._histories.is_last(written):
                await self.follow(instance_id)
                return
            if row is not None and _is_to_come(row, commit):
                return
            condition = row.etag if row is not None else None
            etag = await self._instances.update(instance_id, update, written.moved, condition)
        self._memory.row_written(commit, now, etag)

    async def insist(self, instance_id: str) -> None:
        """`follow`, however long storage refuses it."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Unavailable), wait=wait_exponential(max=_PAUSE)
        ):
            with attempt:
                await self.follow(instance_id)

    async def follow(self, instance_id: str) -> None:
        """Bring the row in line with a history that has gone on: it may be that its writer does not.

        DTFx writes into the row what is new in a checkpoint, and not what is new in that before.
        """
        self._memory.row_changed(instance_id)
        while True:
            row = await self._instances.get(instance_id, payloads=False)
            history = await self._histories.load(instance_id)
            update = None
            if is_entity(instance_id):
                update = repair_of_entity(history.version, history.events, row)
            elif repair := repair_of(history.version, read(history.events), row):
                update = repair.update
            if update is None:
                return
            etag = row.etag if row is not None else None
            if await self._instances.repair(instance_id, update, insert=row is None, etag=etag):
                return


def _is_to_come(row: Instance, commit: Commit) -> bool:
    """Tell whether *row* is of a start that has not come yet: *commit* is of what ran before it."""
    begun = [
        event.execution.execution_id
        for one in commit.consumed
        if isinstance(event := one.message.event, ExecutionStarted)
    ]
    known = (commit.execution_id, commit.base.execution_id, *begun)
    return row.status is Status.Pending and not any(
        same_execution(row.execution_id, one) for one in known
    )
