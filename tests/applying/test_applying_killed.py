"""A job that is killed at any moment, and gone on with, ends as one that nobody has disturbed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.applying.moves import Move, a_move

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="its runs are forked"),
]


def runs(move: Move, what: str, first: int, count: int) -> list[dict[str, Any]]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.applying.killed_app", str(move.plan.parent), what),
            *map(str, (first, count)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_no_moment_at_which_it_is_killed_changes_what_the_target_holds(tmp_path: Path) -> None:
    move = a_move(tmp_path, live=3, ended=2)
    (undisturbed,) = runs(move, "apply", 0, 1)
    assert undisturbed["killed"] == 0

    disturbed = runs(move, "apply", 1, 130)

    kills = sum(one["killed"] for one in disturbed)
    assert kills >= 200
    for one in disturbed:
        held = one["holds"]
        assert held.pop("hand-over") >= 1, one  # it may be done twice
        assert held == {name: n for name, n in undisturbed["holds"].items() if name != "hand-over"}


def test_an_abort_that_is_killed_leaves_nothing_at_the_target(tmp_path: Path) -> None:
    move = a_move(tmp_path, live=2, ended=1)

    disturbed = runs(move, "abort", 1, 30)

    assert sum(one["killed"] for one in disturbed) >= 20
    assert [one for one in disturbed if set(one["holds"]) != {"hand-over"}] == []
