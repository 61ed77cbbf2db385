"""``durahub hub doctor``: checks a hub's invariants, and repairs what is safe to repair."""

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import click
from rich.console import Console

from durahub.address import HubAddress
from durahub.classic.doctor.doctor import Doctor
from durahub.classic.doctor.examination import Report
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.rules import RULES
from durahub.cli.opening import hub_address, run, storage_of
from durahub.cli.output import format_option, print_json, print_rows, say
from durahub.cli.tracking_options import tracking_prefix_option
from durahub.errors import BadRequest


@click.command()
@click.argument("address", metavar="[HUB]", required=False, envvar="DURAHUB_HUB")
@click.option("--repair", is_flag=True, help="Repair what is safe to repair, after showing it.")
@click.option("--yes", is_flag=True, help="Do not ask before repairing.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=1440.0,
    show_default=True,
    metavar="MINUTES",
    help="A blob that nothing names is an orphan only when it is as old: it may be about to be named.",
)
@tracking_prefix_option
@click.option("--notes", is_flag=True, help="Show what is normal or passes by itself, too.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, and look at no hub.")
@format_option
def doctor(
    address: str | None,
    repair: bool,
    yes: bool,
    grace: float,
    tracking_prefix: str | None,
    notes: bool,
    list_rules: bool,
    output: str,
) -> None:
    """Check the invariants of a task hub: rows, messages, blobs and leases that do not fit.

    Nothing is changed without --repair. A hub may be in use: what is found is looked for twice. Queues are
    peeked at, which shows 32 visible messages of each; where others are hidden (taken by a worker, or not yet
    due), the doctor says what it could not decide.

    --repair first shows what it would do and asks. While workers hold partitions it does only what is safe
    beside them; stop them for the rest. Every repair can be repeated.

    \b
    durahub hub doctor orders                      look
    durahub hub doctor orders --repair             look, show, ask, repair
    durahub hub doctor env:STORE/orders --format json | jq .rule

    Exit status: 0 clean (notes do not count), 1 something was found and is not repaired, 2 wrong usage,
    4 storage does not answer.
    """  # noqa: D301 (click's mark for lines that stay as they are)
    if list_rules:
        _print_rules(output)
        return
    named = hub_address(address)

    async def examining() -> int:
        async with storage_of(named.store) as storage:
            examiner = storage.doctor(named.hub, tracking_prefix)
            with _progress() as tell:
                report = await examiner.examine(grace=grace * 60, progress=tell)
            _print(report, output, notes=notes)
            job = await examiner.moving_job()
            if job is not None:
                say(
                    f"job {job} is moving instances into this hub and holds their messages back: what "
                    "seems to be missing comes with the hand-over, and nothing is repaired before (DH312)"
                )
            left = [finding for finding in report.findings if finding.counts]
            if repair and left and job is None:
                left = await _repair(examiner, named, report, grace * 60, yes=yes)
            return 1 if left else 0

    raise SystemExit(run(examining()))


async def _repair(
    doctor: Doctor, named: HubAddress, report: Report, grace: float, *, yes: bool
) -> list[Finding]:
    """Show what would be done, ask, do it; return what is left."""
    repairable = [finding for finding in report.findings if finding.repair is not None]
    able = [f for f in repairable if f.repair is not None and (f.repair.live or not report.workers)]
    if len(able) < len(repairable):
        say(
            f"{len(repairable) - len(able)} repairs are not safe while workers hold partitions: stop "
            f"{', '.join(report.workers)} first"
        )
    left = [finding for finding in report.findings if finding.counts and finding not in able]
    if not able:
        say("there is nothing that could be repaired")
        return left
    say(f"\nRepairing {named} would:")
    for finding in able:
        say(f"  {finding.repair}  ({finding.rule.name}: {finding.where})")
    if not yes:
        if not sys.stdin.isatty():
            raise BadRequest("there is no terminal to ask at; say --yes to repair")
        click.confirm(f"Do these {len(able)} repairs?", abort=True, err=True)
    async for outcome in doctor.repair(able, grace=grace):
        done = outcome.problem or "done"
        say(f"{done}: {outcome.finding.repair} ({outcome.finding.where})")
        if outcome.problem is not None and outcome.finding.counts:
            left.append(outcome.finding)
    return left


def _print(report: Report, output: str, *, notes: bool) -> None:
    found = sorted(report.findings, key=_order)
    shown = [finding for finding in found if finding.counts or notes]
    if output == "json":
        for finding in found:
            _print_json(finding)
        for one in report.undecided:
            undecided = {"queues": one.queues, "awaited": one.awaited, "hidden": one.hidden}
            print_json({"undecided": undecided})
    else:
        print_rows(
            ("severity", "rule", "where", "detail", "repair"),
            [
                (
                    f.rule.severity.value,
                    f.rule.name,
                    f.where,
                    f.detail,
                    f.repair or "a person decides",
                )
                for f in shown
            ],
        )
        for name in dict.fromkeys(finding.rule.name for finding in shown):
            rule = next(rule for rule in RULES if rule.name == name)
            say(f"{name}: {rule.means}\n  Repair: {rule.remedy}")
    for one in report.undecided:
        say(f"not decided: {one}")
    _summarize(report, found, shown)


def _summarize(report: Report, found: Sequence[Finding], shown: Sequence[Finding]) -> None:
    unshown = Counter(finding.rule.name for finding in found if finding not in shown)
    if unshown:
        said = ", ".join(f"{count} {name}" for name, count in sorted(unshown.items()))
        say(f"notes, shown with --notes: {said}")
    if report.workers:
        say(f"workers at work: {', '.join(report.workers)}")
    counting = sum(finding.counts for finding in found)
    say(
        f"{report.instances} instances, {report.blobs} large payloads: "
        + (f"{counting} findings" if counting else "clean")
    )


def _order(finding: Finding) -> tuple[int, int, str]:
    severities = ("error", "warning", "note")
    return severities.index(finding.rule.severity.value), RULES.index(finding.rule), finding.where


def _print_json(finding: Finding) -> None:
    print_json(
        {
            "rule": finding.rule.name,
            "severity": finding.rule.severity.value,
            "where": finding.where,
            "instanceId": finding.instance_id,
            "detail": finding.detail,
            "means": finding.rule.means,
            "repair": str(finding.repair) if finding.repair is not None else None,
            "safeBesideWorkers": finding.repair.live if finding.repair is not None else None,
        }
    )


def _print_rules(output: str) -> None:
    for rule in RULES:
        if output == "json":
            print_json(
                {
                    "rule": rule.name,
                    "severity": rule.severity.value,
                    "means": rule.means,
                    "remedy": rule.remedy,
                }
            )
        else:
            click.echo(f"{rule.name} ({rule.severity.value})\n  {rule.means}\n  {rule.remedy}\n")


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], object]]:
    """Show on a terminal how many instances were looked at."""
    if not sys.stderr.isatty():
        yield bool
        return
    with Console(stderr=True).status("looking at queues and leases") as status:

        def tell(count: int) -> None:
            if count % 50 == 0:
                status.update(f"looked at {count} instances")

        yield tell
