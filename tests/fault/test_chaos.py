"""Short chaos runs: nothing is broken; and what breaks something on purpose is found."""

import sys
from pathlib import Path

import pytest

from tests.fault.chaos.run import SERVE, Outcome, run

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.timeout(600)]

PLANTED = (sys.executable, "-m", "tests.fault.planted")


def outcome(
    store: str, folder: Path, *, seed: int, seconds: float, program: tuple[str, ...] = SERVE
) -> Outcome:
    return run(store, seed, seconds, 8.0 if store == "sqlite" else 3.0, folder, print, program)


@pytest.mark.parametrize(
    ("store", "seed"), [("sqlite", 11), pytest.param("azurite", 11, marks=pytest.mark.azurite)]
)
def test_what_was_accepted_survives_kills_pauses_and_broken_connections(
    store: str, seed: int, tmp_path: Path
) -> None:
    found = outcome(store, tmp_path, seed=seed, seconds=10)

    assert found.broken == (), f"seed {seed}, plan: {found.plan}, logs: {tmp_path}"
    assert found.figures["instances checked"] > 0
    assert found.figures["kills: server"] > 0
    assert any(name.startswith("faults: ") for name in found.figures)


@pytest.mark.parametrize(
    ("bug", "found_as"),
    [("doubles-events", "came 2 times"), ("forgets-deletes", "is left in inbox")],
)
def test_a_server_with_a_bug_is_found(bug: str, found_as: str, tmp_path: Path) -> None:
    found = outcome("sqlite", tmp_path, seed=5, seconds=4, program=(*PLANTED, bug))

    assert any(found_as in one for one in found.broken), found
