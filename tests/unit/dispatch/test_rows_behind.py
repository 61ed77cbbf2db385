"""A row that a crash has left behind its history is put right by what is dropped, though it tells nothing."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import StreamOptions
from durahub.dispatch.work import OrchestratorWork
from durahub.engine.actions import TurnResult
from durahub.engine.commit import Commit, HistoryVersion, InstanceUpdate
from durahub.model.history import Execution, Status, TaskCompleted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore

WITHIN = 60.0


class Behind(SchedulerStore):
    """A store whose rows are behind, and that tells of the first repair."""

    def __init__(self) -> None:
        super().__init__(SchedulerFile(":memory:", clock=system_clock), "Shop")
        self.written = asyncio.Event()
        self.repaired: asyncio.Future[InstanceUpdate] = asyncio.get_running_loop().create_future()

    async def commit(self, commit: Commit) -> HistoryVersion:
        version = await super().commit(commit)
        self.written.set()
        return version

    async def row(self, instance_id: str) -> Instance | None:
        row = await super().row(instance_id)
        is_begun = row is not None and row.status is Status.Running
        return replace(row, status=Status.Pending) if is_begun and row is not None else row

    async def repair(self, instance_id: str, update: InstanceUpdate, **options: Any) -> bool:
        self.repaired.set_result(update)
        return await super().repair(instance_id, update, **options)


class Overtaken(Behind):
    """One whose rows are changed right before the first repair, as by another server."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[bool] = []

    async def repair(self, instance_id: str, update: InstanceUpdate, **options: Any) -> bool:
        if not self.outcomes:
            row = await self.get(instance_id)
            assert row is not None
            assert await self.set_custom_status(instance_id, '"newer"', row)
        outcome = await SchedulerStore.repair(self, instance_id, update, **options)
        self.outcomes.append(outcome)
        if outcome:
            self.repaired.set_result(update)
        return outcome


async def test_an_answer_to_an_earlier_execution_shows_that_a_row_is_behind() -> None:
    update = await repaired(Behind())
    assert update.status is Status.Running


async def test_a_row_that_was_changed_meanwhile_is_read_again_before_it_is_put_right() -> None:
    store = Overtaken()
    update = await repaired(store)
    assert store.outcomes == [False, True]
    assert (update.status, update.custom_status) == (Status.Running, '"newer"')


async def repaired(store: Behind) -> InstanceUpdate:
    """Return what a row is put right by that is behind when a late answer comes."""
    hub = TaskHub(store, settings=DispatchSettings(history_cache_bytes=0))  # as after a crash
    await hub.open(create=True)
    running = asyncio.create_task(hub.run())
    options = StreamOptions(worker_id="w", max_orchestrations=9, max_activities=9, max_entities=9)
    try:
        stream = hub.connect(options)
        await hub.start(StartRequest(name="Waits", instance_id="order-1"))
        work = await asyncio.wait_for(stream.next(), WITHIN)
        assert isinstance(work, OrchestratorWork)
        await hub.complete_orchestration(work.token, "order-1", TurnResult(actions=()))
        await asyncio.wait_for(store.written.wait(), WITHIN)
        late = TaskCompleted(timestamp=system_clock(), task_scheduled_id=0)
        await store.send(Message(event=late, target=Execution("order-1", "an-earlier-one")))
        return await asyncio.wait_for(store.repaired, WITHIN)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        hub.stop_streams()
        await hub.close()
        await store.file.close()
