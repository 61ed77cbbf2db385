"""Kills simulated servers at every request to storage: ``python -m tests.simulation.account --help``."""

import argparse
import json
import logging
import subprocess
import sys
from collections import Counter
from datetime import date
from functools import partial
from pathlib import Path

from tests.simulation.account.crash_points import STORES, crashed_at, points_of, requests_of
from tests.simulation.account.scenarios import SCENARIOS
from tests.simulation.account.storage import AccountStorage
from tests.simulation.whole.gate import Point
from tests.simulation.whole.plan import plan_of
from tests.simulation.whole.world import play

_TELLS = """\
Each run plays a small scenario on a simulated storage account with two servers, and kills the server that
makes request number K: before the request has its effect, and (with --after) behind it. A second
server goes on; in the end nothing may be lost. Without options all points of all scenarios are played
with the table manager.

  python -m tests.simulation.account --store safe --every 10
  python -m tests.simulation.account --scenario "a hand-over" --point 61 --after

With --seeds it plays seeds instead: whole worlds of two servers, workers and clients, under a weather of
storage (requests lost, late and refused, queues out of order, servers that stand still).

  python -m tests.simulation.account --seeds 0 1000
"""


def main() -> int:
    """Return the exit status: 1 if anything was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.account",
        description=_TELLS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--store", action="append", choices=STORES, help="default: table")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="default: all")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth point only")
    parser.add_argument("--point", type=int, metavar="K", help="play one point, and show the run")
    parser.add_argument("--after", action="store_true", help="that point behind its effect")
    parser.add_argument(
        "--seeds", type=int, nargs=2, metavar=("FIRST", "END"), help="play seeds; one: show the run"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    stores, scenarios = options.store or ["table"], options.scenario or list(SCENARIOS)
    if options.seeds is not None:
        return _seeds(stores[0], range(*options.seeds), options.report)
    if options.point is not None:
        point = Point(options.point, options.after)
        outcome = crashed_at(SCENARIOS[scenarios[0]], STORES[stores[0]], point)
        print(outcome)
        return 1 if outcome.violations else 0
    figures: dict[str, int | str] = {}
    broken = sum(
        _play(store, scenario, options.every, figures) for store in stores for scenario in scenarios
    )
    for what in ("points", "covered", "broken"):
        names = [name for name in figures if name.endswith(f", {what}")]
        figures[f"{what} in all"] = sum(int(figures[name]) for name in names)
    if options.report is not None:
        _report(options.report, "crash-points", figures)
    return 1 if broken else 0


def _seeds(store: str, seeds: range, report: Path | None) -> int:
    """Play seeds under their weather; return the exit status."""
    kind = STORES[store]
    make = partial(AccountStorage, manager=kind.manager, level=kind.level)
    counted: Counter[str] = Counter()
    for seed in seeds:
        outcome = play(plan_of(seed, AccountStorage.servers), make)
        if len(seeds) == 1:
            print(outcome)
        if outcome.violations:
            again = f"python -m tests.simulation.account --store {store} --seeds {seed} {seed + 1}"
            print(f"{again}: {outcome.violations[0]}", file=sys.stderr)
        counted["seeds run"] += 1
        counted["invariants broken"] += bool(outcome.violations)
        counted["requests to storage"] += outcome.calls
        counted["servers killed"] += outcome.crashes
        counted["repetitions that the layout allows"] += outcome.tolerated
        if counted["seeds run"] % 100 == 0:
            print(f"{counted['seeds run']} of {len(seeds)} seeds", file=sys.stderr)
    figures: dict[str, int | str] = {
        f"classic: {store}: {what}": number for what, number in counted.items()
    }
    for what, number in figures.items():
        print(f"{what}: {number}")
    if report is not None:
        _report(report, "simulation", figures)
    return 1 if counted["invariants broken"] else 0


def _play(store: str, scenario: str, every: int, figures: dict[str, int | str]) -> int:
    """Play the points of a scenario and note the figures; return how many were broken."""
    plan, kind = SCENARIOS[scenario], STORES[store]
    quiet = requests_of(plan, kind)
    if quiet.violations:
        print(f"{store}: {scenario}: broken without a crash", file=sys.stderr)
    points = list(points_of(quiet.calls, every))
    broken = [] if not quiet.violations else list(quiet.violations)
    crashes = 0
    for number, point in enumerate(points):
        outcome = crashed_at(plan, kind, point)
        crashes += outcome.crashes > quiet.crashes
        if outcome.violations:
            after = " --after" if point.after else ""
            again = f'--store {store} --scenario "{scenario}" --point {point.call}{after}'
            broken.append(again)
            said = outcome.violations[0]
            print(f"python -m tests.simulation.account {again}: {said}", file=sys.stderr)
        if number % 100 == 99:
            print(f"{store}: {scenario}: {number + 1} of {len(points)}", file=sys.stderr)
    name = f"{store}: {scenario}"
    figures[f"{name}, points"] = 2 * quiet.calls
    figures[f"{name}, covered"] = crashes
    figures[f"{name}, broken"] = len(broken)
    print(f"{name}: {2 * quiet.calls} points, {crashes} covered, {len(broken)} broken")
    return len(broken)


def _report(place: Path, suite: str, figures: dict[str, int | str]) -> None:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    told = {
        "suite": suite,
        "command": " ".join(["python -m tests.simulation.account", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "commit": asked.stdout.strip(),
        "figures": figures,
    }
    place.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
