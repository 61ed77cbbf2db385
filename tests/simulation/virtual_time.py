"""An event loop whose clock jumps from one timer to the next: hours of waiting pass in no time.

Nothing outside is waited for: there are no files, sockets or threads. So one run is like the next.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

STEP = 1e-6  # seconds that each turn of the loop takes: a clock that stood still would be none


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order of their times; ``time()`` is seconds since the loop was made."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self  # who is asked to wait until the next timer

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Let *timeout* seconds pass."""
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        self._now += timeout + STEP
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none: nobody waits for a file."""

    def _write_to_self(self) -> None:
        """There is no other thread that could have woken this loop."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* in a loop of its own and return its result; what it leaves running is cancelled.

    Raises what a task or callback raised that nobody waited for.
    """
    loop = VirtualLoop()
    errors: list[BaseException] = []
    loop.set_exception_handler(lambda _, context: errors.append(_error_in(context)))
    try:
        result = loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    if errors:
        raise errors[0]
    return result


def _error_in(context: dict[str, Any]) -> BaseException:
    error = context.get("exception")
    return error if isinstance(error, BaseException) else RuntimeError(str(context["message"]))
