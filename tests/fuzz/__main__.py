"""``python -m tests.fuzz``: fuzzes what reads bytes from outside."""

import json
import os
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import click

from tests.fuzz import catalogue
from tests.fuzz.campaign import Outcome, Plan, run, temporary_folder
from tests.fuzz.judging import Finding, judge
from tests.fuzz.target import Target
from tests.fuzz.turn import is_guided, smallest

SHOWN = 200  # bytes of an input that are printed as hex; the file has all


@click.command()
@click.argument("names", metavar="[TARGET]...", nargs=-1)
@click.option("--seconds", default=60.0, show_default=True, help="Time of the whole run.")
@click.option(
    "--inputs", type=click.IntRange(1), help="Judge so many of each target, whatever the time."
)
@click.option("--jobs", default=2, show_default=True, help="Processes at a time.")
@click.option("--seed", default=1, show_default=True, help="What chance begins with.")
@click.option("--list", "lists", is_flag=True, help="List the targets, and do nothing else.")
@click.option("--parsers", is_flag=True, help="List the parsers, who calls them, what enters them.")
@click.option("--input", "given", metavar="HEX", help="Judge one input, given as hex or @FILE.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the figures, as JSON.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the corpora that grow, and the findings, here; a later run goes on with them.",
)
@click.option("--unguided", is_flag=True, help="Do without Atheris: change inputs at random.")
@click.option("--module", default=catalogue.MODULE, hidden=True, help="Where the targets are.")
def main(
    names: tuple[str, ...],
    seconds: float,
    inputs: int | None,
    jobs: int,
    seed: int,
    lists: bool,
    parsers: bool,
    given: str | None,
    report: Path | None,
    folder: Path | None,
    unguided: bool,
    module: str,
) -> None:
    """Fuzz the parsers of durahub: all targets, or each TARGET named.

    A target hands bytes to one parser of what comes from outside. Whatever the bytes are, it may raise only
    the errors that it documents, must end, and may hold memory in proportion to the input; some have a
    property beside, such as that what was read and written again is the same.

    Where Atheris is installed (Linux; it is among the packages for development), coverage of the product's
    code guides what is tried. Elsewhere the corpus is changed at random. Every run begins with the inputs
    in tests/fuzz/corpus/TARGET. Progress is told on stderr, one line for each turn of a target.

    With --inputs a run tries the same each time, however fast the machine is: coverage does not guide it,
    hashes are not random, and no clock decides. The digest at the end is that of all inputs in their order.

    \b
    python -m tests.fuzz                                all targets, for a minute
    python -m tests.fuzz --list                         what there is
    python -m tests.fuzz --inputs 3000                  the same inputs each time: what CI does
    python -m tests.fuzz query-parse --seconds 600      one target, for ten minutes
    python -m tests.fuzz --seconds 3600 --folder DIR    for an hour, and more of it later
    python -m tests.fuzz query-parse --input 6e616d65   one input again

    What is found is printed with the smallest input that shows it, its hex, and the command that judges it
    again. To keep it: write the input to tests/fuzz/corpus/TARGET/crash-NAME; from then on it is a test.

    Exit status: 0 if nothing was found, 1 if anything was, 2 if the command line is wrong.
    """
    fuzzes = not (lists or parsers or given)
    if inputs is not None:
        if folder is not None:
            raise click.UsageError(
                "--inputs begins with the corpus of the repository, not with --folder"
            )
        if os.environ.get("PYTHONHASHSEED") != "0":  # is read when Python starts
            again = [sys.executable, "-m", "tests.fuzz", *sys.argv[1:]]
            os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    known = catalogue.targets(module, coverage=fuzzes and not unguided and inputs is None)
    for name in set(names) - set(known):
        raise click.UsageError(f"there is no target {name!r}; --list shows them")
    chosen = [known[name] for name in names or sorted(known)]
    if lists:
        for one in chosen:
            click.echo(f"{one.name:24} {one.says}")
    elif parsers:
        from tests.fuzz.parsers import table

        for line in table(known.values()):
            click.echo(line)
    elif given:
        if len(chosen) != 1:
            raise click.UsageError("--input needs one TARGET")
        sys.exit(_judged(chosen[0], given))
    else:
        plan = Plan(chosen, seconds, jobs, seed, folder or temporary_folder(), inputs)
        sys.exit(_fuzzed(plan, report, module))


def _judged(target: Target, given: str) -> int:
    data = Path(given[1:]).read_bytes() if given.startswith("@") else bytes.fromhex(given)
    finding = judge(target, data, memory=True)
    if finding is None:
        click.echo(f"{target.name}: nothing is wrong with these {len(data)} bytes")
        return 0
    if finding.what not in ("hang", "memory"):
        finding = smallest(target, finding)
    _print(finding, "")
    return 1


def _fuzzed(plan: Plan, report: Path | None, module: str) -> int:
    kind = "guided by coverage" if is_guided() else "at random, for coverage does not guide"
    share = f"{plan.seconds:g} s" if plan.inputs is None else f"{plan.inputs} inputs each"
    click.echo(f"{len(plan.targets)} targets, {share}, {kind}; {plan.folder}", err=True)
    outcome = run(plan, lambda line: click.echo(line, err=True))
    for finding in outcome.findings:
        _print(finding, "" if module == catalogue.MODULE else f" --module {module}")
    figures: dict[str, object] = {
        "targets": len(plan.targets),
        "inputs": sum(outcome.executions.values()),
        "bytes fuzzed": outcome.size,
        "hours": round(outcome.seconds / 3600, 2),
        "guided by coverage": "yes" if is_guided() else "no",
        "defects found": len(outcome.findings),
    }
    if plan.inputs is not None:
        figures["digest"] = outcome.digest
    click.echo(", ".join(f"{name}: {value}" for name, value in figures.items()))
    if report is not None:
        _write(report, figures)
    return 1 if _broken(outcome, plan.inputs or 1) else 0


def _broken(outcome: Outcome, least: int) -> bool:
    found = {one.target for one in outcome.findings}
    idle = {name: read for name, read in outcome.executions.items() if read < least}
    for name, read in idle.items():
        if name not in found:
            click.echo(f"{name}: {read} inputs were read, should be {least} or more")
    return bool(found or idle)


def _print(finding: Finding, more: str) -> None:
    text = finding.data[:SHOWN]
    rest = "" if len(finding.data) <= SHOWN else f"… ({len(finding.data)} bytes)"
    click.echo(f"\n{finding}\n  input: {text!r}{rest}\n  hex: {text.hex()}{rest}")
    shown = finding.data.hex() if not rest else f"@FILE-WITH-{len(finding.data)}-BYTES"
    click.echo(f"  again: python -m tests.fuzz{more} {finding.target} --input {shlex.quote(shown)}")


def _write(report: Path, figures: dict[str, object]) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    written = {
        "suite": "fuzzing",
        "command": shlex.join(["python", "-m", "tests.fuzz", *sys.argv[1:]]),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": commit.stdout.strip(),
        "figures": figures,
    }
    report.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
