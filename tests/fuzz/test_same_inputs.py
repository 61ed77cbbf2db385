"""A run that is bounded by inputs judges the same ones each time: so CI may fail by what it finds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fuzz.campaign import Outcome, Plan, run
from tests.fuzz.planted import planted_nothing, planted_swallowed
from tests.fuzz.tape import Tape
from tests.fuzz.target import target

INPUTS = 400


@target("hashed")
def planted_hash(data: bytes) -> None:
    """Something is wrong where Python hashes a text to an odd number: not in each process."""
    assert hash("lease") % 2 == 0


def ran(report: Path, *arguments: str, hashes: str) -> tuple[int, dict[str, Any]]:
    """Return the status and the figures of a run that was started where Python hashes like that."""
    asked = [sys.executable, "-m", "tests.fuzz", "--module", __name__, "--report", str(report)]
    ended = subprocess.run(
        [*asked, "hashed", "quiet", "--inputs", str(INPUTS), *arguments],
        env={**os.environ, "PYTHONHASHSEED": hashes},
        capture_output=True,
        check=False,
    )
    return ended.returncode, json.loads(report.read_text())["figures"]


def test_a_run_is_the_same_however_python_hashes_and_however_many_run(tmp_path: Path) -> None:
    runs = [
        ran(tmp_path / f"{hashes}.json", "--jobs", jobs, hashes=hashes)
        for hashes, jobs in (("1", "1"), ("2", "2"), ("3", "1"), ("4", "2"))
    ]
    assert len({status for status, _ in runs}) == 1
    assert len({figures["digest"] for _, figures in runs}) == 1
    assert {figures["guided by coverage"] for _, figures in runs} == {"no"}


def outcome(folder: Path, inputs: int, seed: int) -> Outcome:
    return run(Plan([planted_swallowed, planted_nothing], 0.0, 1, seed, folder, inputs), str)


def test_the_digest_is_that_of_the_inputs(tmp_path: Path) -> None:
    first = outcome(tmp_path / "a", INPUTS, 1)
    assert sum(first.executions.values()) == 2 * INPUTS
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


def test_what_has_grown_is_not_gone_on_with_where_each_run_has_to_be_the_same(
    tmp_path: Path,
) -> None:
    asked = [sys.executable, "-m", "tests.fuzz", "--inputs", "5", "--folder", str(tmp_path)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--folder" in ended.stderr
