"""A run that is bounded by inputs judges the same ones each time: so CI may fail by what it finds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.campaign import Outcome, Plan, run
from tests.fuzz.catalogue import targets
from tests.fuzz.planted import planted_hash, planted_nothing
from tests.fuzz.tape import Tape

INPUTS = 400


def figures(report: Path, *arguments: str, hashes: str = "0") -> dict[str, Any]:
    """Return what a run of targets with nothing wrong tells, in a process that hashes like that."""
    asked = ["--module", "tests.fuzz.planted", "hashed", "quiet", "--report", str(report)]
    subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *asked, *arguments],
        env={**os.environ, "PYTHONHASHSEED": hashes},
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(report.read_text())["figures"]
    return found


@pytest.mark.parametrize("how", [(), ("--unguided",)], ids=["guided", "unguided"])
def test_the_same_inputs_are_judged_however_python_hashes_and_however_many_run(
    how: tuple[str, ...], tmp_path: Path
) -> None:
    asked = ("--inputs", str(INPUTS), *how)
    one = figures(tmp_path / "1.json", *asked, "--jobs", "1", hashes="1")
    other = figures(tmp_path / "2.json", *asked, "--jobs", "2", hashes="2")
    assert one["inputs"] == other["inputs"] == 2 * INPUTS
    assert one["digest"] == other["digest"]


def outcome(folder: Path, inputs: int, seed: int) -> Outcome:
    return run(Plan([planted_hash, planted_nothing], 0.0, 1, seed, folder, inputs), str)


def test_the_digest_is_that_of_the_inputs(tmp_path: Path) -> None:
    first = outcome(tmp_path / "a", INPUTS, 1)
    assert outcome(tmp_path / "b", INPUTS, 1).digest == first.digest
    assert outcome(tmp_path / "c", INPUTS, 2).digest != first.digest
    assert outcome(tmp_path / "d", INPUTS + 1, 1).digest != first.digest


def test_a_digest_tells_where_one_input_ends_and_the_next_begins() -> None:
    one, other = Tape(10), Tape(10)
    one.begin(b"ab")
    one.begin(b"c")
    other.begin(b"a")
    other.begin(b"bc")
    assert one.digest != other.digest


def test_what_a_server_answers_is_not_guided_where_each_run_has_to_be_the_same() -> None:
    known = targets()
    threaded = {name for name, one in known.items() if not one.repeats}
    assert threaded == {"grpc-metadata", "grpc-request", "http-request"}
    plan = [Plan(list(known.values()), 9.0, 1, 1, Path("x"), inputs) for inputs in (None, 5)]
    timed, counted = (
        [turn.target.name for turn in one.turns() if not turn.may_be_guided] for one in plan
    )
    assert not timed
    assert set(counted) == threaded


def test_what_has_grown_is_not_gone_on_with_where_each_run_has_to_be_the_same(
    tmp_path: Path,
) -> None:
    asked = [sys.executable, "-m", "tests.fuzz", "--inputs", "5", "--folder", str(tmp_path)]
    ran = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "--folder" in ran.stderr
