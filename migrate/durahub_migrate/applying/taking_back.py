"""Takes back what a job has put at its target, and tells what that would lose."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection

from durahub_migrate.applying import told_rows, unit_rows
from durahub_migrate.applying.gear import AT_ONCE, Gear
from durahub_migrate.applying.journal import UnitLedger
from durahub_migrate.applying.states import JobState, Wave
from durahub_migrate.applying.strays import withdraw_strays
from durahub_migrate.applying.unit_rows import Entry
from durahub_migrate.moving.mover import GivesUp, Moved, Outcome, TellsWhatRan, TellsWhatStays


class NotTakenBack(Exception):
    """A unit that is to be moved once more could not be taken away from the target first."""


@dataclass(frozen=True, slots=True)
class TakingBack:
    """Takes back the units of one job."""

    gear: Gear

    async def end_taking_back(self) -> None:
        """Take units back to the end that a resync was taking back when it died, and plan them again.

        Raises `NotTakenBack`, `StopRequested` and `TargetAway`.
        """
        for entry in await self.gear.journal.do(unit_rows.half_taken_back):
            moved = await self._withdraw(entry, await self.gear.journal.ledger(entry.number))
            if moved.outcome is not Outcome.DONE:
                raise NotTakenBack(f"{entry.root_id!r} could not be taken back: {moved.reason}")
            await self.gear.journal.do(partial(unit_rows.plan_again, number=entry.number))

    async def what_ran(self, state: JobState) -> str | None:
        """Return what at the target has gone on since this job has left it, as a sentence's beginning.

        Of a target that cannot tell, whatever was handed over may have.
        """
        mover = self.gear.mover
        if not isinstance(mover, TellsWhatRan):
            is_over = state in (JobState.HANDING_OVER, JobState.HANDED_OVER)
            return "the target was handed over, and may have run" if is_over else None
        async for entry in self._there():
            unit, ledger = self.gear.unit_of(entry), await self.gear.journal.ledger(entry.number)
            look = partial(mover.has_run, unit, self.gear.content, ledger)
            if await self.gear.patience.patiently(look):
                return f"{entry.root_id!r} has run at the target since"
        if state in (JobState.HANDING_OVER, JobState.HANDED_OVER):
            stay = await self._stay()
            if stay:
                return (
                    f"{stay:,} messages are in the target's queues since it was handed over, and stay there:"
                    " a worker runs the activities among them, if it has not yet"
                )
        return None

    async def _stay(self) -> int:
        """Return how many messages nobody can take back once the target was handed over."""
        mover = self.gear.mover
        if not isinstance(mover, TellsWhatStays):
            return 0
        count = mover.stays(await self.gear.journal.ledger(told_rows.STRAYS))
        async for entry in self._there():
            count += mover.stays(await self.gear.journal.ledger(entry.number))
        return count

    async def give_up(self) -> None:
        """Let other jobs have the target, which nothing of this one is at any more."""
        if isinstance(self.gear.mover, GivesUp):
            await self.gear.patience.patiently(self.gear.mover.give_up)

    async def take_back(self) -> int:
        """Take back every unit, the last one first; return how many could not be, in all their tries.

        Raises `StopRequested` and `TargetAway`.
        """
        left = 0
        for attempt in range(self.gear.settings.tries):
            if attempt:
                await self.gear.patience.sleep(0.5 * 2**attempt)
            left = await withdraw_strays(self.gear)
            for wave in reversed(Wave):
                failed: list[int] = []
                take_back = partial(self._take_back, failed)
                await self.gear.with_all(self._there(wave), take_back)
                left += len(failed)
            if not left:
                break
        return left

    async def _there(self, wave: Wave | None = None) -> AsyncIterator[Entry]:
        ahead: int | None = None
        while found := await self.gear.journal.do(
            partial(unit_rows.last_there, wave=wave, ahead=ahead, most=AT_ONCE)
        ):
            for entry in found:
                yield entry
            ahead = found[-1].number

    async def _take_back(self, failed: list[int], entry: Entry) -> None:
        ledger = await self.gear.journal.ledger(entry.number)
        moved = Moved()
        if not ledger.is_empty:
            moved = await self._withdraw(entry, ledger)
            await self._tell_stays(entry.number, moved)
            ledger.flush()
            if moved.outcome is not Outcome.DONE:
                failed.append(entry.number)
                self.gear.watcher.kept(entry, moved)
                return

        def write(connection: Connection) -> None:
            unit_rows.withdraw(connection, entry.number)
            told_rows.tell(connection, entry.number, "withdraw", Moved(left=moved.left))

        await self.gear.journal.do(write)

    async def _withdraw(self, entry: Entry, ledger: UnitLedger) -> Moved:
        gear = self.gear
        work = partial(gear.mover.withdraw, gear.unit_of(entry), gear.content, ledger)
        return await gear.patience.patiently(work)

    async def _tell_stays(self, number: int, moved: Moved) -> None:
        """Keep what was not taken back of what is."""
        if moved.left:
            what = Moved(left=moved.left)
            await self.gear.journal.do(
                partial(told_rows.tell, number=number, phase="withdraw", moved=what)
            )
