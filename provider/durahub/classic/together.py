"""Several storage requests at once, with a bound, so that none is left running behind an error."""

import asyncio
import inspect
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class Together:
    """Runs requests side by side, at most *parallel* of all callers' at a time."""

    def __init__(self, parallel: int) -> None:
        self._places = asyncio.Semaphore(parallel)

    async def all(self, works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
        """Run all of *works* to their ends and return the results in order.

        If some fail, the first one's error is raised, but only when the others have ended too.
        """
        todo = list(works)
        if len(todo) == 1:
            return [await todo[0]]
        try:
            results = await asyncio.gather(*map(self._one, todo), return_exceptions=True)
        finally:
            for work in todo:  # those that were cancelled before they began
                if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
                    work.close()
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results  # type: ignore[return-value]

    async def _one(self, work: Coroutine[Any, Any, T]) -> T:
        async with self._places:
            return await work
