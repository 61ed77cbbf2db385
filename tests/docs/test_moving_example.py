"""The example at the head of docs/moving.md: its commands, run as they stand, print what it says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from durahub.local.server import running_server

pytestmark = [pytest.mark.slow, pytest.mark.sdk]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "moving.md").read_text("utf-8")


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the example with the lines that it prints; ``…`` stands for any."""
    section = PAGE.split("\n## An example\n")[1].split("\n## ")[0]
    for block in re.findall(r"^```\n(.*?)^```$", section, re.M | re.S):
        for one in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, *printed = one.splitlines()
            yield command, printed


def test_the_commands_of_the_example_print_what_the_page_says(tmp_path: Path) -> None:
    with ExitStack() as server:
        endpoint = ""
        for command, expected in commands():
            program, *arguments = shlex.split(command)
            if arguments[0] == "up":
                store = arguments[2].replace("sqlite:", f"sqlite:{tmp_path}{os.sep}")
                run = running_server(("--store", store), {"DURAHUB_STATE_DIR": str(tmp_path)})
                endpoint = server.enter_context(run).ready.endpoint
                continue
            if program == "durahub":
                server.close()  # the page says Ctrl-C
                arguments = ["-m", "durahub.cli.main", *arguments]
            else:
                arguments[0] = str(ROOT / arguments[0])
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=tmp_path,
                env={**os.environ, "ENDPOINT": endpoint, "DURAHUB_STATE_DIR": str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            assert_printed(done.stdout, expected)


def assert_printed(printed: str, expected: list[str]) -> None:
    """Assert that the lines are those, but for digests, times and sizes, and what ``…`` stands for."""
    pieces = "\n".join(map(shape, expected)).split("…\n") if expected else [""]
    told = "\n".join(map(shape, printed.splitlines())) + "\n"
    at = 0
    for number, piece in enumerate(pieces):
        found = told.find(piece.removesuffix("…"), at)
        assert found >= 0, (piece, told)
        assert number or found == 0, (piece, told)
        at = found


def shape(line: str) -> str:
    """Return a line without what differs from run to run."""
    if line == "…":
        return line
    line = re.sub(r"\b[0-9a-f]{16,64}\b…?", "DIGEST", line)
    line = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", line)
    return re.sub(r"[\d,]+ bytes", "SIZE", line)
