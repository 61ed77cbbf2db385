"""Work begun ahead of its turn."""

import asyncio
from collections.abc import AsyncIterator, Coroutine

from durahub.classic.ahead import in_order


class Works:
    """Pieces of work that end when they are told to."""

    def __init__(self, count: int) -> None:
        self.gates = [asyncio.Event() for _ in range(count)]
        self.begun: list[int] = []
        self.cancelled: list[int] = []

    async def all(self) -> AsyncIterator[Coroutine[None, None, int]]:
        for number in range(len(self.gates)):
            yield self.one(number)

    async def one(self, number: int) -> int:
        self.begun.append(number)
        try:
            await self.gates[number].wait()
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        return number


async def test_results_come_in_order_whatever_ends_first() -> None:
    works = Works(6)
    for number in (5, 3, 4, 1, 2, 0):
        works.gates[number].set()

    assert [one async for one in in_order(works.all(), 3)] == [0, 1, 2, 3, 4, 5]


async def test_no_more_is_begun_than_may_be_held() -> None:
    works = Works(6)
    results = in_order(works.all(), 3)
    works.gates[0].set()

    assert await anext(results) == 0
    assert works.begun == [0, 1, 2]
    await results.aclose()


async def test_what_is_under_way_is_cancelled_when_nobody_wants_it() -> None:
    works = Works(6)
    results = in_order(works.all(), 3)
    works.gates[0].set()
    await anext(results)

    await results.aclose()

    assert works.cancelled == [1, 2]
