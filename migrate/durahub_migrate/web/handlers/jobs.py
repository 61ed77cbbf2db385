"""Jobs: actions on all instances that a query finds, made, steered and reported."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from starlette.responses import StreamingResponse

from durahub.errors import BadRequest, FileUnavailable, NotOffered
from durahub_migrate.acting.audit import DONE, Audit, Who, entry_of, outcome
from durahub_migrate.monitor.access import READ
from durahub_migrate.monitor.actions import Command, JobRequest, JobView, Verb
from durahub_migrate.monitor.querying import parse
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.actions import check_reason, who_acts
from durahub_migrate.web.operations import Media, Operation, Parameter
from durahub_migrate.web.settings import WebSettings

MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


class Jobs(Protocol):
    """What runs jobs: `durahub_migrate.acting.jobs.service.Jobs`, which says what each raises."""

    def all(self) -> tuple[JobView, ...]:
        """Return all jobs."""

    def view(self, number: int | str) -> JobView:
        """Return a job."""

    def report(self, number: int | str, form: str = "csv") -> Iterator[str]:
        """Yield the lines of a report."""

    def make(self, request: JobRequest, who: Who) -> JobView:
        """Make a job and begin to count it."""

    def start(self, number: int | str, who: Who) -> JobView:
        """Start a job that was counted."""

    def resume(self, number: int | str, who: Who, *, uncertain: bool = False) -> JobView:
        """Go on with a job."""

    def pause(self, number: int | str) -> JobView:
        """Ask that a job pauses."""

    def cancel(self, number: int | str) -> JobView:
        """End a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAsked:
    """A job that is asked for; see `durahub_migrate.monitor.actions.JobRequest`."""

    hub: str
    verb: Verb
    query: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    rate: float = 5.0
    archive: str | None = None
    most: int | None = None
    dry_run: bool = False


class JobHandlers:
    """Answers about jobs. *archives* is the folder in which users elsewhere may have archives written."""

    def __init__(
        self, jobs: Jobs | None, settings: WebSettings, audit: Audit, archives: Path | None
    ) -> None:
        self._jobs = jobs
        self._settings = settings
        self._audit = audit
        self._archives = archives

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/jobs",
                about="All jobs on hubs that the user may read, the newest first.",
                handler=self.listed,
                gives=tuple[JobView, ...],
            ),
            Operation(
                method="POST",
                path="api/jobs",
                about="Makes a job: it is counted, and then waits to be started.",
                handler=self.made,
                takes=JobAsked,
                gives=JobView,
            ),
            Operation(
                method="GET",
                path="api/jobs/{number}",
                about="A job.",
                handler=self.shown,
                gives=JobView,
            ),
            *(
                Operation(
                    method="POST",
                    path=f"api/jobs/{{number}}/{verb}",
                    about=about,
                    handler=partial(self.steered, verb),
                    gives=JobView,
                )
                for verb, about in (
                    ("start", "Starts a job that was counted."),
                    ("pause", "Pauses a job behind the instance that is under way."),
                    ("resume", "Goes on with a job that is paused or was interrupted."),
                    ("cancel", "Ends a job; what was done stays done."),
                )
            ),
            Operation(
                method="GET",
                path="api/jobs/{number}/report",
                about="What became of each instance of a job.",
                handler=self.report,
                gives=Media("a line an instance", ("text/csv", "application/jsonl")),
                parameters=(
                    Parameter(
                        name="format",
                        about="the form of the report",
                        default="csv",
                        choices=tuple(MEDIA),
                    ),
                ),
            ),
        ]

    async def listed(self, call: Call) -> tuple[JobView, ...]:
        """Return the jobs."""
        jobs = self._jobs.all() if self._jobs is not None else ()
        seen = [one for one in jobs if call.sight.may(READ, one.request.command.hub)]
        return call.sight.shown(tuple(seen))

    async def shown(self, call: Call) -> JobView:
        """Return a job."""
        return call.sight.shown(self._job(call))

    async def made(self, call: Call) -> JobView:
        """Make a job."""
        asked: JobAsked = call.body
        hub = call.sight.hub(asked.hub).ref.key
        request = JobRequest(
            command=Command(
                verb=asked.verb, hub=hub, arguments=asked.arguments, reason=asked.reason
            ),
            query=asked.query,
            rate=asked.rate,
            archive=self._archive(call, asked.archive),
            most=asked.most,
            dry_run=asked.dry_run,
        )
        try:
            call.sight.need(asked.verb, hub)
            call.sight.check_search(parse(asked.query, call.now), hub)
            if not asked.dry_run:
                check_reason(asked.reason, self._settings)
            return call.sight.shown(self._running.make(request, who_acts(call)))
        except Exception as error:
            entry = entry_of(request.command, who_acts(call), lambda: call.now)
            self._audit.note(outcome(entry, lambda: call.now, None, error))
            raise

    async def steered(self, step: str, call: Call) -> JobView:
        """Start, pause, resume or cancel a job. Who did, or was not let, is noted."""
        job = self._job(call)
        command = job.request.command
        jobs, who = self._running, replace(who_acts(call), job=job.number)
        entry = replace(entry_of(command, who, lambda: call.now), sentence=f"{step} the job")
        try:
            call.sight.need(command.verb, command.hub)
            match step:
                case "start":
                    job = jobs.start(job.number, who)
                case "resume":
                    job = jobs.resume(job.number, who)
                case "pause":
                    job = jobs.pause(job.number)
                case _:
                    job = jobs.cancel(job.number)
        except Exception as error:
            self._audit.note(outcome(entry, lambda: call.now, None, error))
            raise
        if step in ("pause", "cancel"):  # of the others the job itself notes that
            with contextlib.suppress(FileUnavailable):  # a full disk must not keep a job running
                self._audit.note(replace(entry, result=DONE))
        return call.sight.shown(job)

    async def report(self, call: Call) -> StreamingResponse:
        """Return the report of a job."""
        job, form = self._job(call), call.given.text("format")
        lines = self._running.report(job.number, form)
        name = f'attachment; filename="job-{job.number}.{form}"'
        return StreamingResponse(
            (line.encode() for line in lines),
            media_type=MEDIA[form],
            headers={"content-disposition": name},
        )

    @property
    def _running(self) -> Jobs:
        if self._jobs is None:
            raise NotOffered("the monitor", "a job", "this monitor only reads")
        return self._jobs

    def _job(self, call: Call) -> JobView:
        """Return the job of a call; one on a hub that may not be read does not exist."""
        number = call.part("number")
        job = self._running.view(number)
        if not call.sight.may(READ, job.request.command.hub):
            raise BadRequest(f"there is no job {number}")
        return job

    def _archive(self, call: Call, archive: str | None) -> str | None:
        """Return where a job writes its archive: who is not at this machine names a folder of ours."""
        if archive is None or call.user.via == "loopback":
            return archive
        root = self._archives
        if root is None or not archive.replace("-", "").replace("_", "").isalnum():
            raise BadRequest(
                "archive is a name of letters, digits, - and _: a folder of the monitor's"
            )
        return str(root / archive)
