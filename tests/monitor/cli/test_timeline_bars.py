"""Timelines as bars of characters."""

from hypothesis import given
from hypothesis import strategies as st

from durahub.model.ticks import Ticks
from durahub_migrate.cli.history_printing import length
from durahub_migrate.cli.timeline_bars import Scale, bars
from durahub_migrate.monitor.histories import Group, Idle, Timeline

SECOND = 10_000_000
moments = st.integers(0, 10**15)


@given(st.lists(moments, min_size=4, max_size=12, unique=True), st.integers(10, 200))
def test_later_moments_never_stand_further_left_and_all_have_a_place(
    found: list[int], width: int
) -> None:
    ticks = [Ticks(one) for one in sorted(found)]
    idle = tuple(
        Idle(start=start, end=end) for start, end in zip(ticks[1:-1:2], ticks[2:-1:2], strict=False)
    )
    scale = Scale(ticks[0], ticks[-1], width, idle)
    columns = [scale.column(one) for one in ticks]
    assert columns == sorted(columns)
    assert (columns[0], columns[-1]) == (0, width)


def group(name: str, start: int, end: int | None, outcome: str) -> Group:
    return Group(
        kind="activity",
        name=name,
        start=Ticks(start * SECOND),
        end=Ticks(end * SECOND) if end is not None else None,
        outcome=outcome,
        attempts=(),
        events=(),
        lane=0,
        episode=0,
    )


def test_a_bar_stands_where_its_group_ran_and_one_that_is_open_reaches_to_the_end() -> None:
    timeline = Timeline(
        start=Ticks(0),
        until=Ticks(100 * SECOND),
        open=True,
        groups=(group("First", 0, 50, "completed"), group("Second", 50, None, "open")),
        idle=(),
        lanes=2,
    )
    first, second = bars(timeline, 80)
    assert first.startswith("activity First  │█")
    assert first.endswith("completed 50s")
    assert second.index("▒") == first.rindex("█") + 1
    assert "▒│ open" in second


def test_a_length_is_told_as_people_read_it() -> None:
    assert [length(one) for one in (0.25, 59, 200, 7_300, 200_000)] == [
        *("0.25s", "59s", "3m 20s"),
        *("2h 1m", "2d 7h"),
    ]
