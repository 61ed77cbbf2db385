"""Work begun ahead of its turn: several pieces at once, their results in order, a bounded number held."""

import asyncio
import collections
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def in_order(
    works: AsyncIterator[Coroutine[Any, Any, T]], most: int
) -> AsyncGenerator[T, None]:
    """Yield the results of *works* in order; at most *most* are begun and not yet taken.

    Close it to end early: what is still under way is then cancelled and awaited.
    """
    begun: collections.deque[asyncio.Task[T]] = collections.deque()
    try:
        async for work in works:
            begun.append(asyncio.create_task(work))
            if len(begun) == most:
                yield await begun.popleft()
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def found_in_order(
    works: AsyncIterator[Coroutine[Any, Any, T | None]], most: int
) -> AsyncGenerator[T, None]:
    """Yield as `in_order` does what was found; a work that returns ``None`` has found nothing."""
    results = in_order(works, most)
    try:
        async for one in results:
            if one is not None:
                yield one
    finally:
        await results.aclose()
