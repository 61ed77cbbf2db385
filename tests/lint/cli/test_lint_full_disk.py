"""A disk that is full: one sentence, and what was there before is there still."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")

HOST_JSON = """{
  "version": "2.0",
  "extensions": {"durableTask": {"hubName": "orders", "storageProvider": {"partitionCount": "4"}}}
}
"""
LIMITED = """
import resource, sys
from durahub.cli.entry import run_entry
from durahub.cli.main import cli

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), -1))
sys.exit(run_entry(cli))
"""


def limited(folder: Path, room: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ``durahub lint`` where no file can be larger than *room*."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(room), "lint", ".", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "host.json").write_text(HOST_JSON)
    return folder


@pytest.mark.parametrize(
    ("arguments", "file", "before"),
    [
        (["--format", "json", "--output", "../result"], "../result", "an older result"),
        (["--report", "../report.html"], "../report.html", "an older report"),
        (
            ["--baseline", "../base.json", "--update-baseline"],
            "../base.json",
            '{"version": 1, "findings": {}}',
        ),
    ],
    ids=["output", "report", "baseline"],
)
def test_what_cannot_be_written_whole_is_not_written_at_all(
    app: Path, arguments: list[str], file: str, before: str
) -> None:
    (app / file).write_text(before)

    done = limited(app, 20, *arguments)

    assert done.returncode == 4, done.stderr
    assert "error: DH506: the file" in done.stderr
    assert "Traceback" not in done.stderr
    assert (app / file).read_text() == before
    assert sorted(one.name for one in app.parent.iterdir()) == ["app", Path(file).name]


def test_a_file_that_cannot_be_fixed_stays_as_it_is(app: Path) -> None:
    (app / "host.json").write_text(HOST_JSON.replace('"4"', '4, "partitionCount": 4'))
    before = (app / "host.json").read_bytes()
    assert "+++" in limited(app, 10**9, "--diff", "--unsafe-fixes").stdout

    done = limited(app, 20, "--fix", "--unsafe-fixes")

    assert done.returncode == 4, done.stderr
    assert "error: DH506: the file" in done.stderr
    assert (app / "host.json").read_bytes() == before
    assert [one.name for one in app.iterdir()] == ["host.json"]


@pytest.mark.parametrize("room", [0, 3_000, 30_000, 60_000])
def test_a_work_file_without_room_is_told_and_good_for_another_run(app: Path, room: int) -> None:
    done = limited(app, room, "--work", "../work")

    assert done.returncode == 4
    assert "error: DH508: the work file ../work cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert limited(app, 10**9, "--work", "../work").returncode in (0, 1)
