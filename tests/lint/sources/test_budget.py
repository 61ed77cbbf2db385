"""Requests are spread evenly, and no more are sent than are allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BudgetSpent
from durahub_migrate.lint.sources import classic_position, scheduler
from durahub_migrate.lint.sources.budget import Budget
from durahub_migrate.lint.sources.classic_position import Position
from durahub_migrate.lint.sources.reading_options import ReadingOptions


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_requests_are_spread_evenly() -> None:
    time = Time()
    budget = Budget(per_second=10, clock=time.clock, sleep=time.sleep)
    sent = []
    for _ in range(5):
        await budget.take()
        sent.append(time.now - 100.0)
    assert sent == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


async def test_there_is_no_burst_after_a_pause() -> None:
    time = Time()
    budget = Budget(per_second=10, clock=time.clock, sleep=time.sleep)
    await budget.take()
    time.now += 60.0
    began = time.now
    for _ in range(11):
        await budget.take()
    assert time.now - began == pytest.approx(1.0)


async def test_one_more_than_allowed_is_refused() -> None:
    budget = Budget(2)
    await budget.take()
    await budget.take()
    with pytest.raises(BudgetSpent, match="2 requests"):
        await budget.take()
    assert budget.sent == 2


@given(st.text(), st.floats(0, 1))
def test_a_larger_sample_has_everything_that_a_smaller_one_has(
    instance_id: str, share: float
) -> None:
    if ReadingOptions(share=share / 2).takes(instance_id):
        assert ReadingOptions(share=share).takes(instance_id)
    assert ReadingOptions().takes(instance_id)
    assert not ReadingOptions(share=0.0).takes(instance_id)


texts = st.text(st.characters())  # with halves of surrogate pairs


@given(
    st.builds(
        Position,
        st.sampled_from(["instances", "blobs"]),
        st.none() | texts,
        st.dictionaries(st.lists(texts, min_size=1).map(tuple), st.integers(1), max_size=4),
    )
)
def test_a_position_comes_back_from_its_text(position: Position) -> None:
    assert classic_position.parse(str(position)) == position


@given(texts)
def test_a_position_in_a_file_comes_back_from_its_text(behind: str) -> None:
    assert scheduler.parse(scheduler.position("tasks", behind)) == ("tasks", behind)
