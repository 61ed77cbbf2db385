"""Everything that a run of a job needs, opened in its order, and closed again."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from durahub.dispatch.clock import system_clock
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub_migrate.applying import (
    balance,
    checks,
    hooks,
    job,
    job_rows,
    throttle,
    told_rows,
    unit_fates,
    unit_rows,
)
from durahub_migrate.applying.control import Watched
from durahub_migrate.applying.counted_messages import messages
from durahub_migrate.applying.deciding import Tally, exit_status
from durahub_migrate.applying.engine import TooManyFailures
from durahub_migrate.applying.events import Summary
from durahub_migrate.applying.gear import Gear
from durahub_migrate.applying.journal import Journal, StopRequested
from durahub_migrate.applying.journal_file import OnWrite
from durahub_migrate.applying.pacing import ThrottledPace
from durahub_migrate.applying.patience import Patience, TargetAway
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.reporting import Reporter, Teller
from durahub_migrate.applying.running import Ending, Running
from durahub_migrate.applying.seen import seen_by_root
from durahub_migrate.applying.settings import ApplySettings, settled
from durahub_migrate.applying.states import JobState
from durahub_migrate.applying.strays import StraysFailed
from durahub_migrate.applying.taking_back import NotTakenBack
from durahub_migrate.applying.throttle import Limits
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import LooksUpUnits, Moved, Mover
from durahub_migrate.moving.pace import Pace
from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.units import Unit

STOPPED = 5
"""The exit status of a run that can be gone on with."""

LOOK_EVERY = 1.0  # seconds between two looks at the control file, and two words on how far it is
KEEP_EVERY = 2  # of these: then it is written into the journal

OVER = (JobState.HANDED_OVER, JobState.CONFIRMED)
"""The states of a job in which applying has nothing left to do: its target is not even looked at."""

OpenMover = Callable[
    [PlanHead, str, Content, Pace, Callable[[], Ticks]], AbstractAsyncContextManager[Mover]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants of a run."""

    plan: Path
    settings: ApplySettings = field(default_factory=ApplySettings)
    limits: Limits = field(default_factory=Limits)
    skip_blocked: bool = False
    postpone_file: Path | None = None
    hooks: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """A job that is open, with its target."""

    wanted: Wanted
    plan: OpenPlan
    content: Content
    journal: Journal
    running: Running
    teller: Teller

    async def apply(self) -> int:
        """Carry the plan out; return the exit status."""
        return await self._run(self.running.apply())

    async def cut_over(self) -> int:
        """Hand over what is ready; return the exit status."""
        return await self._run(self.running.cut_over())

    async def abort(self, *, past_return: bool) -> int:
        """Take back what was put at the target; return the exit status."""
        return await self._run(self.running.abort(past_return=past_return))

    async def _run(self, work: Awaitable[Ending]) -> int:
        reason: str | None = None
        ending: Ending | None = None
        status = STOPPED
        try:
            ending = await work
            reason = ending.obstacle
        except StopRequested:
            reason = "it was stopped; the same command goes on"
        except TargetAway as error:
            reason = f"the target does not answer ({error}); the same command goes on"
        except (TooManyFailures, StraysFailed, NotTakenBack) as error:
            status = 1
            reason = str(error) or "more units have failed than may (--max-failures)"
        except DurahubError as error:
            with contextlib.suppress(DurahubError):  # the journal may be what has failed
                await self._hook(hooks.ON_FAILURE, str(error))
            raise
        summary = await self._summary(status, reason, ending)
        self.teller.ended(summary)
        if summary.exit_status != 0 and summary.state not in (
            JobState.HANDED_OVER,
            JobState.CONFIRMED,
            JobState.ABORTED,
        ):
            await self._hook(hooks.ON_FAILURE, reason or "")
        return summary.exit_status

    async def _summary(self, status: int, reason: str | None, ending: Ending | None) -> Summary:
        found = await self.running.job()
        groups = await self.journal.do(unit_fates.groups)
        moved, left = await self.journal.do(partial(messages, state=found.state, groups=groups))
        tally = Tally.of(groups)
        if ending is not None:
            status = exit_status(tally, self.wanted.settings)
            if found.state is JobState.ABORTING:
                status = 1
            elif found.state is JobState.ABORTED:
                status = 0
        count = await self.journal.do(self._write_lost)
        sums: dict[str, dict[str, int]] = {}
        if ending is not None and found.state is not JobState.ABORTED:
            sums = balance.balance(self.plan.end, groups, await self._messages())
            if any(balance.residue(sums).values()):
                status = 1
        return Summary(
            plan=str(self.plan.path),
            job=str(job.folder_of(self.plan.path)),
            target=self.plan.head.target,
            state=found.state,
            exit_status=status,
            failed=tally.failed,
            rejected=tally.rejected,
            instances=sum(group.instances for group in groups),
            events=sum(group.events for group in groups),
            messages=moved,
            reason=reason,
            balance=sums,
            residue=balance.residue(sums),
            left=left,
            doubts=await self.journal.do(partial(told_rows.told, kind="doubt")),
            lost_file=str(job.folder_of(self.plan.path) / job.FAILED) if count else None,
            bundle=str(self.plan.bundle),
        )

    def _write_lost(self, connection: Connection) -> int:
        return job.write_lost(self.plan.path, unit_fates.lost(connection))

    async def _messages(self) -> dict[str, int]:
        """Return where the messages are that the source had."""
        counts = self.content.manifest.counts
        by_root = seen_by_root(
            self.content, is_exact=self.plan.head.capabilities.kind is not PlaceKind.ENDPOINT
        )

        def sums(connection: Connection) -> dict[str, int]:
            return balance.of_messages(
                counts.messages_read,
                counts.messages_rejected,
                by_root,
                unit_fates.fates(connection),
                told_rows.of_queues(connection),
                has_strays=told_rows.has_strays(connection),
            )

        return await self.journal.do(sums)

    async def _hook(self, moment: str, reason: str) -> None:
        await self._tell_hook(moment, (await self.running.job()).state, reason)

    async def _tell_hook(self, moment: str, state: JobState, reason: str = "") -> None:
        tally = await self.running.tally()
        facts = {
            "plan": self.plan.path,
            "job": job.folder_of(self.plan.path),
            "target": self.plan.head.target,
            "state": state.value,
            "units_failed": tally.failed,
            "units_rejected": tally.rejected,
            "reason": reason,
        }
        await hooks.run(self.wanted.hooks, moment, facts)


