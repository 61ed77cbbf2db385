"""Takes units back that are not at the target as they should be, so that the job moves them once more."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from durahub.errors import WrongJobState
from durahub_migrate.applying import job_rows, step_rows, unit_rows
from durahub_migrate.applying.running import Running
from durahub_migrate.applying.states import IS_THERE, JobState, UnitState
from durahub_migrate.moving.mover import Outcome, PutsInOrder, TellsWhatRan, TellsWhatStays

OPEN = (JobState.CHECKING, JobState.READY, JobState.HANDED_OVER)
"""The states of jobs of which units can be moved once more."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A unit that is to be moved once more. *is_gone*: some of it is not at the target at all."""

    root_id: str
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A unit that stays as it is at the target, and why."""

    root_id: str
    why: str


async def take_back(running: Running, repairs: Iterable[Repair]) -> list[Kept]:
    """Take back what the job has put at the target of these units, and plan them again.

    So are units that have to be placed behind them.

    Return those that stay. `Running.apply` then moves the others. If the process dies, that goes on with
    those that were planned by then, and with the one that was being taken back. Raises
    `WrongJobState`, and what a run raises.
    """
    job = await running.job()
    if job.state not in OPEN:
        wanted = "what it has moved can be mended when all of it is there, until it is confirmed"
        raise WrongJobState(running.name, job.state.value, wanted)
    now = int(running.now())
    await running.gear.journal.do(partial(job_rows.set_job, state=JobState.PLACING, now=now))
    kept: list[Kept] = []
    done: dict[str, str] = {}  # why it stays, by root
    for repair in repairs:
        if repair.root_id not in done:
            why = await _take_all_back(running, repair, job.state, done)
            if why:
                kept.append(Kept(repair.root_id, why))
    return kept


async def _take_all_back(
    running: Running, repair: Repair, state: JobState, done: dict[str, str]
) -> str:
    """Take a unit back behind those that have to be placed behind it: it cannot be moved while they stand."""
    done[repair.root_id] = ""
    for root_id in await _behind(running, repair.root_id):
        if root_id not in done:
            await _take_all_back(running, Repair(root_id), state, done)
        if done[root_id] and await _stands(running, root_id):
            done[repair.root_id] = f"{root_id!r} comes behind it, and stays: {done[root_id]}"
            return done[repair.root_id]
    done[repair.root_id] = await _take_back(running, repair, state)
    return done[repair.root_id]


async def _behind(running: Running, root_id: str) -> list[str]:
    gear = running.gear
    entry = await running.gear.journal.do(partial(unit_rows.entry_of, root_id=root_id))
    if entry is None or not isinstance(gear.mover, PutsInOrder):
        return []
    return sorted(await gear.mover.before(gear.unit_of(entry), gear.content))


async def _stands(running: Running, root_id: str) -> bool:
    entry = await running.gear.journal.do(partial(unit_rows.entry_of, root_id=root_id))
    return entry is not None and entry.state in IS_THERE


async def _take_back(running: Running, repair: Repair, state: JobState) -> str:
    gear, journal = running.gear, running.gear.journal
    entry = await journal.do(partial(unit_rows.entry_of, root_id=repair.root_id))
    if entry is None or entry.state is UnitState.LEFT:
        return "the plan does not move it"
    if entry.state in (UnitState.REJECTED, UnitState.FAILED):
        return f"it was {entry.state.value}: see failed.jsonl"
    unit, ledger = gear.unit_of(entry), await journal.ledger(entry.number)
    if entry.state in IS_THERE:
        mover = gear.mover
        stays = mover.stays(ledger) if isinstance(mover, TellsWhatStays) else 0
        if state is JobState.HANDED_OVER and stays:
            return (
                f"{stays:,} messages of it are in the target's queues since it was handed over:"
                " moved once more, they would be there twice"
            )
        if state is JobState.HANDED_OVER and not repair.is_gone:
            if not isinstance(mover, TellsWhatRan):
                return "the target was handed over, and cannot tell whether it has run since"
            if await gear.patience.patiently(partial(mover.has_run, unit, gear.content, ledger)):
                return "it was written at the target since it was moved"
        await ledger.begin(step_rows.TAKEN_BACK)  # so that a crash in between does not lose it
        moved = await gear.patience.patiently(partial(mover.withdraw, unit, gear.content, ledger))
        if moved.outcome is not Outcome.DONE:
            await ledger.end(step_rows.TAKEN_BACK)
            ledger.flush()
            return moved.reason or "it could not be taken back"
    await journal.do(partial(unit_rows.plan_again, number=entry.number))
    return ""
