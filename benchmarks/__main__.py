"""The command: ``python -m benchmarks``."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir

import click

from benchmarks import report
from benchmarks.contestants import BESIDE, BUNDLE, LEVELS, LINTED, parse
from benchmarks.filling import Filling
from benchmarks.machine import BUSY, busy, circumstances
from benchmarks.move import TARGETS
from benchmarks.plans import (
    PROFILES,
    Count,
    MeasureLint,
    MeasureMonitor,
    MeasureMove,
    MeasureScale,
    MeasureSize,
    Step,
    Time,
)
from benchmarks.results import Results, lines_of, read
from benchmarks.scenarios import SCENARIOS
from benchmarks.stores import STORES
from benchmarks.suite import AT_ONCE, carry_out

HERE = Path(__file__).parent
SAVED = Path(gettempdir()) / "durahub-benchmark.jsonl"
HUB_SIZE, SCALE, LINT, MOVE, MONITOR = "hub-size", "scale", "lint", "move", "monitor"
RESULTS = "RESULTS.md"
KEPT = {
    "results": RESULTS,
    LINT: "RESULTS-LINT.md",
    MOVE: "RESULTS-MOVE.md",
    MONITOR: "RESULTS-MONITOR.md",
}  # by profile: what is in the repository
LARGE = {
    HUB_SIZE: "five cities in a hub of n ended instances",
    SCALE: "a server starts on a hub of n instances of which a tenth sleeps",
    LINT: "a hub of n instances is linted with all rules",
    MOVE: "a hub of n instances is moved: "
    + "; ".join(f"{name}, {about}" for name, about in TARGETS.items()),
    MONITOR: "n instances are put into the monitor's index, which is then asked",
}


def _listing(names: dict[str, str]) -> str:
    return "\n".join(f"  {name:<16} {about}" for name, about in names.items())


EPILOG = f"""\b
Scenarios:
{_listing({name: f"{scenario.about} (n = {scenario.n})" for name, scenario in SCENARIOS.items()})}
{_listing(LARGE)}
\b
Contestants, as in "azurite exclusive x2" (store, level, servers on one hub):
{_listing(STORES)}
{_listing({level: about.about for level, about in LEVELS.items()})}
{_listing({"x2": "two servers on one hub, each with a worker and a client"})}
{_listing(BESIDE)}
{_listing(LINTED)}
\b
Profiles:
{_listing({name: profile.about for name, profile in PROFILES.items()})}
\b
Examples:
  python -m benchmarks run five-cities
  python -m benchmarks run five-cities -n 500 --on floor --on azurite --on "azurite exclusive" --turns 3
  python -m benchmarks run fan-out tree --on azurite --count
  python -m benchmarks run hub-size -n 100000 --on sqlite
  python -m benchmarks run lint -n 10000 --on azurite --on sqlite --on bundle
  python -m benchmarks run move -n 10000 --on sqlite
  python -m benchmarks suite --profile lint
  python -m benchmarks suite --profile move
  python -m benchmarks suite --profile monitor
  python -m benchmarks suite --profile quick

