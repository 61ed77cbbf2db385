"""Planted bugs are found, each within the seeds that continuous integration plays."""

import logging
from collections.abc import Iterator
from functools import partial

import pytest

from tests.simulation.whole.plan import plan_of
from tests.simulation.whole.planted import PLANTED, LosesDeletes, plant
from tests.simulation.whole.shrinking import shrunk
from tests.simulation.whole.storage import storage_of
from tests.simulation.whole.test_whole import SHARE
from tests.simulation.whole.world import play

pytestmark = pytest.mark.fault

SQLITE = storage_of("sqlite")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", PLANTED, ids=lambda kind: kind.__name__)
def test_a_planted_bug_is_found(kind: type) -> None:
    outcomes = (play(plan_of(seed, 1), SQLITE, partial(plant, kind)) for seed in SHARE)
    assert any(outcome.violations for outcome in outcomes)


def test_what_fails_is_shown_with_all_that_does_not_matter_left_out() -> None:
    planted = partial(plant, LosesDeletes)
    outcome = next(
        found for seed in SHARE if (found := play(plan_of(seed, 1), SQLITE, planted)).violations
    )
    small = shrunk(outcome, SQLITE, planted)
    assert small.violations
    assert len(small.plan.calls) <= 2
    assert not small.plan.incidents
