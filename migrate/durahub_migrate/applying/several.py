"""Work on many items, several at a time, that can be stopped between two."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from durahub_migrate.applying.journal import StopRequested

T = TypeVar("T")

LOOK_AGAIN = 1.0  # seconds after which a change of how many are worked on at a time is seen


async def several(
    items: AsyncIterator[T],
    work: Callable[[T], Awaitable[None]],
    parallel: Callable[[], int],
    stop: asyncio.Event,
) -> None:
    """Have *work* done with all *items*, in their order, *parallel* at a time until *stop* is set.

    `StopRequested` ends one item. The first other error sets *stop*, and is raised when those under way have
    come to the end of what they have in hand.
    """
    under_way: set[asyncio.Task[None]] = set()
    fault: BaseException | None = None
    is_over = False
    try:
        while True:
            while not is_over and not stop.is_set() and len(under_way) < parallel():
                async for item in items:
                    under_way.add(asyncio.create_task(_until_stopped(work(item))))
                    break
                else:
                    is_over = True
            if not under_way and (is_over or stop.is_set()):
                break
            if not under_way:  # none may be, now
                await asyncio.sleep(LOOK_AGAIN)
                continue
            done, under_way = await asyncio.wait(
                under_way, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                if (error := one.exception()) is not None:
                    fault = fault or error
                    stop.set()
    finally:
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    if fault is not None:
        raise fault


async def _until_stopped(work: Awaitable[None]) -> None:
    try:
        await work
    except StopRequested:
        return
