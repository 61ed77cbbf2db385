"""What figures depend on: the machine, the versions, and whether somebody else was at work."""

import platform
import subprocess
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import PROC, Machine, processor
from durahub.local.program import azurite_program

PACKAGES = (
    "durahub", "durabletask", "grpcio", "protobuf", "aiohttp", "uvloop", "orjson",
)  # fmt: skip
BUSY = 0.10  # of the machine: more than this before a run, and its times are worth little
LOOK = 3.0  # seconds


def circumstances() -> dict[str, str]:
    """Return what to know of this machine and what is installed, by what it is called."""
    azurite = azurite_program()
    memory = _memory()
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor(),
        **({"memory": memory} if memory else {}),
        "system": f"{platform.system()} {platform.release()}",
        "revision": _revision(),
        "Python": sys.version.split()[0],
        "Azurite": f"{azurite.version} on Node {azurite.node.version}",
        **{package: version(package) for package in PACKAGES},
    }


def busy() -> float:
    """Look for some seconds how much of the machine is used, 0 to 1."""
    before = Machine.now()
    time.sleep(LOOK)  # a share of time needs time to look at
    return Machine.now().used_by_others(before, 0.0)


def _memory() -> str | None:
    try:
        (line,) = [
            line
            for line in (PROC / "meminfo").read_text().splitlines()
            if line.startswith("MemTotal:")
        ]
    except (OSError, ValueError):
        return None
    return f"{int(line.split()[1]) / 1024**2:.0f} GiB"


def _revision() -> str:
    """Return the commit of the checkout, and whether it is changed."""
    top = Path(__file__).parents[1]
    try:
        said = [
            subprocess.run(
                ["git", *command], cwd=top, capture_output=True, text=True, check=True
            ).stdout.strip()
            for command in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "-uno"))
        ]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{said[0]}, changed" if said[1] else said[0]
