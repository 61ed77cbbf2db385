"""Waiting for an instance: woken by what is written here, else by looking."""

import asyncio
from dataclasses import replace

from durahub.dispatch.history_cache import HistoryCache, size_of
from durahub.dispatch.waits import Waits
from durahub.engine.commit import HistoryVersion
from durahub.model.history import EventRaised, Status
from durahub.model.instance import Instance
from durahub.store import StoredHistory
from tests.unit.engine.scenes import NOW, row

DONE = row(Status.Completed)


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
    assert await asyncio.wait_for(task, 5) == DONE
    assert looks == 2


async def test_what_another_server_writes_is_seen_by_looking() -> None:
    looks: list[Instance | None] = [None, DONE]

    async def look() -> Instance | None:
        return looks.pop(0)

    found = await asyncio.wait_for(
        Waits().until("a", look, lambda status: status.is_terminal, lambda: False), 5
    )
    assert found == DONE


def history(*texts: str) -> StoredHistory:
    events = tuple(EventRaised(timestamp=NOW, name="e", input=text) for text in texts)
    return StoredHistory(HistoryVersion("x", len(events), "t"), events)


def test_the_histories_used_least_recently_are_forgotten_first() -> None:
    one, two = history("x" * 1000), history("y" * 1000)
    cache = HistoryCache(limit=size_of(one.events) + size_of(two.events))
    cache.put("one", "p", one, size_of(one.events))
    cache.put("two", "p", two, size_of(two.events))
    assert cache.get("one") == one

    cache.put("three", "q", one, size_of(one.events))
    assert cache.get("two") is None
    assert cache.get("one") == one

    cache.drop_partition("p")
    assert cache.get("one") is None
    assert cache.get("three") == one


def test_a_history_that_grows_counts_once() -> None:
    one = history("x" * 1000)
    cache = HistoryCache(limit=2 * size_of(one.events))
    longer = replace(one, events=(*one.events, *one.events))
    cache.put("one", "p", one, size_of(one.events))
    cache.put("one", "p", longer, size_of(one.events))
    assert cache.get("one") == longer

    cache.put("one", "p", longer, size_of(one.events))
    assert cache.get("one") is None
