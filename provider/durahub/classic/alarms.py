"""Moments at which a queue is to be looked into: a message that was hidden becomes visible then.

A message that is due much later stays in its queue alone. What is kept of it here is a time, and of many
that are due together one time, so that sleeping instances cost next to nothing and yet wake in time.
"""

import asyncio
import bisect
import math
from collections.abc import Callable

MOST = 10_000  # times a queue; beyond it the latest are forgotten, and found by the ordinary polls
TOGETHER = 0.25  # seconds: what becomes visible within them is looked for at once


class Alarms:
    """Tells *ring* of a queue when one of its times has come. Times are on the loop's clock."""

    def __init__(self, ring: Callable[[str], None], most: int = MOST) -> None:
        self._ring = ring
        self._most = most
        self._times: dict[str, list[float]] = {}  # ascending
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return sum(map(len, self._times.values()))

    def set(self, queue: str, at: float) -> None:
        """Ring for *queue* at the time *at*, or up to a quarter of a second later."""
        at = math.ceil(at / TOGETHER) * TOGETHER
        times = self._times.setdefault(queue, [])
        place = bisect.bisect_left(times, at)
        if place < len(times) and times[place] == at:
            return
        times.insert(place, at)
        if len(times) > self._most:
            times.pop()
        if place == 0:
            self._arm(queue)

    def clear(self, queue: str) -> None:
        """Ring no more for *queue*."""
        self._times.pop(queue, None)
        self._stop(queue)

    def _stop(self, queue: str) -> None:
        timer = self._timers.pop(queue, None)
        if timer is not None:
            timer.cancel()

    def _arm(self, queue: str) -> None:
        self._stop(queue)
        times = self._times[queue]
        if times:
            loop = asyncio.get_running_loop()
            self._timers[queue] = loop.call_at(times[0], self._come, queue)

    def _come(self, queue: str) -> None:
        times = self._times[queue]
        del times[: bisect.bisect_right(times, asyncio.get_running_loop().time() + TOGETHER / 2)]
        self._arm(queue)
        self._ring(queue)
