"""The command ``python -m tests.soak``."""

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.soak.figures import MOST_GROWTH, Verdict
from tests.soak.run import Soak, progress, soaked


@click.command()
@click.option(
    "--store",
    type=click.Choice(["sqlite", "azurite"]),
    default="sqlite",
    show_default=True,
    help="Where the hub is: a SQLite file, or an Azurite of our own that keeps its data in files.",
)
@click.option(
    "--minutes", type=float, default=30.0, show_default=True, help="How long instances are started."
)
@click.option(
    "--rate", type=float, default=6.0, show_default=True, help="Instances started in a second."
)
@click.option(
    "--every", type=float, default=5.0, show_default=True, help="Seconds between samples."
)
@click.option(
    "--most-growth",
    type=float,
    default=MOST_GROWTH,
    show_default=True,
    help="MiB an hour by which the server's memory may grow.",
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="File for the figures (JSON)."
)
def main(
    store: str, minutes: float, rate: float, every: float, most_growth: float, report: Path | None
) -> None:
    """Run a real server under mixed load for a long time, and look what it leaves behind.

    A `durahub serve` process, two processes of real SDK workers, and clients that start orchestrations
    at a steady rate: sequences, fan-out, timers, events, sub-orchestrations, entities with locks,
    continue-as-new, suspension, termination, failures, large payloads. What has ended is purged after
    20 seconds. Every output is compared with what it must be.

    \b
    Broken (exit status 1) is the server if
      - an instance has not ended after three minutes, or ended otherwise than it must,
      - the accounts between which entities move amounts do not add up to 0,
      - sessions, messages, work items, places of workers or calls are left when all is done,
        or a dozen more tasks or open files than before,
      - its memory (RSS) grows by more than --most-growth MiB an hour: the slope of the least squares'
        line through the samples of the last two thirds of the time; judged if these are five minutes
        at least, so from --minutes 7.5 on.

    \b
    Examples:
      python -m tests.soak --minutes 1
      python -m tests.soak --minutes 30 --report soak.json
      python -m tests.soak --store azurite --minutes 10 --rate 2
    """
    soak = Soak(store=store, seconds=60 * minutes, rate=rate, every=every, most_growth=most_growth)
    verdict = soaked(soak, progress)
    _print(verdict)
    if report is not None:
        command = f"python -m tests.soak --store {store} --minutes {minutes:g} --rate {rate:g}"
        report.write_text(json.dumps(_record(verdict, command), indent=2) + "\n")
    raise SystemExit(1 if verdict.broken else 0)


def _print(verdict: Verdict) -> None:
    table = Table("figure", "")
    for name, value in verdict.figures.items():
        table.add_row(name, str(value))
    console = Console()
    console.print(table)
    for one in verdict.broken:
        console.print(one, markup=False)


def _record(verdict: Verdict, command: str) -> dict[str, object]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "suite": "soak",
        "command": command,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": commit,
        "figures": dict(verdict.figures) | {"broken": len(verdict.broken)},
    }


if __name__ == "__main__":
    main()
