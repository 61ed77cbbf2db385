"""The suite can fail: bugs of each kind are found within the share of CI, guided and unguided."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import catalogue
from tests.fuzz.judging import judge

SHARE = 40  # seconds, for all of the planted bugs together
INPUTS = 20_000  # of each target
KINDS = {
    "off-by-one": "AssertionError",
    "key-error": "KeyError",
    "slow-regex": "hang",
    "bomb": "memory",
    "swallowed": "AssertionError",
    "ending": "death",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--module", "tests.fuzz.planted", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [("--seconds", SHARE), ("--inputs", INPUTS)], ids=["guided", "unguided"]
)
def test_planted_bugs_of_each_kind_are_found_within_the_share(how, tmp_path: Path) -> None:
    ran = run(*map(str, how), "--report", str(tmp_path / "r.json"))
    found = dict(re.findall(r"^([\w-]+): (\w+) in", ran.stdout, re.MULTILINE))
    assert found == KINDS
    assert ran.returncode == 1
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["suite"] == "fuzzing"
    assert report["figures"]["defects found"] == len(KINDS)


@pytest.mark.slow
def test_what_is_found_is_shown_small_and_can_be_judged_again(tmp_path: Path) -> None:
    ran = run("key-error", "--inputs", str(INPUTS), "--jobs", "1", "--unguided")
    (again,) = re.findall(r"again: python -m tests.fuzz (.*)", ran.stdout)
    assert "input: b'kind=lease'" in ran.stdout
    once_more = run(*again.split()[2:])
    assert once_more.returncode == 1
    assert "KeyError" in once_more.stdout


def test_a_slow_expression_is_a_hang_though_it_never_leaves_the_engine() -> None:
    target = catalogue.targets("tests.fuzz.planted")["slow-regex"]
    finding = judge(target, b"a" * 60)
    assert finding is not None
    assert finding.what == "hang"


def test_what_is_held_is_measured() -> None:
    target = catalogue.targets("tests.fuzz.planted")["bomb"]
    finding = judge(target, b"9999999:", memory=True)
    assert finding is not None
    assert finding.what == "memory"


def test_an_error_that_a_target_may_raise_is_no_finding() -> None:
    target = catalogue.targets("tests.fuzz.planted")["off-by-one"]
    assert judge(target, b"no length") is None
