"""Plays seeds: ``python -m tests.simulation table 17`` shows one, ``… table 0 1000`` what fails of many."""

import logging
import sys

from durahub.classic.options import Manager
from tests.simulation.scenario import play, scenario


def main(manager: str, first: int, end: int | None = None) -> bool:
    """Play seeds from *first* up to *end*; tell whether all went well."""
    logging.disable(logging.CRITICAL)
    bad = []
    for seed in range(first, first + 1 if end is None else end):
        outcome = play(scenario(seed, Manager(manager)))
        if outcome.violations or end is None:
            print(outcome)
        if outcome.violations:
            bad.append(seed)
    print(f"failed: {bad or 'none'}")
    return not bad


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1], *map(int, sys.argv[2:])))
