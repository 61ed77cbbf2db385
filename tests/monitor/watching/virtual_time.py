"""A clock that stands still until it is told to go on, and what is to be called at its times."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count


class VirtualTime:
    """Seconds from 0. `later` is what a budget calls to be called back."""

    def __init__(self) -> None:
        self.now = 0.0
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def clock(self) -> float:
        return self.now

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._calls, (self.now + seconds, next(self._order), call))

    async def go_to(self, moment: float) -> None:
        """Let time pass, and everybody do what they do at its times."""
        await settle()
        while self._calls and self._calls[0][0] <= moment:
            self.now, _, call = heapq.heappop(self._calls)
            call()
            await settle()
        self.now = moment


async def settle() -> None:
    """Let every task go on that can: a grant and its taker are two steps of the loop apart."""
    for _ in range(3):
        await asyncio.sleep(0)
