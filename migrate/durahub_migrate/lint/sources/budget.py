"""How many requests a run may send, and how fast."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

from durahub.errors import BudgetSpent


class Budget:
    """Counts requests, and lets each wait for its turn. *most* are allowed in all, *per_second* in a second.

    ``None`` is no limit. Requests are spread evenly: after a pause there is no burst.
    """

    def __init__(
        self,
        most: int | None = None,
        per_second: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._most = most
        self._pause = 1.0 / per_second if per_second else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self.sent = 0

    @property
    def left(self) -> float:
        """How many requests may still be sent; infinity without a limit."""
        return math.inf if self._most is None else self._most - self.sent

    async def take(self) -> None:
        """Return when a request may be sent. Raises `BudgetSpent`."""
        if self._most is not None and self.sent >= self._most:
            raise BudgetSpent(self._most)
        self.sent += 1
        if self._pause:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._pause
            if turn > now:
                await self._sleep(turn - now)
