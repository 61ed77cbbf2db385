"""Jobs as the web page and the command line have them: made, counted, started, paused, gone on with."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

from durahub.dispatch.clock import Clock
from durahub.errors import (
    BadArgument,
    BadRequest,
    DurahubError,
    JobRefused,
    NotOffered,
    WrongJobState,
)
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.arguments import Arguments
from durahub_migrate.acting.audit import TRIED, Audit, Who
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import Found, TooMany, count, told
from durahub_migrate.acting.jobs.items import OF_JOBS, PURGES, State
from durahub_migrate.acting.jobs.job_rows import Job
from durahub_migrate.acting.jobs.locks import Locks, release
from durahub_migrate.acting.jobs.reporting import FORMATS, report
from durahub_migrate.acting.jobs.running import Runner
from durahub_migrate.applying.pacing import ThrottledPace
from durahub_migrate.applying.throttle import Limits
from durahub_migrate.monitor.access import AuditEntry
from durahub_migrate.monitor.actions import JobRequest, JobState, JobView
from durahub_migrate.monitor.querying import parse

log = logging.getLogger(__name__)

FASTEST = 1000.0
"""Instances a second; a job that may go faster has no need of a rate."""

_DIGITS = 18  # of the number of a job; SQLite has no room for more
_INTERRUPTED = "the process that ran it has ended; it can be resumed"

Actors = Callable[[str], JobActor]
"""Returns the actor of a hub by its key. Raises `HubNotFound`."""

Finding = Callable[[str], Found]
"""Returns what finds the instances of a hub: its index, or a scan where there is none."""


class Jobs:
    """The jobs of one data folder, as far as this process runs them. Use it in ``async with``.

    At its end jobs that run are paused, and it waits until they have stopped. *on_change* is told a job
    whenever it changes. *together* lets several jobs run on one hub. *address_of* tells where a hub is.
    """

    def __init__(
        self,
        book: JobBook,
        actors: Actors,
        finding: Finding,
        audit: Audit,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_change: Callable[[JobView], object] = bool,
        together: bool = False,
        address_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._book = book
        self._actors = actors
        self._finding = finding
        self._audit = audit
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._on_change = on_change
        self._together = together
        self._address_of = address_of
        self._locks = Locks(book.folder)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closing = False

    async def __aenter__(self) -> "Jobs":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Pause what runs here, and return when it has; calling it twice is fine."""
        self._closing = True
        for number in tuple(self._tasks):
            self.stop(number)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # -- looking -------------------------------------------------------------------------------

    def all(self) -> tuple[JobView, ...]:
        """Return all jobs, the newest first."""
        return tuple(map(self._view, self._book.jobs()))

    def view(self, number: int | str) -> JobView:
        """Return a job. Raises `BadRequest` if there is none of that number."""
        return self._view(self._book.job(_number(number)))

    def report(self, number: int | str, form: str = "csv") -> Iterator[str]:
        """Yield the lines of a job's report: ``csv`` or ``jsonl``. Raises `BadRequest`."""
        if form not in FORMATS:
            raise BadRequest(f"a report is {' or '.join(FORMATS)}, not {form!r}")
        job = self._book.job(_number(number))
        return report(self._book.all_items(job.number), form)

    def parts(self, number: int | str) -> tuple[str, ...]:
        """Return the bundles that a job has written."""
        return tuple(folder for _, folder, _ in self._book.parts(_number(number)))

    def uncertain(self, number: int | str) -> int:
        """Return of how many instances nobody knows whether the action was done."""
        return self._book.counts(_number(number)).get(State.UNCERTAIN, 0)

    def _view(self, job: Job) -> JobView:
        return self._book.view(self._as_it_is(job))

    def _as_it_is(self, job: Job) -> Job:
        """Return a job; one whose process has died is paused."""
        works = job.state in (JobState.COUNTING, JobState.RUNNING)
        if works and job.number not in self._tasks and not self._locks.is_run(job.number):
            return replace(job, state=JobState.PAUSED, problem=_INTERRUPTED)
        return job

    # -- making and counting -------------------------------------------------------------------

    def make(self, request: JobRequest, who: Who) -> JobView:
        """Make a job and begin to count it. Raises `BadArgument`, `BadQuery`, `NotOffered`, `HubNotFound`."""
        actor = self._actors(request.command.hub)
        check(request, actor)
        parse(request.query, self._clock())
        address = self._address_of(request.command.hub)
        job = self._book.make(request, self._clock(), who.name, who.via, address)
        self._begin(job.number, self._count, self._lock(job.number))
        return self.view(job.number)

    async def settled(self, number: int | str) -> JobView:
        """Return a job when nothing is done to it here any more: counted, paused, or at its end."""
        task = self._tasks.get(_number(number))
        if task is not None:
            await asyncio.wait({task})
        return self.view(number)

    def stop(self, number: int | str) -> None:
        """Pause a job of this process, also while it is counted: then it is counted anew."""
        found = _number(number)
        task, job = self._tasks.get(found), self._book.job(found)
        if task is not None and job.state is JobState.COUNTING:
            task.cancel()
        elif task is not None and job.state is JobState.RUNNING:
            self._book.want(found, "pause")

    async def _count(self, number: int) -> None:
        job = self._book.job(number)
        request = job.request
        try:
            actor = self._actors(job.hub)
            query = parse(request.query, job.made)
            cost = await count(self._book, job, actor, self._finding(job.hub), query)
        except TooMany as error:
            self._book.put_items(number, (), anew=True)
            self._end(number, JobState.FAILED, str(error))
        except DurahubError as error:
            self._end(number, JobState.FAILED, told(error))
        else:
            self._book.set_cost(number, cost)
            if request.dry_run:
                self._end(number, JobState.DONE, None)
            else:
                self._book.set_state(number, JobState.READY)
                self._tell(number)

    # -- running -------------------------------------------------------------------------------

    def start(self, number: int | str, who: Who) -> JobView:
        """Start a job that was counted. Raises `WrongJobState`, `JobRefused`."""
        return self._run(_number(number), who, (JobState.READY,))

    def resume(self, number: int | str, who: Who, *, uncertain: bool = False) -> JobView:
        """Go on with a job that is paused, or whose process has died. Raises `WrongJobState`, `JobRefused`.

        With *uncertain* the instances of which nobody knows whether the action was done are tried again.
        """
        found = _number(number)
        self._must_be(found, (JobState.PAUSED, *((JobState.DONE,) if uncertain else ())))
        lock = self._lock(found)
        try:
            if uncertain:
                self._wait_again(found)
            if self._is_uncounted(found):
                self._book.set_state(found, JobState.COUNTING)
                self._begin(found, self._count, lock)
                return self.view(found)
            if self._book.job(found).state is JobState.RUNNING:  # its process has died
                self._book.set_state(found, JobState.PAUSED)
            return self._run(found, who, (JobState.PAUSED,), lock)
        except BaseException:
            if found not in self._tasks:
                release(lock)
            raise

    def _wait_again(self, number: int) -> None:
        """Let the instances wait of which nobody knows whether the action was done."""
        doubts = self._book.items(number, State.UNCERTAIN)
        self._book.write_all(
            number, [replace(one, state=State.WAITING, sentence=None) for one in doubts]
        )
        if doubts and self._book.job(number).state is JobState.DONE:
            self._book.set_state(number, JobState.PAUSED)

    def _lock(self, number: int) -> int:
        """Have a job: only then its state is written. Raises `JobRefused` if another process has it."""
        lock = self._locks.job(number)
        if lock is None:
            raise JobRefused(str(number), "another process has it")
        return lock

    def _must_be(self, number: int, before: tuple[JobState, ...]) -> None:
        job = self._as_it_is(self._book.job(number))
        if job.state not in before:
            needed = " or ".join(one.value for one in before)
            raise WrongJobState(str(number), job.state.value, f"it would have to be {needed}")

    def _is_uncounted(self, number: int) -> bool:
        """Tell whether a job was stopped before its count was shown: a dry run is never begun so."""
        kept = self._book.job(number)
        return kept.cost is None or kept.state is JobState.COUNTING or kept.request.dry_run

    def pause(self, number: int | str) -> JobView:
        """Ask that a job pauses behind the instance that is under way. Raises `WrongJobState`."""
        return self._ask(_number(number), "pause", (JobState.RUNNING,))

    def cancel(self, number: int | str) -> JobView:
        """End a job behind the instance that is under way; what was done stays. Raises `WrongJobState`."""
        found = _number(number)
        job = self._as_it_is(self._book.job(found))
        if job.state in (JobState.READY, JobState.PAUSED):
            lock = self._lock(found)
            try:
                self._end(found, JobState.CANCELED, None)
            finally:
                release(lock)
            return self.view(found)
        return self._ask(found, "cancel", (JobState.RUNNING,))

    def _ask(self, number: int, wanted: str, before: tuple[JobState, ...]) -> JobView:
        self._must_be(number, before)
        self._book.want(number, wanted)
        return self.view(number)

    def _run(
        self, number: int, who: Who, before: tuple[JobState, ...], lock: int | None = None
    ) -> JobView:
        job = self._book.job(number)
        actor = self._actors(job.hub)
        if lock is None:
            self._must_be(number, before)
        mine = self._lock(number) if lock is None else lock
        held: int | None = None
        try:
            held = self._locks.hub(job.hub) if not self._together else None
            if held is None and not self._together:
                raise JobRefused(str(number), f"another job runs on {job.hub}")
            self._audit.note(self._entry(job, who))
            self._book.set_state(number, JobState.RUNNING, before=before, started=self._clock())
            self._begin(number, lambda one: self._work(one, actor), mine, held)
        except BaseException:
            release(*((mine, held) if lock is None else (held,)))
            raise
        return self.view(number)

    def _entry(self, job: Job, who: Who) -> AuditEntry:
        waiting = self._book.counts(job.number).get(State.WAITING, 0)
        asked = job.request.command
        return AuditEntry(
            at=self._clock(),
            user=who.name,
            via=who.via,
            verb=asked.verb.value,
            hub=job.hub,
            target="",
            result=TRIED,
            reason=asked.reason,
            sentence=f"a job on {waiting} instances that {job.request.query!r} has found",
            job=str(job.number),
            request_id=who.request_id,
        )

    async def _work(self, number: int, actor: JobActor) -> None:
        job = self._book.job(number)
        limits = Limits(rate=job.request.rate)

        def wanted() -> str | None:
            return "pause" if self._closing else self._book.job(number).wanted

        async def sleep(seconds: float) -> None:
            await self._sleep(seconds)
            if wanted() is not None:
                pace.allow(replace(limits, pause=True))

        pace = ThrottledPace(limits, self._monotonic, stopping=lambda: True, sleep=sleep)
        runner = Runner(
            book=self._book,
            job=job,
            actor=actor,
            audit=self._audit,
            clock=self._clock,
            pace=pace,
            sleep=self._sleep,
            wanted=wanted,
            on_change=lambda: self._tell(number),
        )
        state, problem = await runner.run()
        self._end(number, state, problem)

    def _end(self, number: int, state: JobState, problem: str | None) -> None:
        ended = None if state is JobState.PAUSED else self._clock()
        self._book.set_state(number, state, problem=problem, ended=ended)
        self._tell(number)

    def _begin(
        self,
        number: int,
        work: Callable[[int], Coroutine[Any, Any, None]],
        lock: int,
        held: int | None = None,
    ) -> None:
        """Do *work* on a job in the background, and give its locks back then."""

        async def doing() -> None:
            try:
                await work(number)
            except Exception as error:
                log.exception("job-failed", extra={"job": number})
                self._end(number, JobState.FAILED, f"unexpected: {told(error)}")
            finally:
                self._tasks.pop(number, None)
                release(lock, held)

        self._tasks[number] = asyncio.create_task(doing(), name=f"batch job {number}")

    def _tell(self, number: int) -> None:
        with contextlib.suppress(BadRequest):
            self._on_change(self.view(number))


def check(request: JobRequest, actor: JobActor) -> None:
    """Raise `BadArgument` or `NotOffered` for a job that cannot be."""
    verb = request.command.verb
    if verb not in OF_JOBS:
        raise BadArgument(verb.value, "job", "is for instances and entities; do this one by itself")
    why = actor.offers.lacks.get(verb)
    if why is not None:
        raise NotOffered(actor.name, verb.value, why)
    Arguments.of(replace(request.command, target="any"))
    if not 0 < request.rate <= FASTEST:
        raise BadArgument(verb.value, "rate", f"is more than 0 and at most {FASTEST:g} a second")
    if request.most is not None and request.most < 1:
        raise BadArgument(verb.value, "most", "is at least 1")
    if request.archive is not None and verb not in PURGES:
        raise BadArgument(verb.value, "archive", "is for what deletes instances")


def _number(number: int | str) -> int:
    told = str(number)
    if not (told.isascii() and told.isdigit() and len(told) <= _DIGITS):
        raise BadRequest(f"a batch job has a number, not {told[:40]!r}")
    return int(told)
