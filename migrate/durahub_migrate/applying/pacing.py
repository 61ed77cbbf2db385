"""The throttle at work: calls wait in the order in which they come."""

import asyncio
from collections.abc import Awaitable, Callable

from durahub_migrate.applying import throttle
from durahub_migrate.applying.journal import StopRequested
from durahub_migrate.applying.throttle import Limits, Throttle

LOOK_AGAIN = 0.5  # seconds after which a change of the limits is seen


class ThrottledPace:
    """A `durahub_migrate.moving.pace.Pace`. *clock* is in monotonic seconds."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        *,
        stopping: Callable[[], bool] = bool,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._stopping = stopping
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self.refusals = 0
        self.state: Throttle = throttle.start(limits, clock())

    def allow(self, limits: Limits) -> None:
        """Take other limits from now on."""
        self.state = throttle.allow(self.state, limits)

    async def take(self, actions: int = 1, size: int = 0) -> None:
        """Wait until so many actions and bytes may be sent.

        Raises `StopRequested` where the job is to stop while it pauses.
        """
        async with self._turn:
            while (seconds := throttle.wait(self.state, self._clock())) > 0:
                if self._stopping() and self.state.limits.pause:
                    raise StopRequested
                await self._sleep(min(seconds, LOOK_AGAIN))
            self.state = throttle.take(self.state, self._clock(), actions, size)

    def answered(self, seconds: float) -> None:
        """Note that the target has answered after so long."""
        self.state = throttle.answered(self.state, self._clock(), seconds)

    def refused(self, retry_after: float | None = None) -> None:
        """Note that the target had no room."""
        self.refusals += 1
        self.state = throttle.refused(self.state, self._clock(), retry_after)
