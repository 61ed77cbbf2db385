"""Long lists are printed while they are read, not collected."""

import secrets
from typing import Any

from durahub.cli.instance import BATCH, in_batches
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import InstanceQuery, Page


class Clients:
    """A hub of so many instances, in pages that are short now and then; the last one is empty."""

    def __init__(self, instances: int) -> None:
        self.left = instances
        self.pages = 0

    async def query(self, query: InstanceQuery) -> Page:
        self.pages += 1
        count = min(self.left, 0 if self.pages % 3 == 0 else query.page_size)
        last, self.left = self.left == 0, self.left - count
        return Page((_instance(),) * count, None if last else "more")


def _instance() -> Instance:
    return Instance(
        instance_id=secrets.token_hex(4),
        execution_id="",
        name="Order",
        version=None,
        status=Status.Completed,
        created=Ticks(0),
        last_updated=Ticks(0),
    )


async def listed(clients: Any, limit: int) -> list[tuple[int, int, bool]]:
    """Return after which page how many instances came, and whether there are more than the limit."""
    query = InstanceQuery(page_size=min(limit, BATCH))
    return [
        (clients.pages, len(batch), more) async for batch, more in in_batches(clients, query, limit)
    ]


async def test_what_is_read_is_printed_before_more_is_read() -> None:
    clients = Clients(2_500)
    assert await listed(clients, 100_000) == [
        (1, 1_000, True),
        (2, 1_000, True),
        (5, 500, False),
    ]


async def test_no_more_is_read_than_the_limit_says() -> None:
    assert await listed(Clients(2_500), 100) == [(1, 100, True)]
    assert await listed(Clients(2_500), 1_500) == [(1, 1_000, True), (2, 500, True)]


async def test_of_nothing_there_is_one_empty_batch() -> None:
    assert await listed(Clients(0), 100) == [(1, 0, False)]
