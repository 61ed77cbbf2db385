"""A hub is left in the midst of its work, moved, and everything in it ends as if nothing had been."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from durahub.cli.hub_freeze import freeze
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.apply import apply
from durahub_migrate.cli.export import export
from durahub_migrate.cli.plan import plan
from durahub_migrate.cli.verify import verify
from tests.conftest import Storage
from tests.moving_in_use.play import (
    Ends,
    Hub,
    Move,
    Players,
    Road,
    foreign_backend,
    left_in_the_midst,
    served,
    working,
)
from tests.moving_in_use.stories import stories
from tests.sdk.python_hub import PythonHub
from tests.sdk.two_stores import new_hub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite, pytest.mark.timeout(400)]

STILL = ("--lasting", "--sample", 0.2, "--hidden-for", 4)
FEW = (
    Road(1, "sqlite", "own"),
    pytest.param(Road(2, "classic", "sqlite"), marks=pytest.mark.slow),
)
MANY = [
    Road(seed, source, target, is_killed)
    for source in ("sqlite", "classic")
    for target in ("sqlite", "classic", "own", "foreign")
    for is_killed in (False, True)
    for seed in range(10, 13)
]


@pytest.mark.parametrize(
    "road", [*FEW, *(pytest.param(one, marks=pytest.mark.soak) for one in MANY)], ids=str
)
def test_everything_ends_as_it_would_have(
    road: Road, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    told = stories(road.seed, road.number)
    players, notes = Players(told), tmp_path / "notes"
    notes.touch()
    source = _hub(road.source, request, tmp_path / "source.db")
    target = _hub(road.target, request, tmp_path / "target.db")
    move = Move(tmp_path, {**source.env, **target.env})

    left_in_the_midst(road, source, players, notes)
    before = Counter(notes.read_text().split())
    if source.storage:
        move.run(freeze, source.address, *STILL)
    is_frozen = ("--frozen",) if source.storage else ()  # a file is still when nobody has it
    move.run(export, source.address, move.bundle, *is_frozen)
    assert BundleReader(move.bundle).manifest.frozen
    with contextlib.ExitStack() as ending:
        if road.is_to_endpoint:
            endpoint = ending.enter_context(_endpoint(road, target, tmp_path))
            address = f"dts:{endpoint}/{target.name}"
            move.run(plan, move.bundle, address, "--numbering", "python", *road.plan_options)
        else:
            move.run(plan, move.bundle, target.address)
        address = f"dts:{endpoint}/{target.name}" if road.is_to_endpoint else target.address
        move.run(apply, move.plan_file, "--quiet")
        assert Counter(notes.read_text().split()) == before  # the move has run no activity
        move.run(verify, move.bundle, address, "--plan", move.plan_file)
        if not road.is_to_endpoint:
            endpoint = ending.enter_context(served(target, tmp_path))
        hub = PythonHub(endpoint, target.name)
        ending.enter_context(hub.client)
        ending.enter_context(working(endpoint, target.name, notes))
        players.go_on(hub)
        ends = Ends(told, hub, move.bundle)
        results, tallies = ends.results(), ends.tallies()

    assert results == told.results
    assert tallies == told.tallies
    ran = Counter(notes.read_text().split())
    twice = {key for key in told.runs if ran[key] == told.runs[key] + 1}
    assert {told.root_of[key] for key in twice} <= move.in_doubt()
    assert ran == told.runs + Counter(twice)
    assert not twice or road.is_killed


def _hub(kind: str, request: pytest.FixtureRequest, file: Path) -> Hub:
    if kind == "foreign":
        return Hub("default")
    if kind == "classic":
        storage: Storage = request.getfixturevalue("azurite")
        return Hub(new_hub("Used"), storage=storage)
    return Hub(new_hub("Used"), file=file)


@contextlib.contextmanager
def _endpoint(road: Road, target: Hub, state: Path) -> Iterator[str]:
    with foreign_backend() if road.target == "foreign" else served(target, state) as endpoint:
        yield endpoint
