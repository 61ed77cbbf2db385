"""Work that is not left half done: its caller may be cancelled, the work goes on to its end.

A commit that stopped between its puts and its checkpoint would leave messages hidden that nobody knows
of. So each runs in a task of its own; before a queue is let go its tasks are waited for.

As it outlives its caller, the bounds on calls do not bound it: what an account has not done yet is counted,
and where that is too much new work is refused, see `durahub.edge.overload`.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Unwritten:
    """What storage has not done yet: how much work, and about how many bytes of clients' in it."""

    count: int = 0
    bytes: int = 0


class Unbroken:
    """Tasks that outlive their callers, by the queue whose messages they concern."""

    def __init__(self, unwritten: Unwritten | None = None) -> None:
        self._tasks: defaultdict[str, set[asyncio.Task[Any]]] = defaultdict(set)
        self._unwritten = unwritten or Unwritten()

    async def run(self, queue: str, work: Coroutine[Any, Any, T], size: int = 0) -> T:
        """Run *work*, of *size* bytes, and return its result; when cancelled, leave it running."""
        task = asyncio.create_task(work)
        tasks = self._tasks[queue]
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        self._unwritten.count += 1
        self._unwritten.bytes += size
        task.add_done_callback(partial(self._done, size))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_report)
            raise

    def _done(self, size: int, _: "asyncio.Task[Any]") -> None:
        self._unwritten.count -= 1
        self._unwritten.bytes -= size

    async def finish(self, queue: str, limit: float) -> None:
        """Wait until the tasks of *queue* have ended; what takes longer than *limit* is cancelled."""
        tasks = set(self._tasks.pop(queue, ()))
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=limit)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def finish_all(self, limit: float) -> None:
        """Wait until all tasks have ended."""
        for queue in list(self._tasks):
            await self.finish(queue, limit)


def _report(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log.warning("unattended-work-failed", exc_info=task.exception())
