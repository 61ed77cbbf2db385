"""What a page costs: no more when it is far, however large the hub is."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from benchmarks.indexed_hub import HUB, Steps, cursor_at, fill, large_rows

from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Sort
from durahub_migrate.watching.index import LocalHubIndex, LocalIndexes
from tests.monitor.querying.generated import NOW

ROWS = 12_000
FEW = 300  # as if the hub were 16 times as large


@pytest.fixture(scope="module")
def measured() -> Iterator[tuple[LocalHubIndex, Steps]]:
    """A hub, and the steps that SQLite takes for its questions."""
    steps = Steps()
    with closing(LocalIndexes(few=FEW, prepare=steps.prepare)) as indexes:
        fill(indexes.of(HUB), large_rows(ROWS, NOW))
        yield indexes.of(HUB), steps


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "created"),
        ("", "updated"),
        ("", "completed"),
        ("", "id"),
        ("", "age"),
        ("", "name"),
        ("", "status"),
        ("", "hub"),
        ("", "duration"),
        ("", "scheduled"),
        ("", "size"),
        ("is:ended", "duration"),
        ("status:Completed", "created"),
        ("status:(Failed|Running)", "created"),
        ("is:ended", "created"),
        ("is:active", "created"),
        ("name:order", "created"),
        ("name:*e*", "updated"),
        ("name:order status:Completed", "created"),
        ("order", "created"),
        ("created>-20d", "created"),
    ],
)
def test_a_far_page_costs_as_much_as_the_first(
    measured: tuple[LocalHubIndex, Steps], text: str, field: str, descending: bool
) -> None:
    index, steps = measured
    query, sort = parse(text, NOW), Sort(field, descending)
    total = sum(index.counts(query).values())
    assert total > FEW

    first, cost = steps.of(lambda: index.page(query, sort, count=50))
    for share in (0.5, 0.75, 0.99):
        after = cursor_at(index, query, sort, int(total * share))
        page, far_cost = steps.of(
            lambda after=after: index.page(query, sort, count=50, after=after)
        )  # type: ignore[misc]
        assert page.rows
        assert far_cost <= 2 * cost

    assert len(first.rows) == 50
    assert cost < 6 * ROWS  # all of them would be far more


def test_counts_by_status_kind_and_name_look_at_no_row(
    measured: tuple[LocalHubIndex, Steps],
) -> None:
    index, steps = measured

    for text in ("", "status:Failed", "name:o* or is:active", "-kind:entity"):
        counts, cost = steps.of(lambda text=text: index.counts(parse(text, NOW)))  # type: ignore[misc]
        assert counts
        assert cost < 1_000


def test_a_row_that_is_as_before_is_not_written_again(
    measured: tuple[LocalHubIndex, Steps],
) -> None:
    index, _ = measured
    rows = list(large_rows(1_000, NOW))

    assert index.put(rows) == frozenset()
