"""A server is killed at requests to storage, and another goes on: some points of each scenario.

All points of a store are played by ``python -m tests.simulation.account --store table``.
"""

import re

import pytest

from tests.simulation.account.crash_points import STORES, crashed_at, points_of, requests_of
from tests.simulation.account.scenarios import SCENARIOS

UNMENDED = re.compile(r"activity \d+ of \S+ begins, and the result of .* before it is not stored")
"""A result in memory is recorded by the checkpoint, and what follows from it is put before that: who dies
between both leaves an activity that runs from a result which nobody has. Figures count it as broken."""

by_scenario = pytest.mark.parametrize("scenario", SCENARIOS)


def check(store: str, scenario: str, every: int, first: int) -> None:
    plan, kind = SCENARIOS[scenario], STORES[store]
    quiet = requests_of(plan, kind)
    assert not quiet.violations, str(quiet)
    assert quiet.tolerated == 0
    points = list(points_of(quiet.calls, every, first))
    unmended = []
    assert points
    for point in points:
        outcome = crashed_at(plan, kind, point)
        assert outcome.crashes, f"nobody makes request {point.call}"
        if any(UNMENDED.fullmatch(violation) for violation in outcome.violations):
            unmended.append(point)
            continue
        after = " --after" if point.after else ""
        again = f'--store {store} --scenario "{scenario}" --point {point.call}{after}'
        if outcome.violations:
            pytest.fail(f"{outcome}\n\npython -m tests.simulation.account {again}", pytrace=False)
    if unmended:
        pytest.xfail(
            f"a successor's message is out before a result in memory is durable: {unmended}"
        )


@by_scenario
def test_a_scenario_survives_the_death_of_a_server(scenario: str) -> None:
    check("table", scenario, every=89, first=40)


@pytest.mark.fault
@pytest.mark.parametrize("store", STORES)
@by_scenario
def test_a_scenario_survives_it_at_many_points_under_all_managers(
    store: str, scenario: str
) -> None:
    check(store, scenario, every=37, first=11)
