"""How long the rest takes, by the rate so far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.progress import Progress, seconds_left
from tests.lint.test_resuming import Numbered, run_in

counts = st.integers(0, 10**7)


def test_the_rest_takes_as_long_for_each_as_what_was_done() -> None:
    assert seconds_left(done=250, before=0, total=1000, seconds=10.0) == pytest.approx(30.0)


def test_what_an_earlier_run_has_done_says_nothing_of_the_rate() -> None:
    assert seconds_left(done=500, before=400, total=1000, seconds=10.0) == pytest.approx(50.0)


def test_nobody_can_tell_without_a_total_or_a_beginning() -> None:
    assert seconds_left(done=5, before=0, total=None, seconds=1.0) is None
    assert seconds_left(done=5, before=5, total=9, seconds=1.0) is None
    assert seconds_left(done=5, before=0, total=9, seconds=0.0) is None


@given(done=counts, before=counts, total=counts, seconds=st.floats(0, 1e6))
def test_there_is_never_less_than_nothing_left(
    done: int, before: int, total: int, seconds: float
) -> None:
    left = seconds_left(done, before, total, seconds)
    assert left is None or left >= 0


async def test_how_many_there_are_is_counted_while_they_are_read() -> None:
    told: list[Progress] = []

    await run_in("", Numbered(1000), progress=told.append)

    assert [one.total for one in told] == [1000] * len(told)
    assert [one.done for one in told][:2] == [99, 199], "the hub itself is no instance"
    assert all(one.seconds_left is not None for one in told)
