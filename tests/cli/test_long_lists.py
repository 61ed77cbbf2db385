"""Long lists are printed while they are read, not collected."""

from collections.abc import AsyncIterator, Sequence

from durahub_migrate.cli.instance_list import BATCH, Listing, streamed
from durahub_migrate.cli.listing import Listed
from durahub_migrate.monitor.row import Row


class Told(Listing):
    """Notes after how many instances read how many were printed."""

    def __init__(self, limit: int) -> None:
        super().__init__("text", None, None, limit, counts=False)
        self.read = 0
        self.printed: list[tuple[int, int]] = []

    def print(self, batch: Sequence[Listed]) -> None:
        self.printed.append((self.read, len(batch)))


async def some(count: int, told: Told) -> AsyncIterator[Listed]:
    for number in range(count):
        told.read += 1
        yield Listed(row=Row(hub="shop@test", instance_id=f"order-{number}"))


async def listed(count: int, limit: int) -> list[tuple[int, int]]:
    told = Told(limit)
    await streamed(some(count, told), told)
    return told.printed


async def test_what_is_read_is_printed_before_more_is_read() -> None:
    assert await listed(2_500, 100_000) == [(BATCH, BATCH), (2 * BATCH, BATCH), (2_500, 500)]


async def test_no_more_is_read_than_tells_that_there_is_more_than_the_limit() -> None:
    assert await listed(2_500, 100) == [(101, 100)]
    assert await listed(2_500, 1_500) == [(1_000, 1_000), (1_501, 500)]


async def test_of_nothing_there_is_one_empty_batch() -> None:
    assert await listed(0, 100) == [(0, 0)]
