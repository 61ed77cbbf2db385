"""Leads units through the phases of a job, several at a time.

All units have had a phase before any has the next; within one, entities come first, then what has ended, then
what is live. A unit that fails is tried again when the others of its wave have had their turn.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from sqlite3 import Connection

from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_exponential

from durahub_migrate.applying import unit_rows
from durahub_migrate.applying.deciding import Lap, settled
from durahub_migrate.applying.gear import AT_ONCE, Gear
from durahub_migrate.applying.journal import UnitLedger
from durahub_migrate.applying.patience import LONGEST_PAUSE
from durahub_migrate.applying.states import UnitState, after
from durahub_migrate.applying.unit_rows import Ahead, Entry
from durahub_migrate.moving.mover import Moved, Outcome, Phase, PutsInOrder, SkipsPhases
from durahub_migrate.moving.units import Unit


class TooManyFailures(Exception):
    """More units have failed than may."""


@dataclass(slots=True)
class Engine:
    """Moves the units of one job."""

    gear: Gear
    failures: int = 0
    _put_off: dict[int, tuple[Entry, list[Ahead]]] = field(default_factory=dict)

    async def go_through(self, lap: Lap) -> None:
        """Have one wave go through one phase.

        Raises `StopRequested`, `TargetAway`, `TooManyFailures`, `JournalUnusable` and what a mover raises.
        """
        mover = self.gear.mover
        self.gear.watcher.began(lap)
        if isinstance(mover, SkipsPhases) and not mover.works_in(lap.phase):
            passed = await self.gear.journal.do(
                partial(unit_rows.pass_over, phase=lap.phase, wave=lap.wave)
            )
            self.gear.watcher.passed(lap, passed)
        self._put_off.clear()
        await self._turns(lap, tries=0)
        again = AsyncRetrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(self.gear.settings.tries),
            wait=wait_exponential(multiplier=0.5, max=LONGEST_PAUSE),
            sleep=self.gear.patience.sleep,
            retry_error_callback=lambda _: None,
        )
        if await self._has_failed(lap):
            await self.gear.patience.sleep(0.5)
            await again(self._again, lap)
        while self._put_off and await self._settle(lap):
            await self._turns(lap, tries=0)

    async def _again(self, lap: Lap) -> bool:
        """Have what has failed its turn once more; tell whether something is left to be tried."""
        await self._turns(lap, tries=self.gear.settings.tries)
        return await self._has_failed(lap)

    async def _has_failed(self, lap: Lap) -> bool:
        found = await self.gear.journal.do(self._claim(lap, 0, 1, self.gear.settings.tries))
        return bool(found)

    def _claim(
        self, lap: Lap, behind: int, most: int, tries: int
    ) -> Callable[[Connection], list[Entry]]:
        return partial(
            unit_rows.claim,
            phase=lap.phase,
            wave=lap.wave,
            behind=behind,
            most=most,
            tries=tries,
        )

    async def _turns(self, lap: Lap, *, tries: int) -> None:
        """Have all their turn, and those that waited for others again, as long as fewer and fewer do."""
        await self._turn(lap, tries=tries)
        left = len(self._put_off) + 1
        while 0 < len(self._put_off) < left:
            left = len(self._put_off)
            await self._turn(lap, tries=0)

    async def _settle(self, lap: Lap) -> bool:
        """End those that wait, for nothing goes on any more; tell whether others can go on now."""
        waits = {
            entry.root_id: [one.root_id for one in ahead] for entry, ahead in self._put_off.values()
        }
        failed = {
            one.root_id for _, ahead in self._put_off.values() for one in ahead if one.has_failed
        }
        ends, goes_on = settled(waits, failed)
        for entry, _ in list(self._put_off.values()):
            if entry.root_id in ends:
                del self._put_off[entry.number]
                ledger = await self._ledger(entry)
                await self._end(lap, entry, self.gear.unit_of(entry), ledger, ends[entry.root_id])
        return goes_on

    async def _ahead(self, lap: Lap, unit: Unit) -> list[Ahead]:
        """Return the units that have to be placed before *unit* and are not."""
        mover = self.gear.mover
        if lap.phase is not Phase.PLACE or not isinstance(mover, PutsInOrder):
            return []
        roots = await mover.behind(unit, self.gear.content)
        if not roots:
            return []
        found = await self.gear.journal.do(
            partial(unit_rows.not_placed, roots=roots, wave=lap.wave)
        )
        return [one for one in found if one.strategy.sends_again]

    async def _turn(self, lap: Lap, *, tries: int) -> None:
        units = self._entries(lap, tries)
        await self.gear.with_all(units, partial(self._move, lap))

    async def _entries(self, lap: Lap, tries: int) -> AsyncIterator[Entry]:
        behind = 0
        while found := await self.gear.journal.do(self._claim(lap, behind, AT_ONCE, tries)):
            for entry in found:
                yield entry
            behind = found[-1].number

    async def _move(self, lap: Lap, entry: Entry) -> None:
        unit = self.gear.unit_of(entry)
        self._put_off.pop(entry.number, None)
        if ahead := await self._ahead(lap, unit):
            self._put_off[entry.number] = entry, ahead
            return
        ledger = await self._ledger(entry)
        try:
            moved = await self.gear.patience.patiently(
                partial(self.gear.mover.carry_out, lap.phase, unit, self.gear.content, ledger)
            )
        except BaseException:
            ledger.flush()
            raise
        await self._end(lap, entry, unit, ledger, moved)

    async def _end(
        self, lap: Lap, entry: Entry, unit: Unit, ledger: UnitLedger, moved: Moved
    ) -> None:
        ends = ledger.taken()
        state = after(lap.phase, moved.outcome)

        def write(connection: Connection) -> None:
            ends(connection)  # what the unit's last step did and what comes of it are one write
            unit_rows.record(connection, entry.number, state, lap.phase, moved)

        await self.gear.journal.do(write)
        self.gear.watcher.ended(entry, unit, lap, state, moved)
        if moved.outcome is Outcome.FAILED and entry.tries + 1 >= self.gear.settings.tries:
            self.failures += 1
            if self.failures > self.gear.settings.max_failures:
                raise TooManyFailures

    async def _ledger(self, entry: Entry) -> UnitLedger:
        if entry.state is UnitState.PLANNED:  # nothing was begun of it: there is nothing to read
            return self.gear.journal.fresh_ledger(entry.number)
        return await self.gear.journal.ledger(entry.number)
