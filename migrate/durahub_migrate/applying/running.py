"""A job from where it is to where it can stand: through the phases, the check, the cut-over; or back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from durahub.errors import MoveBlocked, WrongJobState
from durahub_migrate.applying import job_rows, unit_fates, unit_rows
from durahub_migrate.applying.deciding import Lap, Tally, laps, next_state, obstacle
from durahub_migrate.applying.engine import Engine
from durahub_migrate.applying.gear import Gear
from durahub_migrate.applying.job_rows import JobRow
from durahub_migrate.applying.journal import StopRequested
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState
from durahub_migrate.applying.strays import deliver_strays
from durahub_migrate.applying.taking_back import TakingBack

Hook = Callable[[str, JobState], Awaitable[None]]
"""Told of a moment by its name: ``before-cutover``. Raises `MoveBlocked` where it does not agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where a run has left its job. *obstacle* is what keeps it from being handed over."""

    state: JobState
    tally: Tally
    obstacle: str | None = None


@dataclass(slots=True)
class Running:
    """One run of a job. *now* is in seconds since 1970; *is_postponed* tells whether the cut-over waits."""

    name: str
    gear: Gear
    settings: ApplySettings
    now: Callable[[], float]
    hook: Hook
    is_postponed: Callable[[], bool]
    told: Callable[[JobState], object]
    _engine: Engine = field(init=False)
    _taking_back: TakingBack = field(init=False)

    def __post_init__(self) -> None:
        self._engine, self._taking_back = Engine(self.gear), TakingBack(self.gear)

    async def job(self) -> JobRow:
        """Return the job as it is now."""
        found = await self.gear.journal.do(job_rows.job_of)
        assert found is not None, "the journal is filled before its job runs"  # noqa: S101 (for the types)
        return found

    async def apply(self) -> Ending:
        """Carry out what is left of the plan, and hand over unless that is postponed.

        Raises `StopRequested` and what `Engine.go_through` raises; the job can be gone on with then.
        """
        state = (await self.job()).state
        if state in (JobState.ABORTING, JobState.ABORTED):
            wanted = "abort it to its end" if state is JobState.ABORTING else "clean it"
            raise WrongJobState(self.name, state.value, f"{wanted} before it is applied again")
        if state in (JobState.CHECKING, JobState.READY) and (await self.tally()).failed:
            state = await self._take(JobState.PLACING)
        if state not in (JobState.HANDING_OVER, JobState.HANDED_OVER, JobState.CONFIRMED):
            await self._taking_back.end_taking_back()
            await self.gear.journal.do(unit_rows.try_again)
            for lap in laps(state):
                state = await self._go_through(lap, state)
        if state is JobState.SETTLING:
            await deliver_strays(self.gear)
            state = await self._take(JobState.CHECKING)
        if state is JobState.CHECKING:
            await self.gear.journal.do(unit_rows.check_counts)
            state = await self._take(JobState.READY)
        return await self.cut_over()

    async def _go_through(self, lap: Lap, state: JobState) -> JobState:
        following = next_state(state, lap.phase)
        if following is not None:
            state = await self._take(following)
        await self._engine.go_through(lap)
        return state

    async def cut_over(self) -> Ending:
        """Hand over what is ready, unless something is in its way; wait while that is postponed by a file."""
        job = await self.job()
        tally = await self.tally()
        if job.state in (JobState.HANDED_OVER, JobState.CONFIRMED):
            return Ending(state=job.state, tally=tally)
        if job.state not in (JobState.READY, JobState.HANDING_OVER):
            raise WrongJobState(
                self.name, job.state.value, "it is handed over when it is ready: apply its plan"
            )
        found = obstacle(tally, self.settings, accepts=job.accepts)
        if job.state is JobState.READY:
            if found is not None or self.settings.postpone:
                return Ending(state=job.state, tally=tally, obstacle=found)
            while self.is_postponed():
                await self.gear.patience.sleep(1.0)
            await self.hook("before-cutover", job.state)
            await self._take(JobState.HANDING_OVER)
        await self.gear.patience.patiently(self.gear.mover.hand_over)
        await self.gear.journal.do(unit_rows.hand_over)
        await self._take(JobState.HANDED_OVER)
        await self.hook("after-cutover", JobState.HANDED_OVER)
        return Ending(state=JobState.HANDED_OVER, tally=tally)

    async def abort(self, *, past_return: bool) -> Ending:
        """Take back all that the job has put at the target, the last first.

        Raises `MoveBlocked` if something of it has run since, unless *past_return*; `WrongJobState`.
        """
        job = await self.job()
        if job.state is JobState.CONFIRMED:
            raise WrongJobState(self.name, job.state.value, "what is confirmed is not taken back")
        if job.state is JobState.ABORTED:
            return Ending(state=job.state, tally=await self.tally())
        if job.state is not JobState.ABORTING:
            if not past_return and (ran := await self._taking_back.what_ran(job.state)) is not None:
                raise MoveBlocked(
                    f"{ran}: taking it back loses what was done there",
                    "--yes-point-of-no-return does it all the same",
                )
            await self._take(JobState.ABORTING)
        left = await self._taking_back.take_back()
        tally = await self.tally()
        if left:
            return Ending(
                state=JobState.ABORTING,
                tally=tally,
                obstacle=f"{left:,} units could not be taken back",
            )
        await self._taking_back.give_up()
        await self.gear.journal.do(unit_rows.withdraw_planned)
        return Ending(state=await self._take(JobState.ABORTED), tally=tally)

    async def tally(self) -> Tally:
        """Count what is lost."""
        return Tally.of(await self.gear.journal.do(unit_fates.groups))

    async def _take(self, state: JobState) -> JobState:
        if self.gear.patience.stop.is_set() and state is not JobState.HANDED_OVER:
            raise StopRequested
        await self.gear.journal.do(partial(job_rows.set_job, state=state, now=int(self.now())))
        self.told(state)
        return state
