"""``durahub batch run`` and ``resume``: a job is counted, confirmed, and waited for."""

import sys
from pathlib import Path

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, say
from durahub.errors import BadRequest, JobRefused
from durahub_migrate.acting.jobs.items import OF_JOBS
from durahub_migrate.cli.batch_opening import address_of, book_of, opened
from durahub_migrate.cli.batch_printing import left, print_counted, say_paused, told
from durahub_migrate.cli.batch_waiting import counted, finished
from durahub_migrate.cli.hub_opening import folder_option, me
from durahub_migrate.monitor.actions import Command, JobRequest, JobState, JobView, Verb

VERBS = sorted(verb.value for verb in OF_JOBS)

requests_option = click.option(
    "--requests-per-second",
    type=click.FloatRange(0.1, 1000),
    default=100.0,
    show_default=True,
    help="Requests to storage a second, at most.",
)


@click.command("run")
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
        async with opened(hub, folder, requests_per_second) as (key, jobs):
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
            return await counted(jobs, jobs.make(request, me()).number)

    job = run(counting())
    print_counted(job, output)
    if job.state is JobState.PAUSED:
        raise SystemExit(say_paused(job))
    if dry_run:
        return
    if not left(job):
        with book_of(folder) as jobs:
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
    async with opened(address, folder, requests_per_second) as (_, jobs):
        if jobs.view(number).state is JobState.READY:
            jobs.start(number, me())
        else:
            jobs.resume(number, me(), uncertain=uncertain)
        return told(await finished(jobs, number), jobs, output)


@click.command("resume")
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
    address = address_of(number, folder)

    async def counting() -> JobView:
        async with opened(address, folder, requests_per_second) as (_, jobs):
            jobs.resume(number, me())
            return await counted(jobs, str(number))

    with book_of(folder) as jobs:
        job = jobs.view(number)
    if job.state is JobState.PAUSED and job.cost is None:
        job = run(counting())
        print_counted(job, output)
        if job.state is JobState.PAUSED:
            raise SystemExit(say_paused(job))
        _confirm(job)
    going_on = _going_on(
        address, folder, requests_per_second, job.number, output, uncertain=uncertain
    )
    raise SystemExit(run(going_on))


def _arguments(settings: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in settings:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise BadRequest(f"an argument is written NAME=VALUE, not {text!r}")
        is_flag = name in ("recursive", "newId") and value in ("true", "false")
        found[name] = value == "true" if is_flag else value
    return found


def _confirm(job: JobView) -> None:
    """Ask whether a job shall begin. Raises `JobRefused` where nobody can be asked, or says no."""
    verb, hub = job.request.command.verb.value, job.request.command.hub
    if not sys.stdin.isatty():
        raise JobRefused(job.number, "nobody confirmed it; say --yes, or resume it")
    if not click.confirm(f"{verb} {left(job):,} instances of {hub}?", err=True):
        raise JobRefused(job.number, "it was not confirmed")
