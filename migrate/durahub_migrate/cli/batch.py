"""``durahub batch``: one action on all instances that a query finds, as a job."""

from pathlib import Path

import click

from durahub.cli.output import format_option, print_json, print_rows, say
from durahub.model.ticks import to_text
from durahub_migrate.acting.jobs.reporting import FORMATS
from durahub_migrate.cli import batch_run
from durahub_migrate.cli.batch_opening import book_of
from durahub_migrate.cli.batch_printing import action, as_json, print_job
from durahub_migrate.cli.hub_opening import folder_option


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


batch.add_command(batch_run.run_)
batch.add_command(batch_run.resume)


@batch.command("list")
@folder_option
@format_option
def list_(folder: Path | None, output: str) -> None:
    """List the jobs, the newest first."""
    with book_of(folder) as jobs:
        found = jobs.all()
    if output == "json":
        for job in found:
            print_json(as_json(job))
        return
    print_rows(
        ("job", "state", "action", "hub", "query", "done", "skipped", "failed", "of", "made", "by"),
        [
            (
                job.number,
                job.state.value,
                action(job),
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
    with book_of(folder) as jobs:
        job = jobs.view(number)
        parts = jobs.parts(number)
    if output == "json":
        print_json({**as_json(job), "archives": list(parts)})
        return
    print_job(job, parts)


@batch.command()
@click.argument("number", type=int)
@folder_option
def pause(number: int, folder: Path | None) -> None:
    """Have the job NUMBER pause behind the instance that is under way."""
    with book_of(folder) as jobs:
        jobs.pause(number)
    say(f"job {number} pauses; 'durahub batch resume {number}' goes on")


@batch.command()
@click.argument("number", type=int)
@folder_option
def cancel(number: int, folder: Path | None) -> None:
    """End the job NUMBER behind the instance that is under way; what was done stays done."""
    with book_of(folder) as jobs:
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
    with book_of(folder) as jobs:
        for line in jobs.report(number, form):
            click.echo(line, nl=False)
