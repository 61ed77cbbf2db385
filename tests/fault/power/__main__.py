"""Cuts the power of a server on SQLite, many times: python -m tests.fault.power --cuts 500 --seed 1.

A real server, worker and clients run while every write to the files of its store is noted. Then, for
each of many moments, what a disk may hold is put together: what was synced, and any part of what was
not. Each must be whole, and have all that a caller had been told before. Exit status 1 if one is not.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fault.power.journal import Journal, compiled
from tests.fault.power.recorded import record
from tests.fault.report import write
from tests.fault.served import DURAHUB


def main(words: list[str]) -> int:
    """Do it, and return the exit status."""
    options = argparse.ArgumentParser(
        prog="python -m tests.fault.power",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--cuts", type=int, default=500)
    options.add_argument("--instances", type=int, default=50, help="of each of two runs")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--report", type=Path, help="write the figures to this file (JSON)")
    options.add_argument("--with", type=Path, action="append", default=[], dest="others",
                         metavar="REPORT", help="add the figures of an earlier report")  # fmt: skip
    said = options.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="durahub-power-"))
    library = compiled(folder)
    if isinstance(library, str):
        sys.stderr.write(f"writes cannot be noted here: {library}\n")
        return 2
    (folder / "disk").mkdir()
    journal = Journal(folder / "journal", folder / "disk", library)
    recorded = record(journal, (*DURAHUB, "serve"), instances=said.instances)
    sys.stderr.write(f"{len(recorded.steps)} writes, {len(recorded.acks)} acknowledgements\n")
    broken = recorded.broken(said.cuts, said.seed, folder)
    figures = {
        "power loss: cuts": said.cuts,
        "power loss: writes noted": len(recorded.steps),
        "power loss: acknowledgements": len(recorded.acks),
        "power loss: broken": len(broken),
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    if said.report:
        command = f"python -m tests.fault.power --cuts {said.cuts} --instances {said.instances}"
        write(said.report, f"{command} --seed {said.seed}", figures, said.others)
    if broken:
        print(f"\nBROKEN, seed {said.seed}; the journal and what is broken are in {folder}")
        print("\n".join(broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
