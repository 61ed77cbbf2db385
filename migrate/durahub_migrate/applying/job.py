"""The folder of a job, beside its plan: ``orders.plan`` has ``orders.plan.job``.

===================  ==================================================================
``journal.sqlite``   what was done
``control.toml``     how fast it may go; read again while it runs
``failed.jsonl``     units that were rejected or have failed, with code and reason
===================  ==================================================================
"""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from durahub.dispatch.clock import new_id
from durahub.errors import FileUnavailable, JobMismatch, JournalUnusable, WrongJobState
from durahub_migrate.applying import job_rows, journal_file
from durahub_migrate.applying.job_rows import JobRow
from durahub_migrate.applying.journal import Journal, open_journal
from durahub_migrate.applying.journal_file import OnWrite
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.states import JobState
from durahub_migrate.applying.unit_fates import Lost

SUFFIX = ".job"
JOURNAL, CONTROL, FAILED = "journal.sqlite", "control.toml", "failed.jsonl"


def folder_of(plan: Path) -> Path:
    """Return the folder of a plan's job."""
    return plan.with_name(plan.name + SUFFIX)


def plan_of(folder: Path) -> Path:
    """Return the plan of a job's folder."""
    return folder.with_name(folder.name.removesuffix(SUFFIX))


def jobs_in(folder: Path) -> list[Path]:
    """Return the plans in *folder* that have a job."""
    found = folder.glob(f"*{SUFFIX}/{JOURNAL}")
    return sorted(plan_of(one.parent) for one in found)


@contextlib.asynccontextmanager
async def open_job(
    plan: OpenPlan,
    now: Callable[[], float],
    *,
    create: bool,
    new_id: Callable[[], str] = new_id,
    stopping: Callable[[], bool] = bool,
    on_write: OnWrite = bool,
) -> AsyncIterator[Journal]:
    """Have a plan's job for the body, with *create* begun if there is none.

    Raises `JobMismatch`, `WrongJobState`, `JournalUnusable`; `FileUnavailable` if another process has it.
    """
    file = folder_of(plan.path) / JOURNAL
    if create:
        _make(file.parent)
    elif not file.exists():
        raise WrongJobState(str(plan.path), "not begun", "durahub apply begins it")
    async with open_journal(file, stopping=stopping, on_write=on_write) as journal:
        job = await journal.do(job_rows.job_of)
        if job is None:
            job = JobRow(
                id=new_id()[:16],
                plan=plan.end.sha256,
                bundle_root=plan.head.bundle_root,
                target=plan.head.target,
                state=JobState.PLACING,
                began=int(now()),
                changed=int(now()),
                accepts=False,
                status={},
            )
            await journal.do(partial(job_rows.fill, job=job, units=plan.units()))
        problem = mismatch(job, plan)
        if problem is not None:
            raise JobMismatch(str(file.parent), problem)
        yield journal


def mismatch(job: JobRow, plan: OpenPlan) -> str | None:
    """Return what tells a job's plan from *plan*, ``None`` if it is that one."""
    if job.plan != plan.end.sha256:
        return f"it was begun with a plan of digest {job.plan[:12]}, this one's is {plan.end.sha256[:12]}"
    return None


@contextlib.contextmanager
def look_at(plan: Path) -> Iterator[Connection]:
    """Look into a job's journal, also while it runs. Raises `WrongJobState`, `JournalUnusable`."""
    file = folder_of(plan) / JOURNAL
    if not file.exists():
        raise WrongJobState(str(plan), "not begun", "durahub apply begins it")
    with journal_file.looking(file) as connection:
        yield connection


def begun_job(plan: Path) -> JobRow | None:
    """Return the job of the plan in that file, if it has one that is neither confirmed nor aborted."""
    if not (folder_of(plan) / JOURNAL).exists():
        return None
    with look_at(plan) as connection:
        found = job_rows.job_of(connection)
    over = (JobState.CONFIRMED, JobState.ABORTED)
    return None if found is None or found.state in over else found


def is_running(plan: Path) -> bool:
    """Tell whether a process is at work on a plan's job."""
    return journal_file.is_held(folder_of(plan) / JOURNAL)


def write_lost(plan: Path, lost: Iterable[Lost]) -> int:
    """Write the units that were rejected or have failed, a line of JSON each; return how many there are."""
    file = folder_of(plan) / FAILED
    count = 0
    try:
        with file.open("w", encoding="utf-8") as out:
            for one in lost:
                told = {
                    "unit": one.root_id,
                    "state": one.state.value,
                    "after": one.was,
                    "code": one.code,
                    "reason": one.reason,
                }
                out.write(json.dumps({name: value for name, value in told.items() if value}) + "\n")
                count += 1
    except OSError as error:
        raise FileUnavailable(str(file), str(error.strerror)) from None
    return count


def clean(plan: Path) -> None:
    """Remove the folder of a job at which nobody is at work. Raises `FileUnavailable`."""
    folder = folder_of(plan)
    with journal_file.held(folder / JOURNAL):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise FileUnavailable(str(folder), str(error.strerror)) from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise JournalUnusable(str(folder), str(error.strerror)) from None