\b
Exit status: 0; 1 if a result was wrong, the two counts of requests differ, or a measurement failed.
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure durahub: what it costs, how fast it is, and how far from what is possible at all.

    Everything runs on this machine in processes of its own: storage, servers, workers of the Python SDK.
    Every result is checked. Requests are counted at a proxy in front of the storage, times are taken
    without it. Stop whatever else uses the machine: times are worth nothing beside other work.
    """


@main.command()
@click.argument("scenarios", nargs=-1, required=True, type=click.Choice([*SCENARIOS, *LARGE]))
@click.option("--on", multiple=True, default=["azurite"], show_default=True, metavar="CONTESTANT")
@click.option("-n", type=click.IntRange(1), help="How many. [default: the scenario's own number]")
@click.option("--at-once", type=click.IntRange(1), default=AT_ONCE, show_default=True)
@click.option("--turns", type=click.IntRange(1), default=1, show_default=True, help="Repeats.")
@click.option("--count", is_flag=True, help="Count requests at a proxy instead of taking times.")
@click.option("--idle", type=float, default=5.0, show_default=True, help="Seconds of idle phases.")
@click.option("--wrong", is_flag=True, help="Let the app give wrong answers: are they found out?")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def run(
    scenarios: Sequence[str],
    on: Sequence[str],
    n: int | None,
    at_once: int,
    turns: int,
    count: bool,
    idle: float,
    wrong: bool,
    as_json: bool,
) -> None:
    """Measure some scenarios on some contestants, in turn."""
    try:
        for name in on:
            parse(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--on") from None
    if BUNDLE in on and {*scenarios} != {LINT}:
        raise click.BadParameter(f"a {BUNDLE} can be linted, and nothing else", param_hint="--on")
    if MOVE in scenarios and not {*on} <= {*TARGETS}:
        names = ", ".join(TARGETS)
        raise click.BadParameter(f"a hub is moved to one of {names}", param_hint="--on")
    steps = [
        _step(name, scenario, n, turn, count)
        for turn in range(1, turns + 1)
        for scenario in scenarios
        for name in on
    ]
    results = Results(about=circumstances())
    carry_out(
        steps,
        results,
        None,
        _tell,
        lambda _: None,
        at_once=at_once,
        idle_seconds=idle,
        worker_flags=("--wrong",) if wrong else (),
    )
    if as_json:
        click.echo(lines_of(results), nl=False)
    else:
        report.show(results)
    _end(results)


def _step(name: str, scenario: str, n: int | None, turn: int, count: bool) -> Step:
    if scenario == HUB_SIZE:
        return MeasureSize(name, n or 1000, 100)
    if scenario == SCALE:
        n = n or 1000
        return MeasureScale(name, Filling(n - n // 10, n // 10))
    if scenario == LINT:
        return MeasureLint(name, n or 10_000)
    if scenario == MOVE:
        return MeasureMove(name, n or 1000)
    if scenario == MONITOR:
        return MeasureMonitor(name, n or 20_000)
    n = n or SCENARIOS[scenario].n
    return Count(name, scenario, n) if count else Time(name, scenario, n, turn)


def _repeated_by(profile: str, minutes: float | None) -> str:
    """Return the command that measures the same; where its results go is everybody's own affair."""
    command = f"python -m benchmarks suite --profile {profile}"
    return command if minutes is None else f"{command} --minutes {minutes:g}"


@main.command()
@click.option("--profile", type=click.Choice([*PROFILES]), default="quick", show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results as Markdown, and charts. "
    f"[default: benchmarks/ for {', '.join(KEPT)}, else none]",
)
@click.option(
    "--save",
    "saved",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SAVED,
    help="File to which all that was found is written after every step.",
)
@click.option("--minutes", type=float, help="Begin no step after so many. [default: the profile's]")
def suite(profile: str, out: Path | None, saved: Path, minutes: float | None) -> None:
    """Measure a whole profile and write its results: RESULTS.md, RESULTS-LINT.md and so on."""
    chosen = PROFILES[profile]
    started = time.monotonic()
    out = out or (HERE if profile in KEPT else None)
    page = KEPT.get(profile, RESULTS)
    others = busy()
    results = Results(about=circumstances())
    results.about["command"] = _repeated_by(profile, minutes)
    results.about["machine before"] = f"{others:.0%} busy with other work"
    if others > BUSY:
        _tell(f"WARNING: others use {others:.0%} of this machine: no times to be kept")

    def found(results: Results) -> None:
        results.about["took"] = f"{(time.monotonic() - started) / 60:.0f} minutes"
        saved.write_bytes(lines_of(results))
        if out:
            report.write(results, out / page)

    minutes = minutes or chosen.minutes
    deadline = started + minutes * 60 if minutes else None
    carry_out(chosen.steps, results, deadline, _tell, found, idle_seconds=chosen.idle_seconds)
    report.show(results)
    _tell(f"all that was found is in {saved}" + (f"; {out / page} is written" if out else ""))
    _end(results)


@main.command("report")
@click.argument("saved", type=click.Path(exists=True, path_type=Path), default=SAVED)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help=f"Write {RESULTS} here."
)
def report_again(saved: Path, out: Path | None) -> None:
    """Show again what an earlier run has saved."""
    results = read(saved)
    report.show(results)
    if out:
        report.write(results, out / RESULTS)
    _end(results)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _end(results: Results) -> None:
    for sentence in results.problems():
        _tell(f"benchmarks: {sentence}")
    sys.exit(1 if results.problems() else 0)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
