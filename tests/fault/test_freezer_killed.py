"""``durahub hub freeze`` as a process: interrupted, and killed; a worker that knows nothing of it."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durahub.local.child import Child
from tests.cli.command import Answer, durahub
from tests.conftest import STORE, Storage
from tests.sdk.bare_hub import BareHub, ForeignWorker

pytestmark = [pytest.mark.fault, pytest.mark.azurite]

WITHIN = 120.0  # seconds
LONG = 600.0  # seconds: a worker has what it took, however slow the commands are that come then
QUICK = ("--sample", "0.5", "--hidden-for", "0", "--lease", "60")


@pytest.fixture
def hub(azurite: Storage, hub_name: str, tmp_path: Path) -> BareHub:
    made = BareHub(azurite, hub_name)
    assert command(made, tmp_path, "create", "--partitions", "2").status == 0
    return made


def command(hub: BareHub, state: Path, name: str, *arguments: str) -> Answer:
    env = {STORE: hub.storage.connection_string}
    return durahub("hub", name, f"env:{STORE}/{hub.name}", *arguments, state=state, env=env)


Freezer = Callable[..., Child]


@pytest.fixture
def freezer(hub: BareHub, tmp_path: Path) -> Iterator[Freezer]:
    """Start the command; returns when it has said *until*."""
    started: list[Child] = []

    def start(*arguments: str, until: str = "frozen;") -> Child:
        words = ["hub", "freeze", f"env:{STORE}/{hub.name}", *QUICK, *arguments]
        child = Child(
            [sys.executable, "-m", "durahub.cli.main", *words],
            env={STORE: hub.storage.connection_string, "DURAHUB_STATE_DIR": str(tmp_path)},
        )
        started.append(child)
        assert child.wait_for(lambda line: until in line or None, WITHIN), child.tail()
        return child

    yield start
    for child in started:
        child.kill()


def test_an_interrupted_freezer_gives_the_hub_back_at_once(hub: BareHub, freezer: Freezer) -> None:
    child = freezer()
    foreign = ForeignWorker(hub, lease=LONG)
    assert foreign.claim() == set()

    assert child.interrupt(WITHIN) == 0
    assert "thawed" in child.output()
    assert len(foreign.claim()) == 2


def test_a_freezer_that_is_interrupted_while_it_counts_gives_the_hub_back(
    hub: BareHub, freezer: Freezer
) -> None:
    child = freezer("--sample", "30", until="counting again")

    assert child.interrupt(WITHIN) == 5
    assert len(ForeignWorker(hub, lease=LONG).claim()) == 2


@pytest.mark.parametrize("until", ["counting again", "frozen;"])
def test_a_hub_whose_freezer_was_killed_is_thawed_by_the_other_command(
    hub: BareHub, freezer: Freezer, tmp_path: Path, until: str
) -> None:
    freezer(until=until).kill()
    foreign = ForeignWorker(hub, lease=LONG)
    assert foreign.claim() == set()

    thawed = command(hub, tmp_path, "thaw")

    assert thawed.status == 0, thawed.err
    assert len(thawed.out.splitlines()) == 4  # app lease, two rows, the record
    assert len(foreign.claim()) == 2
    again = command(hub, tmp_path, "thaw")
    assert "was not frozen" in again.err
    assert foreign.claim() == set()  # what a worker has is left alone


def test_a_lasting_freeze_outlives_its_command_and_says_what_it_did(
    hub: BareHub, tmp_path: Path
) -> None:
    report = tmp_path / "freeze.json"
    done = command(hub, tmp_path, "freeze", *QUICK, "--lasting", "--report", str(report))

    assert done.status == 0, done.err
    told = json.loads(report.read_text())
    assert told["format"] == "durahub-freeze"
    assert len(told["leases"]) == 3
    assert len(told["samples"]) == 2
    foreign = ForeignWorker(hub, lease=LONG)
    assert foreign.claim() == set()
    assert command(hub, tmp_path, "freeze", *QUICK).status == 3
    assert command(hub, tmp_path, "thaw").status == 0
    assert len(foreign.claim()) == 2
    blocked = command(hub, tmp_path, "freeze", *QUICK, "--wait", "0")
    assert blocked.status == 3
    assert "DH305" in blocked.err
    assert "foreign" in blocked.err
