"""``durahub batch``: one action on all instances that a query finds, as a job."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, print_rows, say
from durahub.cli.server_life import stop_signal
from durahub.dispatch.clock import system_clock
from durahub.errors import BadRequest, JobRefused
from durahub.model.ticks import to_text
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.data_folder import data_folder
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import of_scan
from durahub_migrate.acting.jobs.items import OF_JOBS
from durahub_migrate.acting.jobs.reporting import FORMATS
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.cli.hub_opening import actor_of, folder_option, me, place_of
from durahub_migrate.monitor.actions import Command, JobRequest, JobState, JobView, Verb
from durahub_migrate.monitor.json_form import to_json

VERBS = sorted(verb.value for verb in OF_JOBS)
LOOK_EVERY = 0.2  # seconds between two looks at how far a job is

requests_option = click.option(
    "--requests-per-second",
    type=click.FloatRange(0.1, 1000),
    default=100.0,
    show_default=True,
    help="Requests to storage a second, at most.",
)


@click.group()
def batch() -> None:
    """Act on all instances that a query finds: purge, terminate, suspend, raise an event, and more.

    A job is counted before it begins: what it finds then is what it acts on, and what that takes is told. It
    goes at a rate, each instance is looked at right before, and what has changed meanwhile is left alone. A
    job that was interrupted, even by a crash, goes on with 'durahub batch resume'.

    \b
    durahub batch run purge orders --query 'status:Completed age>30d' --archive old-orders
    durahub batch run terminate orders --query 'name:Import* idle>2h' --reason 'stuck import' --yes
    durahub batch run raise-event orders --query 'status:Running' --set name=Approve --set 'data={"by":"ops"}'
    durahub batch list
    durahub batch report 7 > report.csv

    Exit status: 0 all was done, 1 some failed or nobody knows, or the job was canceled; 2 wrong usage, 3 it
    may not begin (not confirmed, too many, another job on the hub), 4 storage does not answer, 5 it is paused
    and can be resumed, 6 done, but some had changed and were skipped.
    """  # noqa: D301 (click's mark for lines that stay as they are)


@batch.command("run")
@click.argument("verb", metavar="ACTION", type=click.Choice(VERBS))
@click.argument("hub", metavar="HUB")
@click.option("--query", required=True, help="Which instances, as in the monitor; '' is all.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="An argument of the action: name, data, value, operation, at, recursive, newId.",
)
@click.option("--rate", type=float, default=5.0, show_default=True, help="Instances a second.")
@click.option(
    "--archive",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each into a hub bundle in this folder before it is purged.",
)
@click.option("--most", type=click.IntRange(1), help="Do nothing if it finds more instances.")
@click.option("--reason", help="Why; it is noted, and given to the instances.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@requests_option
@folder_option
@format_option
def run_(
    verb: str,
    hub: str,
    query: str,
    settings: tuple[str, ...],
    rate: float,
    archive: Path | None,
    most: int | None,
    reason: str | None,
    dry_run: bool,
    yes: bool,
    requests_per_second: float,
    folder: Path | None,
    output: str,
) -> None:
    """Do ACTION with all instances of HUB that the query finds.

    Ctrl-C pauses the job behind the instance that is under way; a second one ends it at once.
    """
    arguments = _arguments(settings)
    archived = str(archive.absolute()) if archive is not None else None

    async def counting() -> JobView:
        async with _opened(hub, folder, requests_per_second) as (key, jobs):
            command = Command(verb=Verb(verb), hub=key, arguments=arguments, reason=reason)
            request = JobRequest(
                command=command,
                query=query,
                rate=rate,
                archive=archived,
                most=most,
                dry_run=dry_run,
            )
            say(f"looking for {query or 'all instances'} in {key} …")
            return await _counted(jobs, jobs.make(request, me()).number)

    job = run(counting())
    _print_counted(job, output)
    if job.state is JobState.PAUSED:
        raise SystemExit(_say_paused(job))
    if dry_run:
        return
    if not _left(job):
        with _book(folder) as jobs:
            jobs.cancel(job.number)
        say("there is nothing to do")
        raise SystemExit(6 if job.skipped else 0)
    if not yes:
        _confirm(job)
    raise SystemExit(run(_going_on(hub, folder, requests_per_second, job.number, output)))


async def _going_on(
    address: str,
    folder: Path | None,
    requests_per_second: float,
    number: str,
    output: str,
    *,
    uncertain: bool = False,
) -> int:
    """Start a job that was counted, or go on with one; return the exit status."""
    async with _opened(address, folder, requests_per_second) as (_, jobs):
        if jobs.view(number).state is JobState.READY:
            jobs.start(number, me())
        else:
            jobs.resume(number, me(), uncertain=uncertain)
        return _told(await _finished(jobs, number), jobs, output)


@batch.command("resume")
@click.argument("number", type=int)
@click.option(
    "--uncertain",
    is_flag=True,
    help="Also those of which nobody knows whether the action was done: it may be done twice.",
)
@requests_option
@folder_option
@format_option
def resume(
    number: int,
    uncertain: bool,
    requests_per_second: float,
    folder: Path | None,
    output: str,
) -> None:
    """Go on with the job NUMBER, which was paused, or whose process has ended.

    One that was counted and never confirmed is started.
    """
    address = _address(number, folder)

    async def counting() -> JobView:
        async with _opened(address, folder, requests_per_second) as (_, jobs):
            jobs.resume(number, me())
            return await _counted(jobs, str(number))

    with _book(folder) as jobs:
        job = jobs.view(number)
    if job.state is JobState.PAUSED and job.cost is None:
        job = run(counting())
        _print_counted(job, output)
        if job.state is JobState.PAUSED:
            raise SystemExit(_say_paused(job))
        _confirm(job)
    going_on = _going_on(
        address, folder, requests_per_second, job.number, output, uncertain=uncertain
    )
    raise SystemExit(run(going_on))


@batch.command("list")
@folder_option
@format_option
def list_(folder: Path | None, output: str) -> None:
    """List the jobs, the newest first."""
    with _book(folder) as jobs:
        found = jobs.all()
    if output == "json":
        for job in found:
            print_json(_as_json(job))
        return
    print_rows(
        ("job", "state", "action", "hub", "query", "done", "skipped", "failed", "of", "made", "by"),
        [
            (
                job.number,
                job.state.value,
                _action(job),
                job.request.command.hub,
                job.request.query,
                job.done,
                job.skipped,
                job.failed,
                job.total,
                to_text(job.made),
                job.by,
            )
            for job in found
        ],
    )


@batch.command()
@click.argument("number", type=int)
@folder_option
@format_option
def show(number: int, folder: Path | None, output: str) -> None:
    """Show the job NUMBER; it may be running."""
    with _book(folder) as jobs:
        job = jobs.view(number)
        parts = jobs.parts(number)
    if output == "json":
        print_json({**_as_json(job), "archives": list(parts)})
        return
    _print_job(job, parts)


@batch.command()
@click.argument("number", type=int)
@folder_option
def pause(number: int, folder: Path | None) -> None:
    """Have the job NUMBER pause behind the instance that is under way."""
    with _book(folder) as jobs:
        jobs.pause(number)
    say(f"job {number} pauses; 'durahub batch resume {number}' goes on")


@batch.command()
@click.argument("number", type=int)
@folder_option
def cancel(number: int, folder: Path | None) -> None:
    """End the job NUMBER behind the instance that is under way; what was done stays done."""
    with _book(folder) as jobs:
        jobs.cancel(number)
    say(f"job {number} is canceled")


@batch.command()
@click.argument("number", type=int)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="Comma-separated, or one JSON object a line.",
)
@folder_option
def report(number: int, form: str, folder: Path | None) -> None:
    """Print what became of each instance of the job NUMBER."""
    with _book(folder) as jobs:
        for line in jobs.report(number, form):
            click.echo(line, nl=False)


# -- opening -----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _opened(
    address: str, folder: Path | None, requests_per_second: float
) -> AsyncIterator[tuple[str, Jobs]]:
    """Open a hub, and the jobs on it, for the body, which gets the hub's key."""
    async with actor_of(place_of(address), requests_per_second) as (key, actor):
        with _book(folder, actor, address) as jobs:
            async with jobs:
                yield key, jobs


