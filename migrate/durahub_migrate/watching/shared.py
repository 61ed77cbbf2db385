"""One answer for all who ask the same at once: however many pages look on, a hub is asked once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Shared:
    """Questions that are under way. Nothing is kept: whoever asks behind an answer asks anew."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, asyncio.Task[Any]] = {}

    async def ask(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer of *ask*, or of an earlier one with that *key* which is still under way."""
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(ask(), name=f"asked by pages: {key}")
            task.add_done_callback(lambda done: self._end(key, done))
        answer: T = await asyncio.shield(task)  # others may wait for it when this one has left
        return answer

    def forget(self) -> None:
        """Have whoever asks from now on be told what is so from now on: something was changed."""
        self._asked.clear()

    async def close(self) -> None:
        """End what is under way; calling it twice is fine."""
        tasks = tuple(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._asked.get(key) is task:
            del self._asked[key]
        if not task.cancelled():
            task.exception()  # whoever asked may have left, and nobody else takes it
