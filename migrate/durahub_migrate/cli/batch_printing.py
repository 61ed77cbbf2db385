"""What ``durahub batch`` prints of a job."""

import json
from typing import Any

from durahub.cli.output import print_facts, print_json, say
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.monitor.actions import JobState, JobView
from durahub_migrate.monitor.json_form import to_json


def as_json(job: JobView) -> dict[str, Any]:
    """Return a job as the monitor's page is given it."""
    found: dict[str, Any] = json.loads(json.dumps(to_json(job)))
    return found


def print_counted(job: JobView, output: str) -> None:
    """Print what a job was counted to do."""
    if output == "json":
        print_json(as_json(job))
        return
    print_job(job)


def action(job: JobView) -> str:
    """Return what a job does."""
    verb = job.request.command.verb.value
    return f"{verb} (dry run)" if job.request.dry_run else verb


def print_job(job: JobView, parts: tuple[str, ...] = ()) -> None:
    """Print a job, with the *parts* of its archive."""
    asked, cost = job.request.command, job.cost
    about = "" if cost is None or cost.exact else "about "
    facts: dict[str, object] = {
        "job": job.number,
        "state": job.state.value,
        "action": action(job),
        "hub": asked.hub,
        "query": job.request.query or "(all)",
        "instances": f"{job.total:,} found, {left(job):,} to do, {job.done:,} done, "
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


def told(job: JobView, jobs: Jobs, output: str) -> int:
    """Print what became of a job; return the exit status."""
    if output == "json":
        print_json(as_json(job))
    else:
        print_job(job, jobs.parts(job.number))
    match job.state:
        case JobState.PAUSED:
            return say_paused(job)
        case JobState.DONE if not job.failed:
            return 6 if job.skipped else 0
    return 1


def say_paused(job: JobView) -> int:
    """Say that a job is paused; return the exit status."""
    why = f": {job.problem}" if job.problem else ""
    say(f"job {job.number} is paused{why}")
    say(f"'durahub batch resume {job.number}' goes on")
    return 5


def left(job: JobView) -> int:
    """Return how many instances a job has still to act on."""
    return job.total - job.done - job.skipped - job.failed