class _Untouched:
    """A `Mover` of a target at which nothing is left to do."""

    async def carry_out(self, *_: object, **__: object) -> Moved:
        raise AssertionError("the job was handed over")

    async def withdraw(self, *_: object, **__: object) -> Moved:
        raise AssertionError("the job was handed over")

    async def hand_over(self) -> None:
        raise AssertionError("the job was handed over")


@contextlib.asynccontextmanager
async def session(
    wanted: Wanted,
    stop: asyncio.Event,
    open_mover: OpenMover,
    teller: Teller,
    warn: Callable[[str], object],
    *,
    create: bool,
    on_write: OnWrite = bool,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Session]:
    """Open a job for the body, with *create* begun where there is none.

    With *create* the target of a job that was handed over is left alone: its workers may be there. Raises
    `BadPlan`, `BadBundle`, `JobMismatch`, `MoveBlocked`, `JournalUnusable`, and `Unavailable` where
    the target does not answer, or another process has it or the job.
    """
    async with contextlib.AsyncExitStack() as stack:
        plan = stack.enter_context(OpenPlan(wanted.plan))
        content = stack.enter_context(open_content(plan.bundle))
        checks.check_bundle(str(wanted.plan), plan.head, content.manifest.root)
        if create:
            checks.check_plan(plan.head, plan.end, skip_blocked=wanted.skip_blocked)
        limits = settled(wanted.limits, plan.head.capabilities.kind)
        watched = Watched(job.folder_of(wanted.plan) / job.CONTROL, limits, warn)
        pace = ThrottledPace(watched.look(), clock, stopping=stop.is_set)
        is_new = not (job.folder_of(wanted.plan) / job.JOURNAL).exists()
        journal = await stack.enter_async_context(
            job.open_job(plan, now, create=create, stopping=stop.is_set, on_write=on_write)
        )
        row = await journal.do(job_rows.job_of)
        assert row is not None, "it was filled when it was opened"  # noqa: S101 (for the types)
        mover: Mover = _Untouched()
        if row.state not in OVER or not create:
            opening = open_mover(plan.head, row.id, content, pace, system_clock)
            mover = await stack.enter_async_context(opening)
        if isinstance(mover, LooksUpUnits):
            mover.look_up(partial(_unit_of, plan, journal))
        groups = await journal.do(unit_fates.groups)
        reporter = Reporter(teller, clock, groups, lambda: _finite(pace.state.rate))
        patience = Patience(
            seconds=wanted.settings.patience, stop=stop, clock=clock, told=reporter.waits
        )
        gear = Gear(
            journal=journal,
            mover=mover,
            content=content,
            settings=wanted.settings,
            unit_of=plan.unit_of,
            parallel=lambda: 0 if watched.control.pause else pace.state.limits.parallel,
            patience=patience,
            watcher=reporter,
        )

        async def hook(moment: str, state: JobState) -> None:
            await opened._tell_hook(moment, state)

        def is_postponed() -> bool:
            file = wanted.postpone_file
            return bool(watched.control.postpone) or (file is not None and file.exists())

        running = Running(
            name=str(job.folder_of(wanted.plan)),
            gear=gear,
            settings=wanted.settings,
            now=now,
            hook=hook,
            is_postponed=is_postponed,
            told=teller.state,
        )
        opened = Session(wanted, plan, content, journal, running, teller)
        stack.callback(teller.close)
        beat = asyncio.create_task(_beat(watched, pace, reporter, journal), name="watch the job")
        stack.push_async_callback(_end, beat)
        if is_new and create:
            await opened._tell_hook(hooks.ON_PLAN, row.state)
        yield opened


async def _unit_of(plan: OpenPlan, journal: Journal, root_id: str) -> Unit | None:
    entry = await journal.do(partial(unit_rows.entry_of, root_id=root_id))
    return None if entry is None else plan.unit_of(entry)


async def _beat(
    watched: Watched, pace: ThrottledPace, reporter: Reporter, journal: Journal
) -> None:
    turn = 0
    while True:
        await asyncio.sleep(LOOK_EVERY)
        limits = watched.look()
        if limits != pace.state.limits:
            pace.allow(limits)
        far = reporter.far()
        reporter.teller.progress(far)
        turn += 1
        if turn % KEEP_EVERY == 0:
            status = {**asdict(far), "parallel": limits.parallel, "pause": limits.pause}
            journal.write(partial(job_rows.set_status, status=status))


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _finite(rate: float) -> float | None:
    return None if rate == throttle.UNLIMITED or math.isinf(rate) else rate
