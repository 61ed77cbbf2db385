"""The times at which queues are looked into: rung in time, together, and never more than so many."""

import asyncio

from durahub.classic.alarms import TOGETHER, Alarms


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_an_alarm_rings_its_queue_in_time_and_never_before() -> None:
    rung: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
    alarms = Alarms(lambda queue: rung.put_nowait((queue, now())))
    due = {"one": now() + 0.3, "two": now() + 0.05}
    for queue, at in due.items():
        alarms.set(queue, at)
    for expected in ("two", "one"):
        queue, at = await asyncio.wait_for(rung.get(), 60)
        assert queue == expected
        assert at >= due[queue]
    assert len(alarms) == 0


async def test_an_earlier_alarm_rings_first_whenever_it_is_set() -> None:
    rung = asyncio.Event()
    alarms = Alarms(lambda _: rung.set())
    alarms.set("one", now() + 3600)
    alarms.set("one", now() + 0.02)
    await asyncio.wait_for(rung.wait(), 60)
    assert len(alarms) == 1


async def test_what_is_due_together_is_one_alarm() -> None:
    alarms = Alarms(lambda _: None)
    at = (now() + 60) // TOGETHER * TOGETHER
    for number in range(1, 101):
        alarms.set("one", at + TOGETHER * number / 100)
    assert len(alarms) == 1
    alarms.clear("one")


async def test_of_too_many_alarms_the_latest_are_forgotten() -> None:
    rung = asyncio.Event()
    alarms = Alarms(lambda _: rung.set(), most=10)
    for number in range(20, 0, -1):
        alarms.set("one", now() + 60 * number)
    alarms.set("one", now() + 0.02)
    assert len(alarms) == 10
    await asyncio.wait_for(rung.wait(), 60)
    alarms.clear("one")


async def test_a_cleared_queue_is_rung_no_more() -> None:
    rung: list[str] = []
    alarms = Alarms(rung.append)
    alarms.set("one", now() + 0.02)
    alarms.clear("one")
    await asyncio.sleep(0.02 + 2 * TOGETHER)  # by then it would have rung
    assert rung == []
