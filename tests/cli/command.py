"""Runs the command as a user does: in a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


def durahub(*arguments: str, state: Path, env: dict[str, str] | None = None) -> Answer:
    """Run ``durahub`` and return what it said; *state* keeps it from finding the user's server."""
    done = subprocess.run(
        [sys.executable, "-m", "durahub.cli.main", *arguments],
        env={**os.environ, "DURAHUB_STATE_DIR": str(state), **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)
