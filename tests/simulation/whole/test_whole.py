"""Whole servers in virtual time: some seeds, each of which is a world of its own."""

import logging
from collections.abc import Iterator

import pytest

from tests.simulation.whole.crash_points import crashes_at, points_of
from tests.simulation.whole.plan import plan_of
from tests.simulation.whole.storage import storage_of
from tests.simulation.whole.world import play

DEFAULT = range(30)
SHARE = range(1_000, 1_300)  # of continuous integration
ONCE_WRONG = (43, 97, 102, 116, 127, 143, 153, 158, 6316, 6563, 7681, 9497)
"""Seeds that found something: messages that stayed in their table though there was room again, an instance
that was purged when it had just been started, another whose row was repaired when it was purged, and
signals that were overtaken while storage refused the batch before."""
ONCE_LOCKED = (2406, 4916, 7487, 7627, 8788)
"""Seeds in which an instance was terminated, purged or started anew while it waited for locks: it got them,
and kept them for ever."""

SQLITE = storage_of("sqlite")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", [*DEFAULT, *ONCE_WRONG, *ONCE_LOCKED])
def test_nothing_is_lost_doubled_or_out_of_order(seed: int) -> None:
    outcome = play(plan_of(seed, servers=1), SQLITE)
    assert not outcome.violations, str(outcome)


@pytest.mark.fault
def test_nor_in_the_share_of_continuous_integration() -> None:
    outcomes = (play(plan_of(seed, servers=1), SQLITE) for seed in SHARE)
    assert [o.plan.seed for o in outcomes if o.violations] == []


def test_a_seed_is_always_the_same_run() -> None:
    plan = plan_of(7, servers=1)
    first = play(plan, SQLITE)
    assert play(plan, SQLITE).story == first.story


def test_a_crash_at_some_calls_to_storage_loses_nothing() -> None:
    outcomes = [crashes_at(point, SQLITE) for point in points_of(SQLITE)[::25]]
    assert all(outcome.crashes for outcome in outcomes)
    assert [str(outcome) for outcome in outcomes if outcome.violations] == []


@pytest.mark.fault
def test_a_crash_at_any_call_to_storage_loses_nothing() -> None:
    outcomes = (crashes_at(point, SQLITE) for point in points_of(SQLITE))
    assert [str(outcome) for outcome in outcomes if outcome.violations] == []
