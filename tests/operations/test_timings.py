"""Durations in buckets: each is counted once, in the bucket that it fits."""

from hypothesis import given
from hypothesis import strategies as st

from durahub.observing.timings import BOUNDS, Buckets, Timings


@given(st.lists(st.floats(0, 1_000)))
def test_buckets_hold_what_a_count_by_hand_finds(durations: list[float]) -> None:
    timings = Timings()
    for seconds in durations:
        timings.note(("a",), seconds)

    buckets = timings.snapshot().get(("a",), Buckets())
    by_hand = [sum(seconds <= bound for seconds in durations) for bound in BOUNDS]
    assert [count for _, count in buckets.cumulative()] == [*by_hand, len(durations)]
    assert buckets.count == len(durations)
