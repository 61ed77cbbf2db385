"""``durahub lint`` that gets ``SIGKILL`` anywhere: what goes on comes to what an undisturbed run comes to."""

import json
import random
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.bundles import a_history, an_instance, written
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS

PLACES = "lint/book.py,lint/work.py,lint/whole_file.py,lint/leading.py,assessment/,lint/reporting/"
ROOT = Path(__file__).parents[3]
MOMENTS = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?|[\d,.]+ (?:seconds|minutes|hours|days)\b")
WAITING = next(hub for hub in HUBS if hub.name == "waiting")
KILLED = [sys.executable, "-m", "tests.lint.cli.killed_command"]
Done = subprocess.CompletedProcess[str]


def killed_at(at: int, folder: Path, *arguments: str) -> Done:
    """Run the command, whose call number *at* into one of those places is its last; 0 is none."""
    outputs = ["--output", folder / "out.json", "--report", folder / "report.json"]
    command = ["lint", *arguments, "--select", "ALL", "--format", "json", "--each", *outputs]
    return subprocess.run(
        [*KILLED, PLACES, str(at), *map(str, command), "--work", str(folder / "work")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def told(folder: Path) -> Any:
    """Return what output and report say, without the moments of the run."""
    found = [json.loads((folder / name).read_text("utf-8")) for name in ("out.json", "report.json")]
    found[0].pop("remarks", None)
    return json.loads(MOMENTS.sub("…", json.dumps(found, sort_keys=True)))


def survives(tmp_path: Path, source: str, seed: int) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    undisturbed = killed_at(0, whole, source)
    assert undisturbed.returncode in (0, 1), undisturbed.stderr
    calls = int(re.findall(r"calls: (\d+)", undisturbed.stderr)[0])

    broken = tmp_path / "broken"
    broken.mkdir()
    chance = random.Random(seed)
    # once anywhere, once where it concludes, once where results and report are written
    for share in (
        chance.random() * 0.6,
        0.75 + chance.random() * 0.2,
        0.97 + chance.random() * 0.03,
    ):
        killed = killed_at(max(1, round(calls * share)), broken, source)
        assert killed.returncode in (-signal.SIGKILL, 0, 1), killed.stderr
        for name in ("out.json", "report.json"):
            if (broken / name).exists():
                json.loads((broken / name).read_text("utf-8"))  # whole or not there
    last = killed_at(0, broken, source)

    assert last.returncode == undisturbed.returncode, last.stderr
    assert told(broken) == told(whole)


@pytest.mark.fault
@pytest.mark.parametrize("seed", range(3))
def test_over_a_bundle(tmp_path: Path, seed: int) -> None:
    numbers = [f"order-{number:05}" + "x" * (90 if number % 9 == 0 else 0) for number in range(600)]
    written(tmp_path / "hub", [an_instance(one, history=a_history(one)) for one in numbers])

    survives(tmp_path, f"bundle:{tmp_path / 'hub'}", seed)


@pytest.mark.azurite
@pytest.mark.fault
@pytest.mark.parametrize("seed", range(2))
async def test_over_a_hub_in_storage(
    tmp_path: Path, azurite: Storage, hub_name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(WAITING, azurite.connection_string, hub_name)
    monkeypatch.setenv("KILLED_LINT_STORE", azurite.connection_string)

    survives(tmp_path, f"env:KILLED_LINT_STORE/{hub_name}", seed)
