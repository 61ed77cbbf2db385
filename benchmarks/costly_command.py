"""A command of durahub in a process of its own, which writes down at its end what it has cost.

    python -m benchmarks.costly_command FILE export orders orders.hub

*FILE* becomes one JSON object: CPU in seconds and the most memory in MiB since the process began, its start
too; and the bytes that it gave to the system to be written, to files and elsewhere.
"""

import json
import os
import runpy
import sys
from pathlib import Path

from benchmarks.processes import PROC, cost_of


def main() -> None:
    """Run the command that the arguments are."""
    file, sys.argv = Path(sys.argv[1]), ["durahub", *sys.argv[2:]]
    try:
        runpy.run_module("durahub.cli.main", run_name="__main__")
    finally:
        cost = cost_of(os.getpid())
        told = {"cpu": 0.0, "peak": 0.0} if cost is None else _of(cost.cpu, cost.peak_memory)
        file.write_text(json.dumps(told | {"written": _written()}))


def _of(cpu: float, peak: float) -> dict[str, float]:
    return {"cpu": cpu, "peak": peak}


def _written() -> int:
    try:
        lines = (PROC / "self" / "io").read_text().splitlines()
    except OSError:
        return 0
    return int(dict(line.split(": ") for line in lines)["wchar"])


if __name__ == "__main__":
    main()
