"""A hard budget of storage requests: so many a second and never more, whoever asks.

In any window of a second at most as many requests are sent as the budget allows: a pause leaves room for no
more than that at once. What somebody waits for in front of a screen goes before what is read in the
background; both come out of the same budget.
"""

import asyncio
import contextlib
import contextvars
import math
import time
from collections import deque
from collections.abc import Callable, Iterator

from durahub_migrate.monitor.hub import BudgetStanding

PER_SECOND = 20.0
"""Requests a second that watching a hub may cost where nothing else is said.

A page of an instance takes about 15. An account stands a thousand times that.
"""
_BACKGROUND = 0.5  # of the budget
_MINUTE = 60.0

_interactive: contextvars.ContextVar[bool] = contextvars.ContextVar("interactive", default=False)


@contextlib.contextmanager
def interactive() -> Iterator[None]:
    """Have the requests of the body go before those of the background: somebody waits for them."""
    before = _interactive.set(True)
    try:
        yield
    finally:
        _interactive.reset(before)


_background: contextvars.ContextVar[bool] = contextvars.ContextVar("background", default=False)


@contextlib.contextmanager
def background() -> Iterator[None]:
    """Have nothing of the body count as somebody's looking on: its requests go behind all others."""
    before = _background.set(True)
    try:
        yield
    finally:
        _background.reset(before)


def in_background() -> bool:
    """Tell whether nobody waits at a screen for what is done now."""
    return _background.get()


class Allowance:
    """When a request may be sent: *per_second* in any second at most. Below 1 one in so many seconds.

    A log of the last requests, as many as may lie in one window, and no clock: times are seconds of one that
    never goes back.
    """

    def __init__(self, per_second: float) -> None:
        self._most = max(1, math.floor(per_second))
        self._window = self._most / per_second
        self._sent: deque[float] = deque(maxlen=self._most)

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may be sent: 0 if that is now."""
        if len(self._sent) < self._most:
            return 0.0
        return max(0.0, self._sent[0] + self._window - now)

    def spend(self, now: float) -> None:
        """Note that a request is sent; `wait` has said that it may be."""
        self._sent.append(now)


class Ledger:
    """How many requests were sent in the last minute, and in all."""

    def __init__(self) -> None:
        self.total = 0
        self._seconds: deque[tuple[int, int]] = deque()  # a second, and how many were sent in it

    def note(self, now: float) -> None:
        """Count a request."""
        second = math.floor(now)
        self.total += 1
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + 1)
        else:
            self._seconds.append((second, 1))
        self._forget(now)

    def last_minute(self, now: float) -> int:
        """Return how many were sent in the minute up to *now*."""
        self._forget(now)
        return sum(count for _, count in self._seconds)

    def _forget(self, now: float) -> None:
        while self._seconds and self._seconds[0][0] <= now - _MINUTE:
            self._seconds.popleft()


class RequestBudget:
    """Lets every request of a hub wait for its turn, and counts it. *per_second* ``None`` is no limit.

    It belongs to one event loop. *later* calls a function after so many seconds.
    """

    def __init__(
        self,
        per_second: float | None = PER_SECOND,
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self.per_second = per_second
        self._allowance = Allowance(per_second) if per_second is not None else None
        self._background = Allowance(per_second * _BACKGROUND) if per_second is not None else None
        self._ledger = Ledger()
        self._clock = clock
        self._later = later or _call_later
        self._first: deque[asyncio.Future[None]] = deque()
        self._rest: deque[asyncio.Future[None]] = deque()
        self._comes_again = math.inf  # when, by the clock

    @property
    def total(self) -> int:
        """How many requests were sent since it was made."""
        return self._ledger.total

    def standing(self) -> BudgetStanding:
        """Return what is allowed, spent, and waiting."""
        return BudgetStanding(
            allowed=self.per_second,
            spent=self._ledger.last_minute(self._clock()),
            total=self._ledger.total,
            waiting=sum(not turn.done() for turn in (*self._first, *self._rest)),
        )

    async def take(self) -> None:
        """Return when a request may be sent; it counts as sent."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._first if _interactive.get() else self._rest).append(turn)
        self._grant()
        await turn

    def _grant(self) -> None:
        """Let go who may; come again when the next one may."""
        while (queue := self._waiting()) is not None:
            now = self._clock()
            allowances = self._allowances(queue)
            wait = max((one.wait(now) for one in allowances), default=0.0)
            if wait > 0.0:
                if now + wait < self._comes_again:
                    self._comes_again = now + wait
                    self._later(wait, self._again)
                return
            for one in allowances:
                one.spend(now)
            self._ledger.note(now)
            queue.popleft().set_result(None)

    def _allowances(self, queue: deque[asyncio.Future[None]]) -> tuple[Allowance, ...]:
        """Return what a request of that queue has to keep to."""
        if self._allowance is None or self._background is None:
            return ()
        return (self._allowance,) if queue is self._first else (self._allowance, self._background)

    def _again(self) -> None:
        self._comes_again = math.inf  # one that was to come later finds nothing to do, or its turn
        self._grant()

    def _waiting(self) -> deque[asyncio.Future[None]] | None:
        """Return the queue whose first is next; who was cancelled is passed over."""
        for queue in (self._first, self._rest):
            while queue and queue[0].done():
                queue.popleft()
            if queue:
                return queue
        return None


def _call_later(seconds: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, call)
