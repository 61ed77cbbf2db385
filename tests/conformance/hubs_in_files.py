"""Hubs of the scheduler store under test: each in a file of its own, one process with several stores."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from listening_desk import Desk

from durahub.dispatch.clock import system_clock
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import HubStore

DIFFERENT = {
    "test_a_checkpoint_on_a_stale_history_is_lost_and_its_messages_stay": "a commit is one "
    "transaction: when it is lost, nothing of it was sent",
    "test_a_custom_status_that_no_row_can_hold_does_not_stop_the_rest": "every row can hold it",
}
"""Tests of what is true of the classic store alone; the unit tests of this one tell the opposite."""


def skip_if_different(test: str) -> None:
    """Skip a test that does not hold for this store."""
    if test in DIFFERENT:
        pytest.skip(DIFFERENT[test])


class SchedulerHub:
    """A hub in a file. All its stores are in one process, so they crash together."""

    visibility = 1.0  # nothing stays hidden; what takes longer has waited for something

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder / name
        self._folder.mkdir()
        self._crashes = 0
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._file = SchedulerFile(str(self._folder / "hub.db"), clock=system_clock)

    async def open(
        self, *, create: bool = True, partitions: int | None = None, **options: Any
    ) -> SchedulerStore:
        if partitions not in (None, 1):
            pytest.skip("a hub in a file has one partition")
        store = SchedulerStore(self._file, self.name)
        await store.open(create=create)
        return store

    def serve(self, store: HubStore, desk: Desk) -> "asyncio.Task[None]":
        task = asyncio.create_task(store.serve(desk))
        self._tasks[id(store)] = task
        return task

    async def stop(self, store: HubStore) -> None:
        task = self._tasks.pop(id(store))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def crash(self, store: HubStore) -> None:
        """Go on with a copy of the file and its log as they are now: what a dead process leaves."""
        before = Path(self._file.place)
        self._crashes += 1
        after = self._folder / f"crash{self._crashes}"
        after.mkdir()
        for name in (before.name, f"{before.name}-wal"):
            shutil.copy(before.with_name(name), after)
        await self._end()
        self._file = SchedulerFile(str(after / before.name), clock=system_clock)

    async def put_raw(self, text: str) -> None:
        store = await self.open(create=False)
        await self._file.write(
            lambda tx: tx.change(
                "INSERT INTO inbox (seq, hub, deliveries, instance, event)"
                " SELECT ?, id, 0, 'order-1', ? FROM hubs WHERE name = ?",
                (next(tx.numbers), text.encode(), store.hub),
            )
        )

    async def spoil_history(self, instance_id: str) -> None:
        await self._spoil(
            "UPDATE events SET event = x'00' WHERE position = 1 AND history ="
            " (SELECT number FROM histories WHERE instance = ?)",
            instance_id,
        )

    async def spoil_instance(self, instance_id: str) -> None:
        await self._spoil("UPDATE instances SET created = 'yesterday' WHERE id = ?", instance_id)

    async def _spoil(self, sql: str, instance_id: str) -> None:
        assert await self._file.write(lambda tx: tx.change(sql, (instance_id,))) == 1

    async def close(self) -> None:
        await self._end()

    async def _end(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._file.close()
