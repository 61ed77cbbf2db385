"""What the index finds and in which order, judged by the pure functions of the language."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadRequest
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Condition, Node, Query
from durahub_migrate.monitor.querying import matches, parse
from durahub_migrate.monitor.querying.fields import FIELDS
from durahub_migrate.monitor.querying.folding import clean
from durahub_migrate.monitor.querying.ordering import in_order
from durahub_migrate.monitor.row import STATUSES, Kind, Row, Sort
from durahub_migrate.watching.index import LocalIndex, LocalIndexes
from tests.monitor.querying.generated import HOUR, HUBS, NOW, conditions, nodes, rows, words

SORTED_BY = [name for name in FIELDS if name != "is"] + ["tag.a"]
sorts = st.builds(Sort, st.sampled_from(SORTED_BY) | words.map("tag.{}x".format), st.booleans())
filled = st.lists(rows, max_size=12, unique_by=lambda row: (row.hub, clean(row.instance_id)))


def put(indexes: LocalIndexes, given_rows: Iterable[Row]) -> list[Row]:
    """Put rows into their hubs, and return them as the index has them."""
    for hub in HUBS:
        indexes.of(hub).put([row for row in given_rows if row.hub == hub])
    return [
        row
        for hub in HUBS
        for row in everything(indexes.of(hub), Query("", AllOf(), NOW), Sort("id"), 1_000)
    ]


def drawn(*, seed: int, count: int) -> list[Row]:
    """Return rows by chance, always the same."""
    dice = random.Random(seed)
    word = partial(dice.choice, [None, "a", "A", "b", "ß", "Ä", "%", "x y"])
    moment = partial(dice.choice, [None, NOW, *(Ticks(NOW - at * HOUR) for at in range(6))])
    return [
        Row(
            hub=dice.choice(HUBS),
            instance_id=f"{dice.choice('aAbÄ')}{at}",
            kind=dice.choice(list(Kind)),
            execution_id=word(),
            name=word(),
            version=word(),
            status=dice.choice(STATUSES),
            created=moment(),
            updated=moment(),
            completed=moment(),
            scheduled_start=moment(),
            custom_status=word(),
            output=word(),
            input=word(),
            tags={"a": "b"} if dice.random() < 0.3 else {"A": str(at % 3)} if at % 2 else {},
            parent_id=word(),
            generation=dice.choice([None, 0, 1, 2]),
            partition=dice.choice([None, 0, 1, 2]),
            bytes=dice.choice([None, 0, 100]),
        )
        for at in range(count)
    ]


def everything(index: LocalIndex, query: Query, sort: Sort, count: int) -> list[Row]:
    """Turn all pages."""
    found: list[Row] = []
    after = None
    while True:
        page = index.page(query, sort, count=count, after=after)
        found += page.rows
        after = page.after
        assert len(page.rows) == count or after is None
        if after is None:
            return found


def found_by(indexes: LocalIndexes, given_rows: Sequence[Row], query: Query) -> None:
    kept = put(indexes, given_rows)

    found = indexes.whole.page(query, Sort("id"), count=1_000, total=True)

    expected = in_order([row for row in kept if matches(query, row)], Sort("id"), NOW)
    assert list(found.rows) == expected
    assert found.total == len(expected)
    assert indexes.whole.counts(query) == Counter(row.status for row in expected)
    names: dict[str, Counter[str]] = {}
    for row in expected:
        names.setdefault(row.name or "", Counter())[row.status] += 1
    assert indexes.whole.names(query) == names


@given(filled, nodes)
def test_the_index_finds_exactly_what_matches(given_rows: list[Row], node: Node) -> None:
    with closing(LocalIndexes()) as indexes:
        found_by(indexes, given_rows, Query("", node, NOW))


@given(filled, conditions())
def test_the_index_finds_exactly_what_one_condition_matches(
    given_rows: list[Row], condition: Condition
) -> None:
    with closing(LocalIndexes()) as indexes:
        found_by(indexes, given_rows, Query("", condition, NOW))


@given(filled, st.just(AllOf()) | nodes, sorts, st.integers(1, 4))
def test_pages_after_each_other_are_the_sorted_list(
    given_rows: list[Row], node: Node, sort: Sort, count: int
) -> None:
    with closing(LocalIndexes()) as indexes:
        kept = put(indexes, given_rows)
        query = Query("", node, NOW)

        found = everything(indexes.whole, query, sort, count)

        assert found == in_order([row for row in kept if matches(query, row)], sort, NOW)


@pytest.mark.parametrize("field", SORTED_BY)
def test_nothing_is_repeated_or_lost_while_rows_come_between_pages(field: str) -> None:
    some = drawn(seed=7, count=60)
    for descending in (False, True):
        sort, query = Sort(field, descending), Query("", AllOf(), NOW)
        with closing(LocalIndexes(few=0)) as indexes:
            before = put(indexes, some[:40])
            found: list[Row] = []
            after, added = None, iter(some[40:])
            while True:
                page = indexes.whole.page(query, sort, count=3, after=after)
                found += page.rows
                after = page.after
                if after is None:
                    break
                for row in itertools.islice(added, 2):
                    indexes.of(row.hub).put([row])

            places = [(row.hub, row.instance_id) for row in found]
            assert len(places) == len(set(places))
            assert {(row.hub, row.instance_id) for row in before} <= set(places)
            assert found == in_order(found, sort, NOW)


def test_running_ones_stay_in_the_order_of_the_first_page_as_time_goes_on() -> None:
    with closing(LocalIndexes()) as indexes:
        given_rows = [
            Row(hub="a@local", instance_id=str(at), status="Running", created=Ticks(NOW - at * 10))
            for at in range(9)
        ]
        indexes.of("a@local").put(given_rows)
        found, after, now = [], None, NOW
        while True:
            query = parse("", now)
            page = indexes.whole.page(query, Sort("duration", False), count=2, after=after)
            found += [row.instance_id for row in page.rows]
            after, now = page.after, Ticks(now + 25)
            if after is None:
                break

        assert found == [str(at) for at in range(9)]


def test_what_nothing_is_sorted_by_is_an_error(memory: LocalIndexes) -> None:
    for field in ("is", "text", "nmae", "tag."):
        with pytest.raises(BadRequest, match="not sorted by"):
            memory.whole.page(parse("", NOW), Sort(field), count=1)


def test_a_cursor_that_was_changed_or_is_of_another_list_is_an_error(memory: LocalIndexes) -> None:
    memory.of("a@local").put([Row(hub="a@local", instance_id=str(at)) for at in range(3)])
    query, sort = parse("", NOW), Sort("created")
    after = memory.whole.page(query, sort, count=1).after
    assert after is not None

    for bad in (
        "",
        "x",
        "é",
        after[:-3],
        after + "A",
        after[4:],
        "W10",
        "W1tbW1tbW1s",
        "A" * 20_000,
    ):
        with pytest.raises(BadRequest, match="after is"):
            memory.whole.page(query, sort, count=1, after=bad)
    for other, order in (
        (parse("a", NOW), sort),
        (query, Sort("updated")),
        (query, Sort("created", False)),
    ):
        with pytest.raises(BadRequest, match="another query or in another order"):
            memory.whole.page(other, order, count=1, after=after)


@given(st.text("AZaz09-_=", max_size=60))
def test_no_cursor_breaks_a_page(after: str) -> None:
    with closing(LocalIndexes()) as indexes, pytest.raises(BadRequest):
        indexes.whole.page(parse("", NOW), Sort("created"), count=1, after=after)


@pytest.mark.parametrize("few", [0, 3])
@given(filled, nodes, sorts)
def test_every_way_to_the_rows_leads_to_the_same(
    few: int, given_rows: list[Row], node: Node, sort: Sort
) -> None:
    """Large hubs are walked by other ways than small ones; here a small one is large."""
    with closing(LocalIndexes(few=few)) as indexes:
        kept = put(indexes, given_rows)
        query = Query("", node, NOW)

        found = everything(indexes.whole, query, sort, 3)

        assert found == in_order([row for row in kept if matches(query, row)], sort, NOW)
        assert sum(indexes.whole.counts(query).values()) == len(found)
