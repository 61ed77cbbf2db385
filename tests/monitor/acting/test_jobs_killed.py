"""A job that is killed at any write, and gone on with, has done nothing twice that must not be."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from durahub_migrate.monitor.actions import Verb

ROOT = Path(__file__).parents[3]
EVERY = 10_000  # no second kill
ALL = [f"order-{number}" for number in range(4)]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="its runs are forked")


def runs(
    folder: Path, verb: Verb, first: int, last: int, every: int = EVERY
) -> list[dict[str, Any]]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.monitor.acting.killed_jobs", str(folder), verb.value),
            *map(str, (first, last, every)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_purged(found: list[dict[str, Any]]) -> None:
    for one in found:
        assert one["state"] == "done", one
        assert one["states"] == {"done": 4}, one
        assert one["sent"] == ALL, one
        assert one["saved"] == ALL, one  # each is in an archive that can be read


def check_raised(found: list[dict[str, Any]]) -> None:
    for one in found:
        assert one["state"] == "done", one
        assert one["most"] == 1, one  # no event was raised twice
        told = one["states"].get("done", 0) + one["states"].get("uncertain", 0)
        assert told == 4, one
        assert one["states"].get("uncertain", 0) <= one["kills"], one
        assert len(one["sent"]) >= one["states"].get("done", 0), one


def test_a_purge_that_is_killed_goes_on_and_each_is_archived_before(tmp_path: Path) -> None:
    found = runs(tmp_path, Verb.PURGE, 9, 12)
    assert [one["kills"] for one in found] == [1] * 4
    check_purged(found)


def test_an_event_is_raised_once_at_most_whenever_the_job_is_killed(tmp_path: Path) -> None:
    found = runs(tmp_path, Verb.RAISE_EVENT, 8, 11)
    assert [one["kills"] for one in found] == [1] * 4
    check_raised(found)


@pytest.mark.fault
def test_no_write_at_which_a_purge_is_killed_loses_anything(tmp_path: Path) -> None:
    found = runs(tmp_path / "once", Verb.PURGE, 1, 60)
    assert sum(one["kills"] for one in found) >= 50
    check_purged(found)
    often = runs(tmp_path / "often", Verb.PURGE, 8, 12, 21)
    assert sum(one["kills"] for one in often) >= 10
    check_purged(often)


@pytest.mark.fault
def test_no_write_at_which_events_are_killed_raises_one_twice(tmp_path: Path) -> None:
    found = runs(tmp_path / "once", Verb.RAISE_EVENT, 1, 50)
    assert sum(one["kills"] for one in found) >= 40
    check_raised(found)
    check_raised(runs(tmp_path / "often", Verb.RAISE_EVENT, 5, 9, 17))


@pytest.mark.fault
def test_no_write_at_which_terminations_are_killed_leaves_one_out(tmp_path: Path) -> None:
    found = runs(tmp_path, Verb.TERMINATE, 1, 50)
    assert all(one["states"] == {"done": 4} and one["sent"] == ALL for one in found)
