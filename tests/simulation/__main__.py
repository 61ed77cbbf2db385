"""The simulation's command: ``python -m tests.simulation --help``."""

import logging
import sys
from pathlib import Path

import click

from durahub.classic.options import Manager
from tests.simulation.scenario import play as play_hand_over
from tests.simulation.scenario import scenario
from tests.simulation.whole.crash_points import crashes_at, points_of
from tests.simulation.whole.many import Tally, tallies, write_report
from tests.simulation.whole.plan import plan_of
from tests.simulation.whole.shrinking import shrunk
from tests.simulation.whole.storage import storage_of
from tests.simulation.whole.world import play

SERVERS = {"sqlite": 1, "classic": 2}
STORES = click.Choice(list(SERVERS))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run servers in virtual time, with all that goes wrong, from a seed.

    \b
    Whole servers: dispatch, engine, store, workers, clients, networks, crashes.
      python -m tests.simulation run --store sqlite --seeds 0-999 --jobs 2
      python -m tests.simulation whole sqlite --seed 4711       one seed, told step by step
      python -m tests.simulation points --store sqlite          a crash at every call to storage

    \b
    The hand-over of partitions between durahub's servers and .NET workers:
      python -m tests.simulation table 17                       one seed
      python -m tests.simulation table 0 1000                   what fails of many

    Exit status: 0 if all went well, 1 if anything did not.
    """


@main.command()
@click.argument("store", type=STORES)
@click.option("--seed", type=int, required=True, help="The seed to play.")
@click.option("--shrink", is_flag=True, help="Look for the smallest plan that fails.")
def whole(store: str, seed: int, shrink: bool) -> None:
    """Play one seed over STORE, and tell what happens in it."""
    logging.disable(logging.CRITICAL)
    make = storage_of(store)
    outcome = play(plan_of(seed, SERVERS[store]), make)
    if shrink and outcome.violations:
        outcome = shrunk(outcome, make)
    click.echo(str(outcome))
    sys.exit(bool(outcome.violations))


@main.command()
@click.option("--store", type=STORES, default="sqlite", show_default=True)
@click.option("--seeds", default="0-999", show_default=True, help="The first and the last seed.")
@click.option("--jobs", default=1, show_default=True, help="Processes at once.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the figures there, as JSON.")
def run(store: str, seeds: str, jobs: int, report: Path | None) -> None:
    """Play many seeds; of the first that fails show the smallest trace that does."""
    logging.disable(logging.CRITICAL)
    first, _, last = seeds.partition("-")
    total = Tally()
    count = int(last or first) - int(first) + 1
    for tally in tallies(int(first), int(last or first), store, SERVERS[store], jobs):
        total.add(tally)
        for seed, violations in tally.failed.items():
            click.echo(f"seed {seed}: {violations[0]}")
            click.echo(f"    python -m tests.simulation whole {store} --seed {seed} --shrink")
        click.echo(f"{total.seeds} of {count} seeds, {len(total.failed)} failed", err=True)
    if report is not None:
        figures: dict[str, int | float | str] = {
            f"{store}: seeds run": total.seeds,
            f"{store}: invariants broken": len(total.failed),
            f"{store}: servers crashed": total.crashes,
            f"{store}: calls to storage": total.calls,
            f"{store}: turns": total.turns,
            f"{store}: hours simulated": round(total.hours, 1),
        }
        command = f"python -m tests.simulation run --store {store} --seeds {seeds} --jobs {jobs}"
        write_report(report, "simulation", command, figures)
    if total.failed:
        seed = min(total.failed)
        make = storage_of(store)
        click.echo(str(shrunk(play(plan_of(seed, SERVERS[store]), make), make)))
    sys.exit(bool(total.failed))


@main.command()
@click.option("--store", type=STORES, default="sqlite", show_default=True)
@click.option("--report", type=click.Path(path_type=Path), help="Write the figures there, as JSON.")
@click.option("--every", default=1, show_default=True, help="Only each so many-th point.")
def points(store: str, report: Path | None, every: int) -> None:
    """Crash a server at every call to storage of a fixed scenario, before it has its effect and after."""
    logging.disable(logging.CRITICAL)
    make = storage_of(store)
    found = points_of(make)
    failed = 0
    chosen = found[::every]
    covered = 0
    for number, point in enumerate(chosen):
        outcome = crashes_at(point, make)
        covered += outcome.crashes > 0
        if outcome.violations:
            failed += 1
            click.echo(str(outcome))
        if number % 50 == 49:
            click.echo(f"{number + 1} of {len(chosen)} points, {failed} failed", err=True)
    click.echo(f"{store}: {covered} of {len(found)} points, {failed} failed")
    if report is not None:
        figures: dict[str, int | float | str] = {
            f"{store}: points": len(found),
            f"{store}: points covered": covered,
            f"{store}: invariants broken": failed,
        }
        command = f"python -m tests.simulation points --store {store}"
        write_report(report, "crash-points", command, figures)
    sys.exit(failed > 0)


def _hand_over(manager: Manager) -> None:
    @main.command(manager.value, short_help=f"Hand-over with the {manager.value} manager.")
    @click.argument("first", type=int)
    @click.argument("end", type=int, required=False)
    def hand_over(first: int, end: int | None) -> None:
        """Play seed FIRST, or those from FIRST up to END and show what fails."""
        logging.disable(logging.CRITICAL)
        bad = []
        for seed in range(first, first + 1 if end is None else end):
            outcome = play_hand_over(scenario(seed, manager))
            if outcome.violations or end is None:
                click.echo(str(outcome))
            if outcome.violations:
                bad.append(seed)
        click.echo(f"failed: {bad or 'none'}")
        sys.exit(bool(bad))


for one in Manager:
    _hand_over(one)

if __name__ == "__main__":
    main()
