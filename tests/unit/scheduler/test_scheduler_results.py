"""Results of activities are handed over in memory; the activity's row stands for them, whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from scheduler_hubs import (
    PATIENCE,
    Desk,
    ManualClock,
    activity,
    crashed_copy,
    episode,
    has_looked,
    opened,
    raised,
    result,
    served,
    sql,
    start,
    writer_held,
)

from durahub.engine.commit import Delivery, HistoryVersion
from durahub.errors import CheckpointLost
from durahub.model.history import TaskCompleted
from durahub.scheduler.connections import FileOptions
from durahub.scheduler.hub_store import SchedulerStore

GRACE = 0.2  # seconds
QUICK = FileOptions(result_grace=GRACE)
PATIENT = FileOptions(result_grace=3600.0)  # so that nothing is moved before a test says so


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def options() -> FileOptions:
    return PATIENT


@pytest.fixture(params=["file", "memory"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock, options: FileOptions
) -> AsyncIterator[SchedulerStore]:
    place = tmp_path / "hub.db" if request.param == "file" else ":memory:"
    async with opened(place, clock, options=options) as made:
        yield made


def let_the_grace_pass(store: SchedulerStore) -> None:
    """Have what is in memory alone be there for too long, from now on."""
    assert store._serving.pump is not None
    store._serving.pump._results._grace = 0.0
    store.wake()


async def scheduled(store: SchedulerStore, desk: Desk) -> tuple[Delivery, HistoryVersion]:
    """Return the activity that the first episode of ``order-1`` has scheduled, and its history."""
    await store.start(start(), None)
    version = await store.commit(episode(await desk.message(), activities=[activity()]))
    return await desk.activity(), version


async def rows(store: SchedulerStore) -> tuple[int, int]:
    """Return how many messages and how many activities are in the file."""
    ((messages, activities),) = await sql(
        store, "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM tasks)"
    )
    assert isinstance(messages, int)
    assert isinstance(activities, int)
    return messages, activities


async def eventually(store: SchedulerStore, wanted: tuple[int, int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while await rows(store) != wanted:
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)  # it is moved behind a timer, by a task of the store's own


async def test_a_result_reaches_the_listener_without_a_transaction(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
        statements: list[str] = []
        await store.file.write(lambda tx: tx.connection.set_trace_callback(statements.append))
        statements.clear()
        await store.complete_activity(work, result(work))
        assert desk.messages[1].message == result(work)
        assert desk.messages[1].partition == "0"
        assert statements in ([], ["COMMIT"])  # the one that began the trace
        await store.file.write(lambda tx: tx.connection.set_trace_callback(None))
        assert await rows(store) == (0, 1)


async def test_the_commit_that_consumes_a_result_deletes_its_activity(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        work, version = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        await store.commit(episode(await desk.message(2), base=version))
        assert await rows(store) == (0, 0)
    async with served(store, Desk()) as again:
        await has_looked(store)
        assert (again.messages, again.activities) == ([], [])


async def test_a_lost_checkpoint_leaves_the_activity_and_its_result_can_be_given_back(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        work, version = await scheduled(store, desk)
        await store.commit(episode(base=version))
        await store.complete_activity(work, result(work))
        answer = await desk.message(2)
        with pytest.raises(CheckpointLost):
            await store.commit(episode(answer, base=version))
        assert await rows(store) == (0, 1)
        await store.release([answer], 0)
        again = await desk.message(3)
        assert again.message == answer.message
        assert again.deliveries == 2
        await store.discard([again])
        assert await rows(store) == (0, 0)


async def test_a_result_given_back_for_a_while_is_durable_and_comes_when_that_is_over(
    store: SchedulerStore, clock: ManualClock
) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        await store.release([await desk.message(2)], 60.0)
        assert await rows(store) == (1, 0)
        clock.advance(59.0)
        await has_looked(store)
        assert len(desk.messages) == 2
        clock.advance(1.0)
        store.wake()
        assert (await desk.message(3)).message == result(work)
        assert len(desk.activities) == 1


async def test_a_result_that_is_discarded_takes_its_activity_with_it(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        await store.discard([await desk.message(2)])
        assert await rows(store) == (0, 0)
        assert (await store.info()).queues == {"inbox": 0, "timers": 0, "workitems": 0}


async def test_an_activity_that_has_a_result_waits_for_nobody(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        assert (await store.info()).queues == {"inbox": 1, "timers": 0, "workitems": 0}
        backlog = await store.backlog()
        assert backlog.activities.count == backlog.orchestrations.count == 0


@pytest.mark.parametrize("options", [QUICK])
async def test_a_result_that_is_not_consumed_is_durable_after_a_while_and_comes_once(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        work, version = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        await eventually(store, (1, 0))
        await has_looked(store)
        assert len(desk.messages) == 2
        await store.complete_activity(work, result(work))  # its caller did not hear of the first
        await has_looked(store)
        assert len(desk.messages) == 2
        await store.commit(episode(desk.messages[1], base=version))
        assert await rows(store) == (0, 0)


async def test_a_result_that_waits_for_room_is_durable_after_a_while_and_comes_then(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        work, version = await scheduled(store, desk)
        desk.room = 0
        await store.complete_activity(work, result(work))
        let_the_grace_pass(store)
        await eventually(store, (1, 0))
        desk.room = 1
        store.wake()
        await store.commit(episode(await desk.message(2), base=version))
        assert await rows(store) == (0, 0)
        assert len(desk.messages) == 2


async def test_results_that_are_left_when_serving_ends_are_messages_then(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        await desk.message(2)
    assert await rows(store) == (1, 0)
    async with served(store, Desk()) as again:
        assert (await again.message()).message == result(work)
        assert again.activities == []


class FinishesInTime(Desk):
    """Completes the activity that it has while the partition closes."""

    store: SchedulerStore

    async def on_partition_closing(self, partition: str) -> None:
        if not partition:
            await self.store.complete_activity(self.activities[0], result(self.activities[0]))


async def test_a_result_that_comes_while_serving_ends_is_a_message_at_once(
    store: SchedulerStore,
) -> None:
    desk = FinishesInTime()
    desk.store = store
    async with served(store, desk):
        await scheduled(store, desk)
    assert len(desk.messages) == 1
    assert await rows(store) == (1, 0)


async def test_a_result_for_a_hub_that_is_not_served_is_a_message(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
    await store.complete_activity(work, result(work))
    assert await rows(store) == (1, 0)


async def test_a_result_does_not_overtake_what_waits_in_the_table(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        work, _ = await scheduled(store, desk)
        desk.room = 0
        for number in range(300):  # more than waits in memory
            await store.send(raised(text=str(number)))
        await store.complete_activity(work, result(work))
        assert await rows(store) == (301, 0)
        desk.room = 301
        store.wake()
        await desk.message(302)
        assert isinstance(desk.messages[-1].message.event, TaskCompleted)


@pytest.mark.parametrize("moved_first", [True, False])
async def test_a_result_that_is_moved_while_it_is_committed_is_gone(
    tmp_path: Path, clock: ManualClock, moved_first: bool
) -> None:
    async with (
        opened(tmp_path / "hub.db", clock, options=QUICK) as store,
        served(store, Desk()) as desk,
    ):
        work, version = await scheduled(store, desk)
        await store.complete_activity(work, result(work))
        answer = await desk.message(2)
        commit = episode(answer, base=version)
        async with writer_held(store.file):
            committing = None
            if not moved_first:
                committing = asyncio.create_task(store.commit(commit))
            await asyncio.sleep(GRACE + 0.1)  # what moves results is a timer
            if moved_first:
                committing = asyncio.create_task(store.commit(commit))
        assert committing is not None
        await committing
        assert await rows(store) == (0, 0)
        await has_looked(store)
        assert (len(desk.messages), len(desk.activities)) == (2, 1)
    async with opened(tmp_path / "hub.db", clock) as store, served(store, Desk()) as desk:
        await has_looked(store)
        assert (desk.messages, desk.activities) == ([], [])


async def test_after_a_crash_at_any_step_there_is_the_activity_or_its_result_and_never_both(
    tmp_path: Path, clock: ManualClock
) -> None:
    place = tmp_path / "hub.db"
    copies: list[tuple[str, Path]] = []

    def crash(wanted: str) -> None:
        copies.append((wanted, crashed_copy(place, tmp_path / f"crash{len(copies)}")))

    async with opened(place, clock, options=PATIENT) as store, served(store, Desk()) as desk:
        work, version = await scheduled(store, desk)
        crash("activity")
        await store.complete_activity(work, result(work))
        crash("activity")
        answer = await desk.message(2)
        with pytest.raises(CheckpointLost):
            await store.commit(episode(answer, base=replace(version, token="1.1")))
        crash("activity")
        let_the_grace_pass(store)
        await eventually(store, (1, 0))
        crash("result")
        await store.release([answer], 0)
        crash("result")
        again = await desk.message(3)
        await store.commit(episode(again, base=version))
        crash("consumed")

    for wanted, copy in copies:
        async with opened(copy, clock, create=False) as store, served(store, Desk()) as desk:
            await has_looked(store)
            loaded = await store.load("order-1")
            found = {
                "activity": [d.message for d in desk.activities] == [activity()],
                "result": [d.message for d in desk.messages] == [result(work)],
                "consumed": any(isinstance(e, TaskCompleted) for e in loaded.events),
            }
            assert [name for name, there in found.items() if there] == [wanted]
            assert len(desk.activities) + len(desk.messages) <= 1


async def test_results_in_memory_and_moved_ones_are_consumed_together(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        await store.start(start(), None)
        work = [activity(number) for number in range(20)]
        version = await store.commit(episode(await desk.message(), activities=work))
        await desk.activity(20)
        for done in desk.activities:
            await store.complete_activity(done, result(done))
        given_back = desk.messages[1:11]
        await store.release(given_back, 0)
        await store.send(raised())
        await desk.message(32)
        assert sorted(d.deliveries for d in desk.messages[11:]) == [1] * 11 + [2] * 10
        await store.commit(episode(*desk.messages[11:], base=version))
        assert await rows(store) == (0, 0)
