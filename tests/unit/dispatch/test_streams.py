"""Streams and slots: never more work than a worker asked for, first come first served, none leaked."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.dispatch.streams import (
    MOST_UNSENT,
    Kind,
    Need,
    Slot,
    StreamClosed,
    Streams,
    WorkStream,
)
from durahub.dispatch.work import ActivityWork, Filters, StreamOptions
from durahub.model.history import TaskScheduled
from durahub.model.ticks import Ticks

ACTIVITY = Need(Kind.ACTIVITY, "Greet")
WORK = ActivityWork(
    token="t",
    instance_id="order-7",
    execution_id="e",
    task=TaskScheduled(event_id=1, timestamp=Ticks(0), name="Greet"),
)


def options(activities: int = 2, filters: Filters | None = None) -> StreamOptions:
    return StreamOptions(
        worker_id="w",
        max_orchestrations=1,
        max_activities=activities,
        max_entities=1,
        filters=filters,
    )


def only(**activities: frozenset[str]) -> Filters:
    return Filters(orchestrations={}, activities=activities, entities={})


@pytest.fixture
def streams() -> Streams:
    return Streams(on_change=lambda: None, on_remove=lambda _: None)


async def waiting(streams: Streams, need: Need = ACTIVITY) -> "asyncio.Task[Slot]":
    task = asyncio.create_task(streams.slot(need))
    await asyncio.sleep(0)
    return task


async def test_work_waits_until_a_worker_has_room(streams: Streams) -> None:
    task = await waiting(streams)
    assert not task.done()

    stream = streams.add(options(activities=1))
    slot = await task
    assert slot.stream is stream
    assert streams.room(Kind.ACTIVITY) == 0

    second = await waiting(streams)
    assert not second.done()
    slot.release()
    assert (await second).stream is stream


async def test_a_slot_given_back_twice_counts_once(streams: Streams) -> None:
    stream = streams.add(options(activities=1))
    slot = await streams.slot(ACTIVITY)
    slot.release()
    slot.release()

    assert stream.room(Kind.ACTIVITY) == 1


async def test_the_stream_with_the_most_room_gets_the_work(streams: Streams) -> None:
    streams.add(options(activities=1))
    wide = streams.add(options(activities=5))

    assert [(await streams.slot(ACTIVITY)).stream for _ in range(4)] == [wide] * 4


async def test_those_in_line_are_served_in_order(streams: Streams) -> None:
    order: list[int] = []

    async def take(number: int) -> None:
        slot = await streams.slot(ACTIVITY)
        order.append(number)
        slot.release()

    tasks = [asyncio.create_task(take(number)) for number in range(5)]
    await asyncio.sleep(0)
    streams.add(options(activities=1))
    await asyncio.gather(*tasks)

    assert order == [0, 1, 2, 3, 4]


async def test_filters_let_through_what_they_name_and_hold_up_nobody_else(streams: Streams) -> None:
    unwanted = await waiting(streams, Need(Kind.ACTIVITY, "Other"))
    wanted = await waiting(streams, Need(Kind.ACTIVITY, "Greet", "1"))
    other_version = await waiting(streams, Need(Kind.ACTIVITY, "Greet", "2"))
    orchestration = await waiting(streams, Need(Kind.ORCHESTRATION, "Greet"))
    streams.add(options(filters=only(Greet=frozenset({"1"}))))

    await wanted
    assert not unwanted.done()
    assert not other_version.done()
    assert not orchestration.done()
    streams.add(options())
    await asyncio.gather(unwanted, other_version, orchestration)


async def test_a_name_without_versions_takes_any_version(streams: Streams) -> None:
    streams.add(options(filters=only(Greet=frozenset())))

    assert await streams.slot(Need(Kind.ACTIVITY, "Greet", "7"))


async def test_who_stops_waiting_leaks_no_slot(streams: Streams) -> None:
    task = await waiting(streams)
    stream = streams.add(options(activities=1))  # the slot is granted, but not yet fetched
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert stream.room(Kind.ACTIVITY) == 1


async def test_a_closed_stream_gives_no_work_and_says_so(streams: Streams) -> None:
    stream = streams.add(options())
    taker = asyncio.create_task(stream.next())
    await asyncio.sleep(0)
    stream.close()
    stream.close()

    with pytest.raises(StreamClosed):
        await taker
    with pytest.raises(StreamClosed):
        await stream.next()
    assert len(streams) == 0
    assert not (await waiting(streams)).done()


async def test_while_paused_no_work_goes_out(streams: Streams) -> None:
    streams.add(options())
    streams.paused = True

    assert streams.room(Kind.ACTIVITY) == 0
    assert not (await waiting(streams)).done()


@given(st.lists(st.sampled_from(["take", "free", "cancel", "add", "close"]), max_size=40))
def test_a_worker_never_has_more_than_it_asked_for(steps: list[str]) -> None:
    async def play() -> None:
        streams = Streams(on_change=lambda: None, on_remove=lambda _: None)
        opened: list[WorkStream] = []
        tasks: list[asyncio.Task[Slot]] = []
        for step in steps:
            held = [t.result() for t in tasks if t.done() and not t.cancelled()]
            if step == "take":
                tasks.append(asyncio.create_task(streams.slot(ACTIVITY)))
            elif step == "free" and held:
                held[0].release()
                tasks = [t for t in tasks if not t.done() or t.result() is not held[0]]
            elif step == "cancel" and tasks:
                task = tasks.pop()
                if not task.done():
                    task.cancel()
                elif not task.cancelled():
                    task.result().release()
            elif step == "add":
                opened.append(streams.add(options()))
            elif step == "close" and opened:
                opened.pop().close()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for stream in opened:
                taken = [
                    t
                    for t in tasks
                    if t.done() and not t.cancelled() and t.result().stream is stream
                ]
                assert len(taken) <= 2
                assert stream.room(Kind.ACTIVITY) == 2 - len(taken)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(play())


async def test_a_hub_gives_out_no_more_than_it_may_whatever_the_workers_take() -> None:
    most = {Kind.ACTIVITY: 2}
    streams = Streams(on_change=lambda: None, on_remove=lambda _: None, most=most)
    streams.add(options(activities=5))
    streams.add(options(activities=5))
    first, second = await streams.slot(ACTIVITY), await streams.slot(ACTIVITY)
    third = await waiting(streams)

    assert not third.done()
    assert streams.room(Kind.ACTIVITY) <= 0
    assert streams.room(Kind.ORCHESTRATION) > 0
    first.release()
    (await third).release()
    second.release()
    assert streams.room(Kind.ACTIVITY) == 2


def test_a_worker_that_does_not_read_what_it_is_given_gets_no_more_until_it_does(
    streams: Streams,
) -> None:
    slow = streams.add(options(1000))
    quick = streams.add(options(2))
    for _ in range(MOST_UNSENT):
        slot = streams.place(ACTIVITY)
        assert slot is not None
        assert slot.stream is slow  # with the most room
        slow.push(WORK)

    assert slow.room(Kind.ACTIVITY) == 0
    other = streams.place(ACTIVITY)
    assert other is not None
    assert other.stream is quick
    for _ in range(MOST_UNSENT // 2):
        slow.next_now()
    assert slow.room(Kind.ACTIVITY) > 0


async def test_who_stands_in_line_is_served_when_a_worker_has_read(streams: Streams) -> None:
    slow = streams.add(options(1000))
    for _ in range(MOST_UNSENT):
        assert streams.place(ACTIVITY) is not None
        slow.push(WORK)
    waiting = asyncio.ensure_future(streams.slot(ACTIVITY))
    await asyncio.sleep(0)
    assert not waiting.done()

    for _ in range(MOST_UNSENT // 2):
        slow.next_now()

    assert (await waiting).stream is slow
