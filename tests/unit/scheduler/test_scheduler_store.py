"""What a hub in a file does: hands over, holds, gives back, and survives a crash at any time."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from scheduler_hubs import (
    NOON,
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
    timer,
    writer_held,
)

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import NO_HISTORY, HistoryVersion
from durahub.errors import BadRow, CheckpointLost, InstanceExists
from durahub.model.history import EventRaised, Status, TaskCompleted
from durahub.model.ticks import Ticks, later, seconds_between
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import InstanceQuery, Listener


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["file", "memory"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[SchedulerStore]:
    place = tmp_path / "hub.db" if request.param == "file" else ":memory:"
    async with opened(place, clock) as made:
        yield made


async def begun(store: SchedulerStore, desk: Desk) -> HistoryVersion:
    """Return the version of ``order-1`` after its first episode."""
    await store.start(start(), None)
    return await store.commit(episode(await desk.message()))


async def test_messages_arrive_in_the_order_in_which_they_were_sent(store: SchedulerStore) -> None:
    for number in range(5):
        await store.send(raised(text=str(number)))
    async with served(store, Desk()) as desk:
        for number in range(5, 10):
            await store.send(raised(text=str(number)))
        await desk.message(10)
    texts = [d.message.event.input for d in desk.messages]  # type: ignore[union-attr]
    assert texts == [str(number) for number in range(10)]
    assert len({d.key for d in desk.messages}) == 10
    assert {d.partition for d in desk.messages} == {"0"}


async def test_no_more_is_handed_over_than_there_is_room(store: SchedulerStore) -> None:
    for _ in range(3):
        await store.send(raised())
    async with served(store, Desk(messages=2)) as desk:
        for _ in range(3):
            await store.send(raised())
        await has_looked(store)
        assert len(desk.messages) == 2
        await store.discard(desk.messages)
        desk.room = 3
        store.wake()
        await desk.message(5)
        assert desk.room == 0
        desk.room = 100
        store.wake()
        await desk.message(6)
        assert len({d.key for d in desk.messages}) == 6


async def test_activities_go_where_there_is_room(store: SchedulerStore) -> None:
    async with served(store, Desk(activities=2)) as desk:
        await store.start(start(), None)
        work = [activity(number) for number in range(5)]
        await store.commit(episode(await desk.message(), activities=work))
        await desk.activity(2)
        await has_looked(store)
        assert len(desk.activities) == 2
        desk.places = 100
        store.wake()
        await desk.activity(5)
        assert [d.message for d in desk.activities] == work
        assert {d.partition for d in desk.activities} == {""}


async def test_what_is_held_stays_hidden_and_what_is_consumed_is_gone(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        version = await begun(store, desk)
        await store.send(raised())
        held = await desk.message(2)
        store.wake()
        await has_looked(store)
        assert len(desk.messages) == 2
        await store.commit(episode(held, base=version))
        assert sum((await store.info()).queues.values()) == 0
    async with served(store, Desk()) as later_desk:
        await has_looked(store)
        assert later_desk.messages == []


async def test_what_was_not_settled_comes_again_when_the_store_is_served_again(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        version = await begun(store, desk)
        await store.send(raised())
        await store.commit(episode(base=version, activities=[activity()]))
        message, work = await desk.message(2), await desk.activity()
    async with served(store, Desk()) as again:
        assert await again.message() == message
        assert await again.activity() == work


async def test_a_message_that_was_put_back_counts_its_deliveries_for_good(
    tmp_path: Path, clock: ManualClock
) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, clock) as store, served(store, Desk()) as desk:
        await store.send(raised())
        first = await desk.message()
        await store.release([first], 0)
        second = await desk.message(2)
        assert second == replace(first, deliveries=2)
        # the dispatcher has counted two more while it kept the message to itself
        await store.release([replace(second, deliveries=4)], 0)
        assert (await desk.message(3)).deliveries == 5
    async with opened(place, clock) as store, served(store, Desk()) as desk:
        assert (await desk.message()).deliveries == 5


async def test_a_message_put_back_for_a_while_comes_when_that_is_over(
    store: SchedulerStore, clock: ManualClock
) -> None:
    async with served(store, Desk()) as desk:
        await store.send(raised())
        await store.release([await desk.message()], 60.0)
        clock.advance(59.9)
        await has_looked(store)
        assert len(desk.messages) == 1
        clock.advance(0.1)
        store.wake()
        await desk.message(2)


async def test_a_released_activity_is_an_activity_again(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        await store.start(start(), None)
        await store.commit(episode(await desk.message(), activities=[activity()]))
        first = await desk.activity()
        await store.release([first], 0)
        assert await desk.activity(2) == replace(first, deliveries=2)


async def test_a_timer_is_handed_over_at_its_tick_and_not_one_before(
    store: SchedulerStore, clock: ManualClock
) -> None:
    due = later(NOON, 3600)
    async with served(store, Desk()) as desk:
        await store.send(timer(due))
        clock.now = Ticks(due - 1)
        await has_looked(store)
        assert desk.messages == []
        clock.now = due
        store.wake()
        assert (await desk.message()).message == replace(timer(due), due=None)


async def test_a_message_whose_time_has_passed_is_handed_over_at_once(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        await store.send(timer(Ticks(NOON - 1)))
        assert (await desk.message()).message == replace(timer(Ticks(NOON - 1)), due=None)
        assert (await store.info()).queues["timers"] == 0


async def test_timers_fire_in_the_order_of_their_times(
    store: SchedulerStore, clock: ManualClock
) -> None:
    for number, seconds in enumerate((30, 10, 20)):
        await store.send(timer(later(NOON, seconds), number))
    async with served(store, Desk()) as desk:
        clock.advance(60)
        store.wake()
        await desk.message(3)
        assert [d.message.event.timer_id for d in desk.messages] == [1, 2, 0]  # type: ignore[union-attr]


async def test_a_clock_that_was_set_back_makes_no_message_late(
    store: SchedulerStore, clock: ManualClock
) -> None:
    async with served(store, Desk()) as desk:
        await store.send(raised(text="1"))
        await desk.message()
        clock.advance(-3600)
        await store.send(raised(text="2"))
        await desk.message(2)
        await store.send(timer(later(clock.now, 60)))
        clock.advance(60)
        store.wake()
        await desk.message(3)


async def test_a_timer_fires_by_itself_at_its_time(tmp_path: Path) -> None:
    async with opened(tmp_path / "hub.db", system_clock) as store, served(store, Desk()) as desk:
        due = later(system_clock(), 0.05)
        await store.send(timer(due))
        await desk.message()
        assert 0 <= seconds_between(due, system_clock()) < 1


async def test_a_timer_that_was_due_while_nobody_served_fires_at_once(
    tmp_path: Path, clock: ManualClock
) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, clock) as store:
        await store.send(timer(later(NOON, 60)))
        assert (await store.info()).queues == {"inbox": 0, "timers": 1, "workitems": 0}
    clock.advance(3600)
    async with opened(place, clock) as store, served(store, Desk()) as desk:
        await desk.message()


async def test_after_a_crash_everything_acknowledged_is_there_and_what_was_held_comes_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    place = tmp_path / "hub.db"
    async with opened(place, clock) as store, served(store, Desk()) as desk:
        version = await begun(store, desk)
        await store.send(raised(text="1"))
        consumed = await desk.message(2)
        version = await store.commit(episode(consumed, base=version, activities=[activity()]))
        await store.send(raised(text="2"))
        held, work = await desk.message(3), await desk.activity()
        copy = crashed_copy(place, tmp_path / "crashed")

    async with opened(copy, clock, create=False) as store, served(store, Desk()) as desk:
        assert await desk.message() == held
        assert await desk.activity() == work
        assert len(desk.messages) == 1
        loaded = await store.load("order-1")
        assert loaded.version == version
        assert len(loaded.events) == 4
        assert loaded.consumed == frozenset()
        await store.commit(episode(held, base=version))


async def test_keys_are_never_used_twice_not_even_after_a_crash(
    tmp_path: Path, clock: ManualClock
) -> None:
    place = tmp_path / "hub.db"
    keys: list[str] = []
    for number in range(3):
        async with opened(place, clock) as store, served(store, Desk()) as desk:
            for _ in range(3):
                await store.send(raised())
            await desk.message(3)
            await store.discard(desk.messages)
            keys += [d.key for d in desk.messages]
            if number == 1:
                place = crashed_copy(place, tmp_path / "crashed")
    assert len(set(keys)) == len(keys)


async def test_two_stores_of_a_hub_are_served_one_after_the_other(store: SchedulerStore) -> None:
    other = SchedulerStore(store.file, store.hub)
    await other.open(create=False)
    desk, waiting_desk = Desk(), Desk()
    async with served(store, desk):
        waiting = asyncio.create_task(other.serve(waiting_desk))
        await other.send(raised())
        delivery = await desk.message()
        await has_looked(store)
        assert store.owns("order-1")
        assert not other.owns("order-1")
        with pytest.raises(CheckpointLost):
            await other.commit(episode(delivery))
    assert await waiting_desk.message() == delivery
    assert len(desk.messages) == 1
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting


async def test_what_a_commit_consumes_while_serving_changes_hands_does_not_come_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with opened(tmp_path / "hub.db", clock) as store:
        async with served(store, Desk()) as desk:
            await store.start(start(), None)
            delivery = await desk.message()
            holding = writer_held(store.file)
            await holding.__aenter__()
            committing = asyncio.create_task(store.commit(episode(delivery)))
            await asyncio.sleep(0)
        committing.cancel()
        successor = Desk()
        serving = asyncio.create_task(store.serve(successor))
        await store.file.read(lambda _: None)
        await store.file.read(lambda _: None)
        await holding.__aexit__(None, None, None)
        await store.send(raised("order-2"))
        assert (await successor.message()).message.target.instance_id == "order-2"
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def test_a_release_whose_caller_is_cancelled_is_a_release(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with opened(tmp_path / "hub.db", clock) as store, served(store, Desk()) as desk:
        await store.send(raised())
        delivery = await desk.message()
        async with writer_held(store.file):
            releasing = asyncio.create_task(store.release([delivery], 0))
            await asyncio.sleep(0)
            releasing.cancel()
        await desk.message(2)


class LastMinute(Desk):
    """Commits what it holds while its partition is closing."""

    store: SchedulerStore

    async def on_partition_closing(self, partition: str) -> None:
        await super().on_partition_closing(partition)
        if partition:
            await self.store.commit(episode(self.messages[0], outbound=[raised("order-2")]))


async def test_when_serving_ends_the_listener_finishes_activities_before_messages(
    store: SchedulerStore,
) -> None:
    desk = LastMinute()
    desk.store = store
    await store.start(start(), None)
    async with served(store, desk):
        await desk.message()
    assert desk.closed == ["", "0"]
    assert not store.owns("order-1")
    assert len((await store.load("order-1")).events) == 2
    async with served(store, Desk()) as again:
        assert (await again.message()).message.target.instance_id == "order-2"
        assert len(again.messages) == 1


async def test_a_stale_commit_writes_nothing_at_all(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        version = await begun(store, desk)
        await store.send(raised())
        held = await desk.message(2)
        newer = await store.commit(episode(base=version))
        before = await store.load("order-1"), await store.get("order-1")
        stale = episode(held, base=version, outbound=[raised("x")], activities=[activity()])
        with pytest.raises(CheckpointLost):
            await store.commit(stale)
        with pytest.raises(CheckpointLost):
            await store.commit(replace(stale, base=NO_HISTORY))
        assert (await store.load("order-1"), await store.get("order-1")) == before
        assert (await store.info()).queues == {"inbox": 1, "timers": 0, "workitems": 0}
        await store.commit(replace(stale, base=newer))


async def test_a_history_that_was_purged_and_begun_anew_is_another_one(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        old = await begun(store, desk)
        await store.purge("order-1")
        with pytest.raises(CheckpointLost):
            await store.commit(episode(base=old))
        await store.start(start(), None)
        new = await store.commit(episode(await desk.message(2)))
        assert (new.execution_id, new.length) == (old.execution_id, old.length)
        with pytest.raises(CheckpointLost):
            await store.commit(episode(base=old))


async def test_an_activity_that_is_completed_twice_has_one_result(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        await store.start(start(), None)
        await store.commit(episode(await desk.message(), activities=[activity()]))
        work = await desk.activity()
        await store.complete_activity(work, result(work))
        await store.complete_activity(work, result(work))
        await desk.message(2)
        await has_looked(store)
        assert [type(d.message.event) for d in desk.messages[1:]] == [TaskCompleted]
        assert (await store.info()).queues["workitems"] == 0


async def test_a_start_is_refused_when_the_row_was_purged_since(store: SchedulerStore) -> None:
    await store.start(start(), None)
    row = await store.get("order-1")
    await store.purge("order-1")
    with pytest.raises(InstanceExists):
        await store.start(start(execution_id="e2"), row)


async def test_a_start_in_the_place_of_an_ended_instance_leaves_nothing_of_it(
    store: SchedulerStore,
) -> None:
    async with served(store, Desk()) as desk:
        version = await begun(store, desk)
        ended = episode(base=version)
        end = replace(
            ended.instance,
            status=Status.Completed,
            completed=NOON,
            sets_output=True,
            output='"done"',
            custom_status='"packed"',
        )
        await store.commit(replace(ended, instance=end))
        row = await store.get("order-1")
        assert row is not None
        assert (row.output, row.custom_status) == ('"done"', '"packed"')
        await store.start(start(execution_id="e2", generation=1), row)
    new = await store.get("order-1")
    assert new is not None
    assert (new.status, new.execution_id, new.generation) == (Status.Pending, "e2", 1)
    assert (new.output, new.custom_status, new.completed) == (None, None, None)


async def test_pages_go_from_the_oldest_to_the_youngest(store: SchedulerStore) -> None:
    for number, seconds in enumerate((5, 1, 3, 1, 4)):
        message = start(f"order-{number}")
        event = replace(message.event, timestamp=later(NOON, seconds))
        await store.start(replace(message, event=event), None)
    found: list[str] = []
    query = InstanceQuery(page_size=2)
    while True:
        page = await store.query(query)
        found += [instance.instance_id for instance in page.instances]
        if page.token is None:
            break
        query = replace(query, token=page.token)
    assert found == [f"order-{number}" for number in (1, 3, 2, 4, 0)]


async def test_a_message_that_cannot_be_read_is_set_aside_and_stops_nothing(
    store: SchedulerStore, caplog: pytest.LogCaptureFixture
) -> None:
    await store.send(raised(text="1"))
    await store.send(raised(text="2"))
    await sql(store, "UPDATE inbox SET event = ? WHERE seq = (SELECT min(seq) FROM inbox)", b"\xff")
    await store.send(timer(NOON + 1))  # type: ignore[arg-type]
    await sql(store, "UPDATE inbox SET extra = '{' WHERE due IS NOT NULL")
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            async with served(store, Desk()) as desk:
                store.file.clock.advance(1)  # type: ignore[attr-defined]
                store.wake()
                (event,) = [(await desk.message()).message.event]
                assert isinstance(event, EventRaised)
                assert event.input == "2"
                await has_looked(store)
                assert len(desk.messages) == 1
    aside = await store.set_aside()
    assert store.set_aside_count == 2
    assert [one.error[:5] for one in aside] == ["DH401", "DH401"]
    assert all(one.location.startswith("table inbox message ") for one in aside)
    assert [record.message for record in caplog.records] == ["set-aside"] * 2
    assert (await store.info()).queues["inbox"] == 2  # it is still there


async def test_a_history_that_cannot_be_read_is_set_aside(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        await begun(store, desk)
    await sql(store, "UPDATE events SET event = ? WHERE position = 1", b"nonsense")
    for _ in range(2):
        with pytest.raises(BadRow, match=r"order-1/0000000000000001"):
            await store.load("order-1")
    with pytest.raises(BadRow):
        _ = [event async for event in store.history("order-1")]
    (aside,) = await store.set_aside()
    assert "order-1" in aside.location
    assert aside.head == "nonsense"
    assert aside.first_seen == NOON


async def test_a_history_with_a_gap_is_not_taken_for_a_shorter_one(store: SchedulerStore) -> None:
    async with served(store, Desk()) as desk:
        await begun(store, desk)
    await sql(store, "DELETE FROM events WHERE position = 0")
    with pytest.raises(BadRow, match="1 events where 2"):
        await store.load("order-1")


async def test_an_instance_that_cannot_be_read_is_left_out_of_a_query(
    store: SchedulerStore,
) -> None:
    await store.start(start("order-1"), None)
    await store.start(start("order-2"), None)
    await sql(store, "UPDATE instances SET status = 99 WHERE id = 'order-1'")
    (found,) = (await store.query(InstanceQuery())).instances
    assert found.instance_id == "order-2"
    with pytest.raises(BadRow):
        await store.get("order-1")
    (aside,) = await store.set_aside()
    assert "order-1" in aside.location


class Broken(Desk):
    def on_messages(self, deliveries: object) -> None:
        raise RuntimeError("a fault of the listener")


async def test_a_fault_ends_serving_in_order_and_the_next_try_begins_anew(
    store: SchedulerStore,
) -> None:
    await store.send(raised())
    desk: Listener = Broken()
    with pytest.raises(RuntimeError):
        await store.serve(desk)
    async with served(store, Desk()) as desk:
        await desk.message()
