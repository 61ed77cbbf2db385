"""Retention as a value: what is due, and where it is looked for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.retention import KEEP, Retention
from durahub.model.history import TERMINAL, Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, later

ENDED = Ticks(638_000_000_000_000_000)
DAY = 86_400.0
DONE = Instance(
    instance_id="order-1",
    execution_id="x",
    name="Order",
    version=None,
    status=Status.Completed,
    created=later(ENDED, -3 * DAY),
    last_updated=later(ENDED, 5.0),
    completed=ENDED,
)


def test_an_instance_is_due_when_its_time_since_its_end_has_passed() -> None:
    kept = Retention(30 * DAY)

    assert not kept.is_due(DONE, Ticks(later(ENDED, 30 * DAY) - 1))
    assert kept.is_due(DONE, later(ENDED, 30 * DAY))


def test_an_entry_for_a_status_beats_the_general_one_and_never_keeps() -> None:
    kept = Retention(DAY, {Status.Completed: 2 * DAY, Status.Failed: None})
    now = later(ENDED, 1.5 * DAY)

    assert not kept.is_due(DONE, now)
    assert kept.is_due(replace(DONE, status=Status.Terminated), now)
    assert not kept.is_due(replace(DONE, status=Status.Failed), later(now, 999 * DAY))


def test_zero_is_due_at_once() -> None:
    assert Retention(0.0).is_due(DONE, ENDED)


def test_a_row_without_an_end_counts_from_its_last_change() -> None:
    row = replace(DONE, completed=None)

    assert not Retention(DAY).is_due(row, later(ENDED, DAY))
    assert Retention(DAY).is_due(row, later(ENDED, DAY + 5))


@pytest.mark.parametrize("status", sorted(set(Status) - TERMINAL))
def test_what_has_not_ended_is_never_due(status: Status) -> None:
    kept = Retention(0.0, {status: 0.0})

    assert not kept.is_due(replace(DONE, status=status), later(ENDED, 999 * DAY))


def test_an_entity_is_never_due() -> None:
    assert not Retention(0.0).is_due(replace(DONE, instance_id="@counter@a"), later(ENDED, DAY))


def test_without_any_period_nothing_is_looked_for() -> None:
    assert KEEP.candidates(ENDED) is None
    assert not KEEP.purges
    assert Retention(None, {Status.Failed: None}).candidates(ENDED) is None


PERIODS = st.none() | st.floats(min_value=0, max_value=100 * DAY)


@given(
    PERIODS,
    st.dictionaries(st.sampled_from(sorted(TERMINAL)), PERIODS),
    st.sampled_from(sorted(Status)),
    st.floats(min_value=0, max_value=200 * DAY),
    st.floats(min_value=0, max_value=200 * DAY),
)
def test_whatever_is_due_is_among_the_candidates(
    general: float | None,
    by_status: dict[Status, float | None],
    status: Status,
    lived: float,
    since: float,
) -> None:
    kept, now = Retention(general, by_status), later(ENDED, since)
    row = replace(DONE, status=status, created=later(ENDED, -lived))

    if kept.is_due(row, now):
        candidates = kept.candidates(now)
        assert candidates is not None
        assert status in candidates.statuses
        assert row.created <= candidates.created_to
