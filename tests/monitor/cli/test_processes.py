"""The same commands as people start them, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from durahub_migrate.acting.data_folder import VARIABLE
from tests.monitor.cli.commands import Run

SCRIPT = (
    "import sys\n"
    "from durahub.cli.entry import run_entry\n"
    "from durahub_migrate.cli.instance import instance\n"
    "sys.exit(run_entry(instance))\n"
)


def durahub_instance(
    folder: Path, *arguments: str, typed: str = ""
) -> "subprocess.CompletedProcess[str]":
    hub = f"sqlite:{folder / 'hub.db'}/Shop"
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**os.environ, VARIABLE: str(folder / "data"), "DURAHUB_HUB": hub},
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_what_one_process_sends_another_sees(run: Run, tmp_path: Path) -> None:
    started = durahub_instance(
        tmp_path, "start", "Order", "--id", "typed", "--input", "-", typed="7"
    )
    assert (started.returncode, started.stdout) == (0, "typed\n"), started.stderr
    listed = durahub_instance(tmp_path, "list", "-is:ended", "id:typed", "--format", "json")
    assert json.loads(listed.stdout)["input"] == "7"


def test_an_error_is_one_sentence_and_a_status(run: Run, tmp_path: Path) -> None:
    found = durahub_instance(tmp_path, "list", "status:Gone")
    assert found.returncode == 2
    assert found.stderr.startswith("error: DH121: ")
    assert "Traceback" not in found.stderr
