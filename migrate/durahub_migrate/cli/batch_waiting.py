"""Waits for a job of ``durahub batch``; the first signal pauses it."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from durahub.cli.output import say
from durahub.cli.server_life import stop_signal
from durahub.errors import JobRefused
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.monitor.actions import JobState, JobView

LOOK_EVERY = 0.2  # seconds between two looks at how far a job is


async def counted(jobs: Jobs, number: str) -> JobView:
    """Return a job when it is counted, or a signal has ended that. Raises `JobRefused`."""
    found = await _settled(jobs, number, lambda: None)
    if found.state is JobState.FAILED:
        raise JobRefused(found.number, found.problem or "it could not be counted")
    return found


async def finished(jobs: Jobs, number: str) -> JobView:
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
