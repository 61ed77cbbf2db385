"""Waiting for an instance: woken by what is written here, else by looking."""

import asyncio
from dataclasses import replace

from durahub.dispatch.history_cache import HistoryCache
from durahub.dispatch.known_history import KnownHistory, known
from durahub.dispatch.waits import Waits
from durahub.engine.commit import HistoryVersion
from durahub.model.failure import Failure
from durahub.model.history import EventRaised, Status, TaskFailed
from durahub.model.instance import Instance
from durahub.model.sizes import EVENT_SIZE, size_of
from durahub.store import StoredHistory
from tests.unit.engine.scenes import NOW, row

DONE = row(Status.Completed)
BARE = replace(DONE, input=None, output=None)


async def test_a_waiter_is_woken_by_the_status_it_waits_for_and_by_no_other() -> None:
    waits, looks = Waits(), 0
    found: Instance | None = row(Status.Running)

    async def look() -> Instance | None:
        nonlocal looks
        looks += 1
        return found

    task = asyncio.create_task(
        waits.until("a", look, lambda status: status.is_terminal, lambda: True)
    )
    await asyncio.sleep(0)
    waits.notify("a", Status.Running)
    waits.notify("other", Status.Completed)
    await asyncio.sleep(0.01)
    assert looks == 1

    found = DONE
    waits.notify("a", Status.Completed)
    assert await asyncio.wait_for(task, 60) == DONE
    assert looks == 2


async def test_who_is_told_does_not_look_again_and_who_knows_what_is_to_come_not_at_all() -> None:
    waits, looks = Waits(), 0

    async def look() -> Instance | None:
        nonlocal looks
        looks += 1
        return row(Status.Running)

    def wait(*, payloads: bool, expected: bool) -> "asyncio.Task[Instance]":
        ended = waits.until(
            "a",
            look,
            lambda status: status.is_terminal,
            lambda: True,
            payloads=payloads,
            expected=expected,
        )
        return asyncio.create_task(ended)

    full, short = wait(payloads=True, expected=False), wait(payloads=False, expected=True)
    await asyncio.sleep(0)
    waits.notify("a", Status.Running, lambda payloads: None)
    waits.notify("a", Status.Completed, lambda payloads: DONE if payloads else BARE)
    assert await asyncio.wait_for(full, 60) == DONE
    assert await asyncio.wait_for(short, 60) == BARE
    assert looks == 1


async def test_who_is_told_of_an_end_that_has_to_be_read_looks() -> None:
    waits = Waits()

    async def look() -> Instance | None:
        return DONE

    task = asyncio.create_task(
        waits.until("a", look, lambda status: status.is_terminal, lambda: True, expected=True)
    )
    await asyncio.sleep(0)
    waits.notify("a", Status.Completed, lambda _: None)
    assert await asyncio.wait_for(task, 60) == DONE


async def test_who_only_expects_to_be_told_looks_after_a_while_for_others_may_end_an_instance() -> (
    None
):
    async def look() -> Instance | None:
        return DONE

    found = await asyncio.wait_for(
        Waits(expected_look=0.01).until(
            "a", look, lambda status: status.is_terminal, lambda: True, expected=True
        ),
        60,
    )
    assert found == DONE


async def test_who_waits_for_what_others_run_now_looks_at_once() -> None:
    waits, looks = Waits(), [row(Status.Running), DONE]

    async def look() -> Instance | None:
        return looks.pop(0)

    tasks = [
        asyncio.create_task(
            waits.until(one, look, lambda status: status.is_terminal, lambda: False, expected=True)
        )
        for one in ("ours", "theirs")
    ]
    await asyncio.sleep(0)
    waits.doubt(lambda instance_id: instance_id == "ours")
    assert await asyncio.wait_for(tasks[1], 60) == DONE
    assert not tasks[0].done()
    tasks[0].cancel()


async def test_what_another_server_writes_is_seen_by_looking() -> None:
    looks: list[Instance | None] = [None, DONE]

    async def look() -> Instance | None:
        return looks.pop(0)

    found = await asyncio.wait_for(
        Waits().until("a", look, lambda status: status.is_terminal, lambda: False), 5
    )
    assert found == DONE


def raised(*texts: str) -> list[EventRaised]:
    return [EventRaised(timestamp=NOW, name="e", input=text) for text in texts]


def history(*texts: str) -> KnownHistory:
    events = raised(*texts)
    return known(StoredHistory(HistoryVersion("x", len(events), "t"), events))


def test_the_histories_used_least_recently_are_forgotten_first() -> None:
    one, two = history("x" * 1000), history("y" * 1000)
    cache = HistoryCache(limit=one.size + two.size)
    cache.put("one", "p", one)
    cache.put("two", "p", two)
    assert cache.get("one") == one

    cache.put("three", "q", one)
    assert cache.get("two") is None
    assert cache.get("one") == one

    cache.drop_partition("p")
    assert cache.get("one") is None
    assert cache.get("three") == one


def test_a_history_that_grows_counts_once() -> None:
    one = history("x" * 1000)
    cache = HistoryCache(limit=2 * one.size)
    longer = history("x" * 1000, "x" * 1000)
    cache.put("one", "p", one)
    cache.put("one", "p", longer)
    assert cache.get("one") == longer
    assert cache.size == longer.size

    cache.put("one", "p", history("x" * 1000, "x" * 1000, ""))
    assert cache.get("one") is None


def test_a_history_that_was_not_kept_is_counted_in_full_when_it_grows() -> None:
    long = history("x" * 1000, "y" * 1000)
    cache = HistoryCache(limit=long.size - 1)
    cache.put("one", "p", long)
    assert cache.get("one") is None

    cache.put("one", "p", long)
    assert cache.get("one") is None
    assert len(cache) == 0


def test_texts_are_counted_in_bytes_and_failures_with_their_causes() -> None:
    empty = size_of(raised(""))
    assert size_of(raised("ab")) == empty + 2
    assert size_of(raised("日本")) == empty + 6

    cause = Failure(error_type="E", message="12345", stack_trace="1234567890")
    failure = Failure(error_type="E", message="12345", inner=cause)
    failed = TaskFailed(timestamp=NOW, task_scheduled_id=1, details="1", failure=failure)
    assert size_of([failed]) == EVENT_SIZE + 21


def test_what_is_dropped_makes_room_and_dropping_the_unknown_does_nothing() -> None:
    one = history("x" * 1000)
    cache = HistoryCache(limit=one.size)
    cache.put("one", "p", one)
    cache.drop("one")
    cache.drop("one")
    cache.put("two", "p", one)

    assert cache.get("one") is None
    assert cache.get("two") == one


async def test_a_client_that_goes_away_in_the_moment_it_is_woken_stops_waiting() -> None:
    waits, looks = Waits(), 0
    looked = asyncio.Event()

    async def look() -> Instance | None:
        nonlocal looks
        looks += 1
        looked.set()
        return None

    task = asyncio.create_task(
        waits.until("a", look, lambda status: status.is_terminal, lambda: True)
    )
    await looked.wait()
    await asyncio.sleep(0)
    waits.notify("a", Status.Completed)
    task.cancel()
    await asyncio.wait({task}, timeout=60)

    assert task.cancelled()
    assert looks == 1


async def test_who_no_longer_waits_is_forgotten() -> None:
    waits = Waits()

    async def look() -> Instance | None:
        return DONE

    await waits.until("a", look, lambda status: status.is_terminal, lambda: True)
    waits.notify("a", Status.Completed)

    assert not waits._waiting
