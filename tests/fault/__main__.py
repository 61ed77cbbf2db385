"""Breaks durahub on purpose, in reality: python -m tests.fault --store sqlite --seconds 60 --seed 1.

Real servers, SDK workers and clients run a mixed load while servers, workers and Azurite are killed
(kill -9) and paused (SIGSTOP), and proxies between them reset, delay, truncate and swallow. What
happened is recorded outside durahub, and checked in the end against what the hub holds.

On SQLite there is one server, on Azurite there are two. Exit status 1 if anything was broken: the seed,
the plan and the folder with the logs are printed then. The same seed has the same plan; what falls
between its acts is up to the machine.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fault.chaos.run import run
from tests.fault.report import write

PACE = {"sqlite": 6.0, "azurite": 2.0}  # instances a second


def main(words: list[str]) -> int:
    """Run it, and return the exit status."""
    options = argparse.ArgumentParser(
        prog="python -m tests.fault",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--store", choices=sorted(PACE), default="sqlite")
    options.add_argument("--seconds", type=float, default=60.0, help="how long it is not calm")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--pace", type=float, help="instances a second (6; on azurite 2)")
    options.add_argument("--report", type=Path, help="write the figures to this file (JSON)")
    options.add_argument("--with", type=Path, action="append", default=[], dest="others",
                         metavar="REPORT", help="add the figures of an earlier report")  # fmt: skip
    options.add_argument("--folder", type=Path, help="for logs and records; default: a new one")
    said = options.parse_args(words)
    folder = said.folder or Path(tempfile.mkdtemp(prefix="durahub-fault-"))
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def say(sentence: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - began:6.1f}] {sentence}\n")

    pace = said.pace or PACE[said.store]
    outcome = run(said.store, said.seed, said.seconds, pace, folder, say)
    figures = {f"{said.store}: {name}": value for name, value in outcome.figures.items()}
    figures[f"{said.store}: broken"] = len(outcome.broken)
    for name, value in figures.items():
        print(f"{name}: {value}")
    if said.report:
        command = f"python -m tests.fault --store {said.store} --seconds {said.seconds:g}"
        command += f" --seed {said.seed} --pace {pace:g}"
        write(said.report, command, figures, said.others)
    if outcome.broken:
        print(f"\nBROKEN, seed {said.seed}; logs and records are in {folder}\nthe plan:")
        print("\n".join(map(str, outcome.plan)))
        print("what is broken:")
        print("\n".join(outcome.broken))
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
