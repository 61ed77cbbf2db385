"""A server is killed at requests to storage, and another goes on: some points of each scenario.

All points of a store are played by ``python -m tests.simulation.account --store table``.
"""

from collections.abc import Iterable

import pytest

from tests.simulation.account.crash_points import STORES, crashed_at, points_of, requests_of
from tests.simulation.account.scenarios import SCENARIOS
from tests.simulation.whole.gate import Point

FROM_MEMORY = range(58, 72)
"""The requests around the first turn of the sequence that takes a result from memory, and sends."""
TO_THE_END = range(58, 70)
"""The requests around the turn that continues as new, and ends."""

by_scenario = pytest.mark.parametrize("scenario", SCENARIOS)


def check(store: str, scenario: str, every: int, first: int) -> None:
    plan, kind = SCENARIOS[scenario], STORES[store]
    quiet = requests_of(plan, kind)
    assert not quiet.violations, str(quiet)
    assert quiet.tolerated == 0
    points = list(points_of(quiet.calls, every, first))
    assert points
    crash(store, scenario, points)


def crash(store: str, scenario: str, points: Iterable[Point]) -> None:
    plan, kind = SCENARIOS[scenario], STORES[store]
    for point in points:
        outcome = crashed_at(plan, kind, point)
        assert outcome.crashes, f"nobody makes request {point.call}"
        after = " --after" if point.after else ""
        again = f'--store {store} --scenario "{scenario}" --point {point.call}{after}'
        if outcome.violations:
            pytest.fail(f"{outcome}\n\npython -m tests.simulation.account {again}", pytrace=False)


@by_scenario
def test_a_scenario_survives_the_death_of_a_server(scenario: str) -> None:
    check("table", scenario, every=89, first=40)


@pytest.mark.parametrize("after", [False, True])
def test_a_successor_runs_from_a_result_that_is_stored(after: bool) -> None:
    crash("table", "a sequence of activities", (Point(call, after) for call in FROM_MEMORY))


@pytest.mark.parametrize("after", [False, True])
def test_a_row_has_the_input_of_the_generation_that_has_ended(after: bool) -> None:
    points = (Point(call, after) for call in TO_THE_END)
    crash("table", "continue-as-new, and then the end", points)


@pytest.mark.parametrize("point", [Point(61, True), Point(62, False)])
def test_a_row_that_was_left_behind_is_put_right_by_the_next_checkpoint(point: Point) -> None:
    crash("table", "continue-as-new", [point])


@pytest.mark.fault
@pytest.mark.parametrize("store", STORES)
@by_scenario
def test_a_scenario_survives_it_at_many_points_under_all_managers(
    store: str, scenario: str
) -> None:
    check(store, scenario, every=37, first=11)
