"""``durahub job``: the jobs of plans that are being applied, or were."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from durahub.cli.opening import run
from durahub.cli.output import format_option, print_facts, print_json, print_rows, say
from durahub.cli.server_life import stop_signal
from durahub.errors import BadSettingsFile, WrongJobState
from durahub.model.ticks import from_unix, to_text
from durahub_migrate.applying import control, hooks, job, job_rows, told_rows, unit_fates
from durahub_migrate.applying.counted_messages import messages
from durahub_migrate.applying.job_rows import JobRow
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.session import Session, Wanted, session
from durahub_migrate.applying.states import JobState
from durahub_migrate.cli.apply import limits_of, told_warning
from durahub_migrate.cli.apply_options import hook_option, speed_options
from durahub_migrate.cli.apply_telling import teller
from durahub_migrate.cli.movers import open_mover

_PLAN = click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))


@click.group("job")
def job_commands() -> None:
    """Look at the jobs of plans, steer them, hand over, take back.

    A plan that is applied has a job, in the folder PLAN.job; every command takes the plan's file.

    \b
    durahub job list
    durahub job show orders.plan
    durahub job set orders.plan rate=50 parallel=2
    durahub job cut-over orders.plan
    durahub job abort orders.plan
    durahub job confirm orders.plan

    Exit status: as 'durahub apply'.
    """  # noqa: D301 (click's mark for lines that stay as they are)


@job_commands.command("list")
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False
)
@format_option
def list_(folder: Path, output: str) -> None:
    """List the jobs of the plans in FOLDER, without it in the working folder."""
    rows = []
    for plan in job.jobs_in(folder):
        with job.look_at(plan) as connection:
            found = job_rows.job_of(connection)
        if found is None:
            continue
        is_running = job.is_running(plan)
        if output == "json":
            print_json(
                {
                    "plan": str(plan),
                    "state": found.state.value,
                    "running": is_running,
                    "target": found.target,
                    "changed": _time(found.changed),
                }
            )
        rows.append(
            (
                plan,
                found.state.value,
                "running" if is_running else "",
                found.target,
                _time(found.changed),
            )
        )
    if output == "text":
        print_rows(("plan", "state", "", "target", "since"), rows)


@job_commands.command()
@_PLAN
@format_option
def show(plan: Path, output: str) -> None:
    """Show how far the job of PLAN is; it may be running."""
    with job.look_at(plan) as connection:
        found = job_rows.job_of(connection)
        groups = unit_fates.groups(connection)
        if found is None:
            raise WrongJobState(str(plan), "not begun", "durahub apply begins it")
        moved, left = messages(connection, found.state, groups)
        doubts = told_rows.told(connection, "doubt")
    states: dict[str, int] = {}
    for group in groups:
        states[group.state.value] = states.get(group.state.value, 0) + group.units
    is_running = job.is_running(plan)
    if output == "json":
        print_json(
            {
                "plan": str(plan),
                "id": found.id,
                "planSha256": found.plan,
                "bundleRoot": found.bundle_root,
                "target": found.target,
                "state": found.state.value,
                "running": is_running,
                "began": _time(found.began),
                "changed": _time(found.changed),
                "units": states,
                "instances": sum(group.instances for group in groups),
                "events": sum(group.events for group in groups),
                "messages": moved,
                "left": left,
                "doubts": doubts,
                "speed": dict(found.status) if is_running else None,
            }
        )
        return
    print_facts(
        {
            "job": f"{found.id}, of plan {found.plan[:12]}, bundle {found.bundle_root[:12]}",
            "target": found.target,
            "state": f"{found.state.value} since {_time(found.changed)}"
            + (", running" if is_running else ""),
            "units": ", ".join(f"{count:,} {name}" for name, count in states.items()),
            "at the target": f"{sum(group.instances for group in groups):,} instances, "
            f"{moved:,} messages",
            "left behind": ", ".join(f"{count:,} {reason}" for reason, count in left.items()),
            "doubts": ", ".join(f"{count:,} {reason}" for reason, count in doubts.items()),
            "speed": _speed(found.status) if is_running else None,
        }
    )


def _speed(status: Mapping[str, Any]) -> str | None:
    if not status:
        return None
    rates = ", ".join(f"{rate:,.1f} {kind}/s" for kind, rate in status["rates"].items() if rate)
    limit = status["actions_per_second"]
    return ", ".join(
        part
        for part in (
            "paused" if status["pause"] else "",
            rates,
            f"{status['parallel']} at a time",
            f"at most {limit:,.1f} actions/s" if limit is not None else "",
        )
        if part
    )


@job_commands.command("set")
@_PLAN
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
def set_(plan: Path, settings: tuple[str, ...]) -> None:
    """Set how fast the job of PLAN goes, also while it runs.

    rate (actions a second), bytes_per_second, parallel (units at a time), pause (true or false), postpone
    (the cut-over waits: true or false); none takes a limit away. They are kept in PLAN.job/control.toml.

    \b
    durahub job set orders.plan rate=50 parallel=2
    durahub job set orders.plan rate=none postpone=true
    """  # noqa: D301 (click's mark for lines that stay as they are)
    texts = {}
    for one in settings:
        name, equals, text = one.partition("=")
        if not equals:
            raise click.UsageError(f"{one!r} is not NAME=VALUE")
        texts[name.replace("-", "_")] = text
    _steer(plan, **control.parse(texts, "durahub job set"))


@job_commands.command()
@_PLAN
def pause(plan: Path) -> None:
    """Have the job of PLAN begin nothing more, until 'resume'."""
    _steer(plan, pause=True)


@job_commands.command()
@_PLAN
def resume(plan: Path) -> None:
    """Have the job of PLAN go on after 'pause'. One that does not run is gone on with by 'durahub apply'."""
    _steer(plan, pause=False)
    if not job.is_running(plan):
        say("no process is at work on it: durahub apply goes on")


def _steer(plan: Path, **changes: Any) -> None:
    with job.look_at(plan):
        file = job.folder_of(plan) / job.CONTROL
    try:
        known = control.read(file)
    except BadSettingsFile as error:
        say(f"warning: {error}; it is written anew")
        known = control.Control()
    control.write(file, replace(known, **changes))


@job_commands.command("cut-over")
@_PLAN
@click.option("--anyway", is_flag=True, help="Also if units have failed or were rejected.")
@hook_option
@format_option
def cut_over(plan: Path, anyway: bool, hook: tuple[str, ...], output: str) -> None:
    """Hand over what the job of PLAN has moved: the target's app may run from now on.

    The job has to be ready: all units have been placed and counted. A run that waits for its --postpone-file
    is told by removing that, or by 'durahub job set PLAN postpone=false'.
    """

    async def work(opened: Session) -> int:
        if anyway:
            await opened.journal.do(job_rows.set_accepts)
        return await opened.cut_over()

    raise SystemExit(_opened(Wanted(plan=plan, hooks=hooks.parse(hook)), output, work))


@job_commands.command()
@_PLAN
@click.option(
    "--yes-point-of-no-return",
    is_flag=True,
    help="Take back also what has run at the target since: what it did there is lost.",
)
@speed_options
@hook_option
@format_option
def abort(
    plan: Path, yes_point_of_no_return: bool, hook: tuple[str, ...], output: str, **options: Any
) -> None:
    """Take back what the job of PLAN has put at the target, the last first; nothing that was there before.

    It can be done until 'confirm'. One that is stopped goes on with the same command. What the source had is
    still there: it was never changed. Then thaw it ('durahub hub thaw'), and start its app again.
    """

    async def work(opened: Session) -> int:
        return await opened.abort(past_return=yes_point_of_no_return)

    wanted = Wanted(plan=plan, limits=limits_of(options), hooks=hooks.parse(hook))
    raise SystemExit(_opened(wanted, output, work))


def _opened(wanted: Wanted, output: str, work: Any) -> int:
    async def opening() -> int:
        with stop_signal() as stop:
            told = teller(output, time.monotonic)
            try:
                async with session(
                    wanted, stop, open_mover, told, told_warning, create=False
                ) as opened:
                    status: int = await work(opened)
                    return status
            finally:
                told.close()

    return run(opening())


@job_commands.command()
@_PLAN
def confirm(plan: Path) -> None:
    """End the job of PLAN: what was moved stays, and cannot be taken back any more.

    Do it when the app has run at the target for a while. The bundle is not needed any more then.
    """

    async def confirming() -> None:
        with OpenPlan(plan) as opened:
            async with job.open_job(opened, time.time, create=False) as journal:
                found = await journal.do(job_rows.job_of)
                assert found is not None, "it was filled when it was opened"  # noqa: S101 (for the types)
                if found.state is not JobState.HANDED_OVER:
                    wanted = "what is confirmed is what was handed over"
                    raise WrongJobState(str(job.folder_of(plan)), found.state.value, wanted)
                await journal.do(
                    partial(job_rows.set_job, state=JobState.CONFIRMED, now=int(time.time()))
                )

    run(confirming())
    say("confirmed: the job is over; the old hub is as it was, and yours to delete")


@job_commands.command()
@_PLAN
@click.option("--force", is_flag=True, help="Also of a job that is not over.")
def clean(plan: Path, force: bool) -> None:
    """Remove the folder of the job of PLAN, when it is confirmed or aborted."""
    with job.look_at(plan) as connection:
        found: JobRow | None = job_rows.job_of(connection)
    over = (JobState.CONFIRMED, JobState.ABORTED)
    if found is not None and found.state not in over and not force:
        wanted = "confirm or abort it first; --force forgets what was put at the target"
        raise WrongJobState(str(job.folder_of(plan)), found.state.value, wanted)
    job.clean(plan)


def _time(seconds: int) -> str:
    return to_text(from_unix(seconds, 0))
