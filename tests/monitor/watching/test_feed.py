"""What changed, told to whoever listens."""

import asyncio

from durahub_migrate.watching.feed import ANYTHING, Feed
from tests.monitor.watching.virtual_time import settle


async def test_every_listener_is_told() -> None:
    feed = Feed()
    first, second = feed.listen(), feed.listen()
    waiting = [asyncio.ensure_future(anext(one)) for one in (first, second)]
    await settle()

    feed.tell(frozenset({"a", "b"}))

    assert await asyncio.gather(*waiting) == [{"a", "b"}, {"a", "b"}]


async def test_a_slow_listener_is_told_together_what_came_meanwhile() -> None:
    feed = Feed()
    listener = await listening(feed)

    feed.tell(frozenset({"b"}))
    feed.tell(frozenset({"c"}))

    assert await anext(listener) == {"b", "c"}


async def test_a_listener_that_is_far_behind_is_told_that_anything_may_have_changed() -> None:
    feed = Feed(most=10)
    listener = await listening(feed)

    for number in range(100):
        feed.tell(frozenset({f"order-{number}"}))

    assert await anext(listener) == ANYTHING
    feed.tell(frozenset({"a"}))
    assert await anext(listener) == {"a"}


async def test_who_leaves_is_no_listener_any_more() -> None:
    feed = Feed()
    listener = await listening(feed)
    assert feed.has_listeners

    await listener.aclose()  # type: ignore[attr-defined]

    assert not feed.has_listeners


async def listening(feed: Feed):  # type: ignore[no-untyped-def]  # an iterator that has begun
    listener = feed.listen()
    waiting = asyncio.ensure_future(anext(listener))
    await settle()
    feed.tell(frozenset({"a"}))
    assert await waiting == {"a"}
    return listener
