"""A job as a row of the book of jobs: what was asked and what it costs are JSON there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub_migrate.acting.jobs.item_rows import time_of
from durahub_migrate.monitor.actions import Command, Cost, JobRequest, JobState, Verb

JOBS = (
    "SELECT number, hub, request, state, made, by, via, cost, started, ended, problem, wanted, address"
    " FROM job"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the book has it. *wanted* is what somebody asked of whoever runs it: pause or cancel.

    *address* is where its hub is, as it was typed.
    """

    number: int
    hub: str
    request: JobRequest
    state: JobState
    made: Ticks
    by: str
    via: str
    cost: Cost | None = None
    started: Ticks | None = None
    ended: Ticks | None = None
    problem: str | None = None
    wanted: str | None = None
    address: str | None = None


def job_of(row: tuple[Any, ...]) -> Job:
    """Return the job of a row that `JOBS` has found."""
    number, hub, request, state, made, by, via, cost, started, ended, problem, *rest = row
    return Job(
        number=number,
        hub=hub,
        request=_request(loads(request)),
        state=JobState(state),
        made=Ticks(made),
        by=by,
        via=via,
        cost=_cost(loads(cost)) if cost is not None else None,
        started=time_of(started),
        ended=time_of(ended),
        problem=problem,
        wanted=rest[0],
        address=rest[1],
    )


def written(request: JobRequest) -> Mapping[str, Any]:
    """Return what was asked, as it is stored."""
    asked = request.command
    return {
        "verb": asked.verb.value,
        "hub": asked.hub,
        "arguments": dict(asked.arguments),
        "reason": asked.reason,
        "query": request.query,
        "rate": request.rate,
        "archive": request.archive,
        "most": request.most,
        "dryRun": request.dry_run,
    }


def _request(found: Mapping[str, Any]) -> JobRequest:
    return JobRequest(
        command=Command(
            verb=Verb(found["verb"]),
            hub=found["hub"],
            arguments=found["arguments"],
            reason=found["reason"],
        ),
        query=found["query"],
        rate=found["rate"],
        archive=found["archive"],
        most=found["most"],
        dry_run=found["dryRun"],
    )


def _cost(found: Mapping[str, Any]) -> Cost:
    lists = ("reruns", "children", "examples")
    values: dict[str, Any] = {
        name: tuple(value) if name in lists else value for name, value in found.items()
    }
    return Cost(**values)
