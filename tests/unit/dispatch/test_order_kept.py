"""What an episode needs that cannot be run now waits in its order; what was purged is not written again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Kind, WorkStream
from durahub.dispatch.work import EntityWork, OrchestratorWork, StreamOptions
from durahub.engine.actions import Complete, ScheduleTask, TurnResult
from durahub.engine.commit import Commit, Delivery, HistoryVersion
from durahub.engine.entities.work import EntityResult, OperationResult
from durahub.errors import CheckpointLost, FileUnavailable
from durahub.model.history import EventRaised, Execution, Status, TaskCompleted
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore

COUNTER = "@counter@a"
WITHIN = 60.0


class Refusing(SchedulerStore):
    """A store that refuses the commits it is told to, and purges before a row is read."""

    def __init__(self) -> None:
        super().__init__(SchedulerFile(":memory:", clock=system_clock), "Shop")
        self.refusals: list[Exception] = []
        self.refused_results = 0
        self.refused = asyncio.Event()
        self.repaired = asyncio.Event()
        self.before_row: Callable[[], Coroutine[Any, Any, Any]] | None = None

    async def commit(self, commit: Commit) -> HistoryVersion:
        if self.refusals:
            self.refused.set()
            raise self.refusals.pop()
        return await super().commit(commit)

    async def complete_activity(self, activity: Delivery, result: Message) -> None:
        if self.refused_results:
            self.refused_results -= 1
            raise FileUnavailable("hub.db", "disk I/O")
        await super().complete_activity(activity, result)

    async def repair(self, *arguments: Any, **options: Any) -> bool:
        is_done = await super().repair(*arguments, **options)
        self.repaired.set()
        return is_done

    async def row(self, instance_id: str) -> Instance | None:
        if self.before_row is not None:
            await self.before_row()
        return await super().row(instance_id)


@contextlib.asynccontextmanager
async def _hub(store: Refusing) -> AsyncIterator[tuple[TaskHub, WorkStream]]:
    settings = DispatchSettings(drain=0.1, disconnect_grace=0.01, storage_pause=1.0)
    hub = TaskHub(store, settings=settings)
    await hub.open(create=True)
    running = asyncio.create_task(hub.run())
    options = StreamOptions(worker_id="w", max_orchestrations=9, max_activities=9, max_entities=9)
    try:
        yield hub, hub.connect(options)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        hub.stop_streams()
        await hub.close()
        await store.file.close()


async def _batch(hub: TaskHub, stream: WorkStream) -> list[str | None]:
    """Do the next batch; return the inputs of its operations."""
    work = await asyncio.wait_for(stream.next(), WITHIN)
    assert isinstance(work, EntityWork)
    results = tuple(OperationResult(result="1") for _ in work.operations)
    await hub.complete_entity(work.token, "", EntityResult(results=results, state="1"))
    return [one.input for one in work.operations]


@pytest.mark.parametrize("error", [FileUnavailable("hub.db", "disk I/O"), CheckpointLost(COUNTER)])
async def test_a_signal_whose_batch_was_not_written_is_not_overtaken(error: Exception) -> None:
    store = Refusing()
    store.refusals = [error]
    async with _hub(store) as (hub, stream):
        await hub.signal_entity(COUNTER, "add", "1")
        assert await _batch(hub, stream) == ["1"]
        await asyncio.wait_for(store.refused.wait(), WITHIN)
        await hub.signal_entity(COUNTER, "add", "2")

        assert await _batch(hub, stream) == ["1", "2"]
        assert hub.commit_retries[Kind.ENTITY] == 1


async def test_an_event_whose_turn_was_not_written_is_not_overtaken() -> None:
    store = Refusing()
    async with _hub(store) as (hub, stream):
        await hub.start(StartRequest(name="Hears", instance_id="order-1"))
        for number in range(3):
            work = await asyncio.wait_for(stream.next(), WITHIN)
            assert isinstance(work, OrchestratorWork)
            if number == 1:
                store.refusals = [FileUnavailable("hub.db", "disk I/O")]
            await hub.complete_orchestration(work.token, "order-1", TurnResult(actions=()))
            if number == 1:
                await asyncio.wait_for(store.refused.wait(), WITHIN)
            if number < 2:
                await hub.raise_event("order-1", "go", str(number))

        heard = [event.input for event in work.new if isinstance(event, EventRaised)]
        assert heard == ["0", "1"]
        assert hub.commit_retries[Kind.ORCHESTRATION] == 1


async def test_a_result_that_was_not_written_is_written_again_and_counted() -> None:
    store = Refusing()
    store.refused_results = 1
    async with _hub(store) as (hub, stream):
        await hub.start(StartRequest(name="Asks", instance_id="order-1"))
        turn = await asyncio.wait_for(stream.next(), WITHIN)
        asks = TurnResult(actions=(ScheduleTask(id=0, name="Answer"),))
        await hub.complete_orchestration(turn.token, "order-1", asks)
        activity = await asyncio.wait_for(stream.next(), WITHIN)
        await hub.complete_activity(activity.token, "order-1", 0, result="42", failure=None)
        turn = await asyncio.wait_for(stream.next(), WITHIN)

        assert isinstance(turn, OrchestratorWork)
        assert [one.result for one in turn.new if isinstance(one, TaskCompleted)] == ["42"]
        assert hub.commit_retries == {
            Kind.ACTIVITY: 1,
            Kind.ORCHESTRATION: 0,
            Kind.ENTITY: 0,
        }


async def test_the_row_of_what_is_purged_while_it_is_judged_is_not_written_again() -> None:
    store = Refusing()
    async with _hub(store) as (hub, stream):
        await hub.start(StartRequest(name="Ends", instance_id="order-1"))
        work = await asyncio.wait_for(stream.next(), WITHIN)
        assert isinstance(work, OrchestratorWork)
        result = TurnResult(actions=(Complete(id=0, status=Status.Completed, result="ok"),))
        await hub.complete_orchestration(work.token, "order-1", result)
        await asyncio.wait_for(hub.wait_for_completion("order-1", payloads=False), WITHIN)

        async def purge() -> None:
            store.before_row = None
            await SchedulerStore.purge(store, "order-1")

        store.before_row = purge
        await store.send(
            Message(
                event=EventRaised(timestamp=system_clock(), name="late"),
                target=Execution("order-1"),
            )
        )
        await asyncio.wait_for(store.repaired.wait(), WITHIN)

        assert await store.get("order-1") is None
