"""Waits for what a worker's answer brings about: an endpoint may take it before a client can see it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

_PAUSES = (0.02, 0.5)
"""Seconds between two looks, in the beginning and at most."""


async def seen(read: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], *, within: float) -> T:
    """Return what *read* returns as soon as it *is_so*, or after so many seconds, whatever it is then."""
    found = await read()
    pause, most = _PAUSES
    with anyio.move_on_after(within):
        while not is_so(found):
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, most)
            found = await read()
    return found
