"""Two durahub servers and a .NET worker share a hub while workers, lines and requests fail, seed by seed.

The servers are the real ones down to their storage clients, in virtual time; the .NET worker is a model
that `test_recorded_workers` holds against recordings. What is judged is in `referee`.

A seed that fails is played again, with its scenario and what happened last, by::

    python -m tests.simulation table 17

The default run plays 50 seeds a manager, ``-m fault`` 300 more (so 1,050 in all), ``-m soak`` up to 1,000.
"""

import pytest

from durahub.classic.options import Manager
from tests.simulation.scenario import play, scenario

MANAGERS = [Manager.TABLE, Manager.SAFE, Manager.LEGACY]
FEW, SOME, MANY = 50, 350, 1000
AT_ONCE = 50  # seeds a test


def blocks(first: int, end: int) -> list[range]:
    return [range(start, min(start + AT_ONCE, end)) for start in range(first, end, AT_ONCE)]


def check(manager: Manager, seed: int) -> None:
    outcome = play(scenario(seed, manager))
    if outcome.violations:
        again = f"python -m tests.simulation {manager.value} {seed}"
        pytest.fail(f"{outcome}\n\nagain: {again}", pytrace=False)


def each(seeds: list[range]) -> pytest.MarkDecorator:
    names = [f"{block.start}-{block.stop - 1}" for block in seeds]
    return pytest.mark.parametrize("seeds", seeds, ids=names)


by_manager = pytest.mark.parametrize("manager", MANAGERS, ids=[one.value for one in MANAGERS])


@by_manager
@each(blocks(0, FEW))
def test_nothing_is_lost_or_run_by_two_owners_at_once(manager: Manager, seeds: range) -> None:
    for seed in seeds:
        check(manager, seed)


@pytest.mark.fault
@by_manager
@each(blocks(FEW, SOME))
def test_that_holds_of_a_thousand_seeds(manager: Manager, seeds: range) -> None:
    for seed in seeds:
        check(manager, seed)


@pytest.mark.soak
@by_manager
@each(blocks(SOME, MANY))
def test_that_holds_of_three_thousand_seeds(manager: Manager, seeds: range) -> None:
    for seed in seeds:
        check(manager, seed)


@by_manager
def test_a_seed_is_always_the_same_run(manager: Manager) -> None:
    first, second = (play(scenario(7, manager)) for _ in range(2))
    assert first.trace == second.trace
