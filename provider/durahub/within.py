"""Awaiting with a time limit, by tasks that are ended by cancelling them."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """Return what *work* returns. Raises ``asyncio.TimeoutError``, having cancelled it.

    Before Python 3.12 ``asyncio.wait_for`` forgets that it was cancelled if *work* has just ended: a loop
    around it goes on for ever then, and whoever waits for its end waits, too.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise asyncio.TimeoutError
    except BaseException:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return task.result()
