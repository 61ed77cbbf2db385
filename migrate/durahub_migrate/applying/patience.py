"""How a run waits: for a target that does not answer, and between tries; a stop ends every wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception, wait_exponential

from durahub.errors import JournalUnusable, Unavailable
from durahub.within import within
from durahub_migrate.applying.journal import StopRequested

T = TypeVar("T")

LONGEST_PAUSE = 30.0  # seconds between two tries


class TargetAway(Exception):
    """The target has not answered for as long as somebody was willing to wait."""

    def __init__(self, error: Unavailable) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Waits for a target up to so many *seconds*, unless *stop* is set: no further step may begin then.

    *clock* is in monotonic seconds; *told* is given the error before each wait, and how long that is.
    """

    seconds: float
    stop: asyncio.Event
    clock: Callable[[], float]
    told: Callable[[Unavailable, float], object]

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or raise `StopRequested`."""
        try:
            await within(seconds, self.stop.wait())
        except asyncio.TimeoutError:
            return
        raise StopRequested

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what *work* returns, tried again while the target does not answer. Raises `TargetAway`."""
        try:
            return await work()
        except Unavailable as error:
            if not _is_targets(error):
                raise
            first: Unavailable | None = error
        until = self.clock() + self.seconds

        def is_over(_: RetryCallState) -> bool:
            return self.clock() >= until

        def waits(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            if isinstance(error, Unavailable):
                self.told(error, state.upcoming_sleep)

        async def attempt() -> T:
            nonlocal first
            if first is not None:
                failed, first = first, None
                raise failed
            return await work()

        trying = AsyncRetrying(
            retry=retry_if_exception(_is_targets),
            stop=is_over,
            wait=wait_exponential(multiplier=0.5, max=LONGEST_PAUSE),
            sleep=self.sleep,
            before_sleep=waits,
        )
        try:
            return await trying(attempt)
        except RetryError as error:
            cause = error.last_attempt.exception()
            assert isinstance(cause, Unavailable)  # noqa: S101 (for the types)
            raise TargetAway(cause) from None


def _is_targets(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, JournalUnusable)