@contextlib.contextmanager
def _book(
    folder: Path | None, actor: JobActor | None = None, address: str | None = None
) -> Iterator[Jobs]:
    """Open the jobs of a folder; without *actor* they can be looked at and steered, not run."""
    place = data_folder(folder)

    def actor_of(hub: str) -> JobActor:
        if actor is None or actor.hub != hub:
            raise BadRequest(f"hub {hub} is not open here")
        return actor

    with JobBook(place) as book:
        audit = AuditLog(place)
        try:
            yield Jobs(
                book,
                actor_of,
                lambda hub: lambda query: of_scan(actor_of(hub), query),
                audit,
                system_clock,
                address_of=lambda _: address,
            )
        finally:
            audit.close()


def _address(number: int, folder: Path | None) -> str:
    with JobBook(data_folder(folder)) as book:
        job = book.job(number)
    if job.address is None:
        raise BadRequest(f"job {number} was made on the monitor's page; go on with it there")
    return job.address


def _arguments(settings: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in settings:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise BadRequest(f"an argument is written NAME=VALUE, not {text!r}")
        is_flag = name in ("recursive", "newId") and value in ("true", "false")
        found[name] = value == "true" if is_flag else value
    return found


# -- running -----------------------------------------------------------------------------------


async def _counted(jobs: Jobs, number: str) -> JobView:
    """Return a job when it is counted, or a signal has ended that. Raises `JobRefused`."""
    found = await _settled(jobs, number, lambda: None)
    if found.state is JobState.FAILED:
        raise JobRefused(found.number, found.problem or "it could not be counted")
    return found


async def _finished(jobs: Jobs, number: str) -> JobView:
    """Return a job when it stops; the first signal pauses it."""
    with _progress(jobs, number) as tell:
        return await _settled(jobs, number, tell)


async def _settled(jobs: Jobs, number: str, tell: Callable[[], None]) -> JobView:
    settled = asyncio.ensure_future(jobs.settled(number))
    with stop_signal() as stop:
        asked = False
        while not settled.done():
            await asyncio.wait({settled}, timeout=LOOK_EVERY)
            tell()
            if stop.is_set() and not asked:
                asked = True
                say("pausing …")
                jobs.stop(number)
    return settled.result()


@contextlib.contextmanager
def _progress(jobs: Jobs, number: str) -> Iterator[Callable[[], None]]:
    """Show on a terminal how far a job is."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"job {number}", total=None)

        def tell() -> None:
            job = jobs.view(number)
            ended = job.done + job.skipped + job.failed
            problem = f", {job.failed} failed" if job.failed else ""
            progress.update(
                task, total=job.total, completed=ended, description=f"job {number}{problem}"
            )

        yield tell


def _left(job: JobView) -> int:
    return job.total - job.done - job.skipped - job.failed


def _confirm(job: JobView) -> None:
    """Ask whether a job shall begin. Raises `JobRefused` where nobody can be asked, or says no."""
    verb, hub = job.request.command.verb.value, job.request.command.hub
    if not sys.stdin.isatty():
        raise JobRefused(job.number, "nobody confirmed it; say --yes, or resume it")
    if not click.confirm(f"{verb} {_left(job):,} instances of {hub}?", err=True):
        raise JobRefused(job.number, "it was not confirmed")


# -- telling -----------------------------------------------------------------------------------


def _as_json(job: JobView) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(to_json(job)))
    return found


def _print_counted(job: JobView, output: str) -> None:
    if output == "json":
        print_json(_as_json(job))
        return
    _print_job(job)


def _action(job: JobView) -> str:
    verb = job.request.command.verb.value
    return f"{verb} (dry run)" if job.request.dry_run else verb


def _print_job(job: JobView, parts: tuple[str, ...] = ()) -> None:
    asked, cost = job.request.command, job.cost
    about = "" if cost is None or cost.exact else "about "
    facts: dict[str, object] = {
        "job": job.number,
        "state": job.state.value,
        "action": _action(job),
        "hub": asked.hub,
        "query": job.request.query or "(all)",
        "instances": f"{job.total:,} found, {_left(job):,} to do, {job.done:,} done, "
        f"{job.skipped:,} skipped, {job.failed:,} failed",
    }
    if cost is not None:
        facts["takes"] = (
            f"{about}{cost.rows:,} rows, {cost.blobs:,} blobs, {cost.bytes:,} bytes, "
            f"{cost.requests:,} requests"
        )
        facts["examples"] = ", ".join(cost.examples)
        facts["runs again"] = "; ".join(cost.reruns[:5])
        for why, count in list(cost.skipped.items())[:5]:
            facts[f"{count:,} skipped"] = why
    facts["archive"] = ", ".join(parts) or job.request.archive
    facts["problem"] = job.problem
    print_facts(facts)
    for failure in job.last_failures:
        say(f"failed: {failure}")


def _told(job: JobView, jobs: Jobs, output: str) -> int:
    """Print what became of a job; return the exit status."""
    if output == "json":
        print_json(_as_json(job))
    else:
        _print_job(job, jobs.parts(job.number))
    match job.state:
        case JobState.PAUSED:
            return _say_paused(job)
        case JobState.DONE if not job.failed:
            return 6 if job.skipped else 0
    return 1


def _say_paused(job: JobView) -> int:
    why = f": {job.problem}" if job.problem else ""
    say(f"job {job.number} is paused{why}")
    say(f"'durahub batch resume {job.number}' goes on")
    return 5
