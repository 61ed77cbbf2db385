"""One seed a manager of `tests.simulation`, for quick runs: the store still runs in simulated time."""

import pytest

from durahub.classic.options import Manager
from tests.simulation.scenario import play, scenario


@pytest.mark.parametrize("manager", [Manager.TABLE, Manager.SAFE, Manager.LEGACY])
def test_servers_share_a_hub_in_simulated_time(manager: Manager) -> None:
    outcome = play(scenario(7, manager))
    assert not outcome.violations, outcome
