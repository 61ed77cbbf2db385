"""Histograms, series and lists of IDs from the index."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from durahub.model.ticks import PER_SECOND, Ticks
from durahub.model.ticks import parse as ticks
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Row
from durahub_migrate.watching.index import LocalIndexes
from durahub_migrate.watching.index.conditions import behind
from tests.monitor.querying.generated import HOUR, NOW

HUB = "a@local"


def row(instance_id: str, status: str, created: int, lasted: int | None = None, **more: str) -> Row:
    """Return an instance that was created so many seconds before now, and ended after so many."""
    start = NOW - created * PER_SECOND
    end = None if lasted is None else Ticks(start + lasted * PER_SECOND)
    return Row(
        hub=HUB,
        instance_id=instance_id,
        name=more.get("name", "Order"),
        status=status,
        created=Ticks(start),
        updated=end or Ticks(start),
        completed=end,
    )


def test_the_histogram_is_of_all_that_is_found_by_status(memory: LocalIndexes) -> None:
    memory.of(HUB).put([row("a", "Running", 100), row("b", "Failed", 60), row("c", "Failed", 0)])

    found = memory.whole.histogram(parse("", NOW), 5)

    assert len(found) == 5
    assert found[0].counts == {"Running": 1}
    assert sum((Counter(one.counts) for one in found), Counter()) == {"Running": 1, "Failed": 2}
    steps = {found[at + 1].start - found[at].start for at in range(4)}
    assert len(steps) == 1
    assert found[0].start == NOW - 100 * PER_SECOND


def test_the_histogram_reaches_as_far_as_the_query_says(memory: LocalIndexes) -> None:
    memory.of(HUB).put([row("a", "Running", 100)])

    found = memory.whole.histogram(parse("created>=2026-11-22 created<2026-11-23", NOW), 24)

    assert found[0].start == ticks("2026-11-22T00:00:00Z")
    assert found[1].start == ticks("2026-11-22T01:00:00Z")
    assert [at for at, one in enumerate(found) if one.counts] == [11]


def test_nothing_has_no_histogram(memory: LocalIndexes) -> None:
    memory.of(HUB).put([Row(hub=HUB, instance_id="a")])

    assert memory.whole.histogram(parse("", NOW), 10) == ()


def test_a_series_tells_what_began_and_ended_when_and_how_long_it_took(
    memory: LocalIndexes,
) -> None:
    memory.of(HUB).put(
        [
            *(row(f"c{at}", "Completed", 60, at) for at in range(1, 21)),
            row("f", "Failed", 5 * 3600, 3600),
            row("r", "Running", 60),
            row("o", "Completed", 60, 1, name="Other"),
            row("old", "Completed", 48 * 3600, 60),
        ]
    )

    found = memory.whole.series("order", 24, NOW)

    assert len(found.times) == 48
    assert found.times[1] - found.times[0] == HOUR // 2
    assert (sum(found.started), sum(found.ended), sum(found.failed)) == (22, 21, 1)
    assert found.started[-1] == 21
    assert (found.ended[-1], found.p50[-1], found.p95[-1]) == (20, 10, 19)
    assert found.p50[0] is None
    assert sum(memory.whole.series(None, 24, NOW).ended) == 22
    assert sum(memory.whole.series(None, 72, NOW).ended) == 23


def test_one_that_ended_at_no_known_time_ended_when_its_row_changed_last(
    memory: LocalIndexes,
) -> None:
    memory.of(HUB).put([Row(hub=HUB, instance_id="a", status="Failed", updated=NOW)])

    found = memory.whole.series(None, 1, NOW)

    assert (found.ended[-1], found.failed[-1], found.p50[-1]) == (1, 1, None)


def test_ids_are_completed_letter_by_letter(memory: LocalIndexes) -> None:
    memory.of(HUB).put([row(one, "Running", 1) for one in ("order/1", "order/2", "Order/3", "p")])

    assert memory.whole.ids("order/") == ("order/1", "order/2")
    assert memory.whole.ids("o", count=1) == ("order/1",)
    assert memory.whole.ids("%") == ()


@given(st.text(), st.text())
def test_what_begins_so_lies_before_what_is_behind_it(prefix: str, rest: str) -> None:
    end = behind(prefix)

    assert end is None or prefix + rest < end
    assert end is None or not end.startswith(prefix) or prefix == ""
