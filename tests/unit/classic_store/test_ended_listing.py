"""Pages of ended instances cost about one look through the table, and show what a look would show."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.ended_listing import EndedListing
from durahub.model.history import TERMINAL
from durahub.model.ticks import Ticks
from durahub.store import Ended, EndedQuery

QUERY = EndedQuery(statuses=TERMINAL, count=3)


class Table:
    """Ended instances, which are found in no order; counts how often all are looked through."""

    def __init__(self, *ends: Ended) -> None:
        self.ends = set(ends)
        self.looks = 0

    async def look_through(self, query: EndedQuery) -> AsyncIterator[Iterable[Ended]]:
        self.looks += 1
        meant = [one for one in self.ends if query.after is None or one > query.after]
        for place in range(0, len(meant), 4):
            yield meant[place : place + 4]


def ended(number: int) -> Ended:
    return Ended(Ticks(1_000 + number // 3), f"order-{number:03}")


async def listed(listing: EndedListing, query: EndedQuery = QUERY) -> list[Ended]:
    """Return all, page by page, as a client asks for them: one more than a page shows."""
    found: list[Ended] = []
    while True:
        page = await listing.page(replace(query, after=found[-1] if found else None))
        found += page[: query.count - 1]
        if len(page) < query.count:
            return found


@given(numbers=st.sets(st.integers(0, 200)), count=st.integers(2, 9))
async def test_all_pages_together_are_all_in_order_and_cost_one_look(
    numbers: set[int], count: int
) -> None:
    table = Table(*map(ended, numbers))
    listing = EndedListing(table.look_through)
    assert await listed(listing, replace(QUERY, count=count)) == sorted(table.ends)
    assert table.looks == 1
    assert listing.kept == 0


async def test_what_a_look_cannot_keep_costs_another() -> None:
    table = Table(*map(ended, range(100)))
    listing = EndedListing(table.look_through, largest=5_000)
    assert await listed(listing) == sorted(table.ends)
    assert table.looks <= 5
    await listing.page(QUERY)
    assert 20 < listing.kept < 5_000 / 100


async def test_a_purged_instance_is_shown_no_more_and_its_place_is_still_one() -> None:
    table = Table(*map(ended, range(10)))
    listing = EndedListing(table.look_through)
    first = await listing.page(QUERY)
    for one in (first[-1], ended(4)):
        table.ends.discard(one)
        listing.gone(one.instance_id)
    following = await listing.page(replace(QUERY, after=first[-1]))
    assert following == (ended(3), ended(5), ended(6))
    assert table.looks == 1


async def test_the_first_page_and_an_end_asked_for_again_show_what_is_there_now() -> None:
    table = Table(*map(ended, range(5)))
    listing = EndedListing(table.look_through)
    await listing.page(QUERY)
    table.ends.add(Ended(Ticks(0), "early"))
    assert (await listing.page(QUERY))[0].instance_id == "early"
    last = replace(QUERY, after=ended(2))
    assert await listing.page(last) == (ended(3), ended(4))
    table.ends.add(ended(5))
    assert await listing.page(last) == (ended(3), ended(4), ended(5))


@pytest.mark.parametrize(
    "other",
    [{"completed_from": Ticks(1_001)}, {"statuses": frozenset[object]()}, {"after": ended(0)}],
)
async def test_a_look_answers_only_for_its_own_query_and_what_lies_behind_its_start(
    other: dict[str, object],
) -> None:
    table = Table(*map(ended, range(20)))
    listing = EndedListing(table.look_through)
    await listing.page(replace(QUERY, after=ended(5)))
    await listing.page(replace(QUERY, **({"after": ended(7)} | other)))  # type: ignore[arg-type]
    assert table.looks == 2


async def test_looks_of_few_queries_are_kept() -> None:
    table = Table(*map(ended, range(20)))
    listing = EndedListing(table.look_through)
    for number in range(10):
        await listing.page(replace(QUERY, completed_from=Ticks(number)))
    assert listing.kept == 2 * 20
