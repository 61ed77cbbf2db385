"""Leads units through the phases of a job, several at a time.

All units have had a phase before any has the next; within one, entities come first, then what has ended, then
what is live. A unit that fails is tried again when the others of its wave have had their turn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    wait_exponential,
)

from durahub.errors import JournalUnusable, Unavailable
from durahub.within import within
from durahub_migrate.applying import journal_rows
from durahub_migrate.applying.deciding import Lap, settled
from durahub_migrate.applying.journal import Journal, StopRequested, UnitLedger
from durahub_migrate.applying.journal_rows import Ahead, Entry
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState, UnitState, Wave, after
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import (
    DeliversStrays,
    GivesUp,
    Moved,
    Mover,
    Outcome,
    Phase,
    PutsInOrder,
    SkipsPhases,
    TellsWhatRan,
    TellsWhatStays,
    WithdrawsStrays,
)
from durahub_migrate.moving.units import Unit

T = TypeVar("T")

AT_ONCE = 256  # units that are claimed by one write
LOOK_AGAIN = 1.0  # seconds after which a change of how many are moved at a time is seen
LONGEST_PAUSE = 30.0  # seconds between two tries


class TargetAway(Exception):
    """The target has not answered for as long as somebody was willing to wait."""

    def __init__(self, error: Unavailable) -> None:
        super().__init__(str(error))
        self.error = error


class TooManyFailures(Exception):
    """More units have failed than may."""


class StraysFailed(Exception):
    """Messages that belong to no unit could not be delivered."""

    def __init__(self, moved: Moved) -> None:
        super().__init__(moved.reason)
        self.moved = moved


class NotTakenBack(Exception):
    """A unit that is to be moved once more could not be taken away from the target first."""


class Watcher:
    """Is told what happens; this one does not care."""

    def began(self, lap: Lap) -> None:
        """Note that a wave begins to go through a phase."""

    def ended(self, entry: Entry, unit: Unit, lap: Lap, state: UnitState, moved: Moved) -> None:
        """Note that a unit has had a phase."""

    def passed(self, lap: Lap, units: int) -> None:
        """Note that so many units have had a phase in which nothing is done."""

    def kept(self, entry: Entry, moved: Moved) -> None:
        """Note that a unit could not be taken back."""

    def waits(self, error: Unavailable, seconds: float) -> None:
        """Note that the target does not answer, and is asked again after so many *seconds*."""


@dataclass(slots=True)
class Engine:
    """Moves the units of one job.

    *unit_of* reads a unit's line of the plan; *parallel* tells how many may be under way now; *stop* is set
    when no further step may begin; *clock* is in monotonic seconds.
    """

    journal: Journal
    mover: Mover
    content: Content
    settings: ApplySettings
    unit_of: Callable[[Entry], Unit]
    parallel: Callable[[], int]
    stop: asyncio.Event
    clock: Callable[[], float]
    watcher: Watcher
    failures: int = 0
    _put_off: dict[int, tuple[Entry, list[Ahead]]] = field(default_factory=dict)

    async def go_through(self, lap: Lap) -> None:
        """Have one wave go through one phase.

        Raises `StopRequested`, `TargetAway`, `TooManyFailures`, `JournalUnusable` and what a mover raises.
        """
        self.watcher.began(lap)
        if isinstance(self.mover, SkipsPhases) and not self.mover.works_in(lap.phase):
            passed = await self.journal.do(
                partial(journal_rows.pass_over, phase=lap.phase, wave=lap.wave)
            )
            self.watcher.passed(lap, passed)
        self._put_off.clear()
        await self._turns(lap, tries=0)
        again = AsyncRetrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(self.settings.tries),
            wait=wait_exponential(multiplier=0.5, max=LONGEST_PAUSE),
            sleep=self.sleep,
            retry_error_callback=lambda _: None,
        )
        if await self._has_failed(lap):
            await self.sleep(0.5)
            await again(self._again, lap)
        while self._put_off and await self._settle(lap):
            await self._turns(lap, tries=0)

    async def _again(self, lap: Lap) -> bool:
        """Have what has failed its turn once more; tell whether something is left to be tried."""
        await self._turns(lap, tries=self.settings.tries)
        return await self._has_failed(lap)

    async def _has_failed(self, lap: Lap) -> bool:
        found = await self.journal.do(self._claim(lap, 0, 1, self.settings.tries))
        return bool(found)

    def _claim(
        self, lap: Lap, behind: int, most: int, tries: int
    ) -> Callable[[Connection], list[Entry]]:
        return partial(
            journal_rows.claim,
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
                await self._end(lap, entry, self.unit_of(entry), ledger, ends[entry.root_id])
        return goes_on

    async def _ahead(self, lap: Lap, unit: Unit) -> list[Ahead]:
        """Return the units that have to be placed before *unit* and are not."""
        if lap.phase is not Phase.PLACE or not isinstance(self.mover, PutsInOrder):
            return []
        roots = await self.mover.behind(unit, self.content)
        if not roots:
            return []
        found = await self.journal.do(partial(journal_rows.not_placed, roots=roots, wave=lap.wave))
        return [one for one in found if one.strategy.sends_again]

    async def _turn(self, lap: Lap, *, tries: int) -> None:
        units = self._entries(lap, tries)
        await several(units, partial(self._move, lap), self.parallel, self.stop)
        if self.stop.is_set():
            raise StopRequested

    async def _entries(self, lap: Lap, tries: int) -> AsyncIterator[Entry]:
        behind = 0
        while found := await self.journal.do(self._claim(lap, behind, AT_ONCE, tries)):
            for entry in found:
                yield entry
            behind = found[-1].number

    async def _move(self, lap: Lap, entry: Entry) -> None:
        unit = self.unit_of(entry)
        self._put_off.pop(entry.number, None)
        if ahead := await self._ahead(lap, unit):
            self._put_off[entry.number] = entry, ahead
            return
        ledger = await self._ledger(entry)
        try:
            moved = await self.patiently(
                lambda: self.mover.carry_out(lap.phase, unit, self.content, ledger)
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
            journal_rows.record(connection, entry.number, state, lap.phase, moved)

        await self.journal.do(write)
        self.watcher.ended(entry, unit, lap, state, moved)
        if moved.outcome is Outcome.FAILED and entry.tries + 1 >= self.settings.tries:
            self.failures += 1
            if self.failures > self.settings.max_failures:
                raise TooManyFailures

    async def _ledger(self, entry: Entry) -> UnitLedger:
        if entry.state is UnitState.PLANNED:  # nothing was begun of it: there is nothing to read
            return self.journal.fresh_ledger(entry.number)
        return await self.journal.ledger(entry.number)

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what *work* returns, tried again while the target does not answer. Raises `TargetAway`."""
        try:
            return await work()
        except Unavailable as error:
            if not _is_targets(error):
                raise
            first: Unavailable | None = error
        until = self.clock() + self.settings.patience

        def is_over(_: RetryCallState) -> bool:
            return self.clock() >= until

        def waits(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            if isinstance(error, Unavailable):
                self.watcher.waits(error, state.upcoming_sleep)

        async def attempt() -> T:
            nonlocal first
            if first is not None:
                failed, first = first, None
                raise failed
            return await work()

        trying = AsyncRetrying(
            retry=retry_if_exception(_is_targets),
            stop=is_over,
            wait=wait_exponential(multiplier=0.5, max=LONGEST_PAUSE),
            sleep=self.sleep,
            before_sleep=waits,
        )
        try:
            return await trying(attempt)
        except RetryError as error:
            cause = error.last_attempt.exception()
            assert isinstance(cause, Unavailable)  # noqa: S101 (for the types)
            raise TargetAway(cause) from None

    async def deliver_strays(self) -> None:
        """Have messages delivered that belong to no unit, by a target that takes them.

        Raises `StraysFailed` and what `go_through` raises.
        """
        if not isinstance(self.mover, DeliversStrays):
            undelivered = _undelivered(self.content)
            if undelivered.left:
                await self._tell_strays(undelivered)
            return
        mover, ledger = self.mover, await self.journal.ledger(journal_rows.STRAYS)
        for attempt in range(self.settings.tries):
            if attempt:
                await self.sleep(0.5 * 2**attempt)
            moved = await self.patiently(lambda: mover.deliver_strays(self.content, ledger))
            if moved.outcome is Outcome.REJECTED:
                break
            if moved.outcome is not Outcome.FAILED:
                await self._tell_strays(moved)
                return
        raise StraysFailed(moved)

    async def _tell_strays(self, moved: Moved) -> None:
        tell = partial(journal_rows.tell, number=journal_rows.STRAYS, phase="strays", moved=moved)
        await self.journal.do(tell)

    async def end_taking_back(self) -> None:
        """Take units back to the end that a resync was taking back when it died, and plan them again.

        Raises `NotTakenBack`, and what `go_through` raises.
        """
        for entry in await self.journal.do(journal_rows.half_taken_back):
            unit, ledger = self.unit_of(entry), await self.journal.ledger(entry.number)
            moved = await self.patiently(partial(self.mover.withdraw, unit, self.content, ledger))
            if moved.outcome is not Outcome.DONE:
                raise NotTakenBack(f"{entry.root_id!r} could not be taken back: {moved.reason}")
            await self.journal.do(partial(journal_rows.plan_again, number=entry.number))

    async def what_ran(self, state: JobState) -> str | None:
        """Return what at the target has gone on since this job has left it, as a sentence's beginning.

        Of a target that cannot tell, whatever was handed over may have.
        """
        if not isinstance(self.mover, TellsWhatRan):
            is_over = state in (JobState.HANDING_OVER, JobState.HANDED_OVER)
            return "the target was handed over, and may have run" if is_over else None
        mover = self.mover
        async for entry in self._there():
            unit, ledger = self.unit_of(entry), await self.journal.ledger(entry.number)
            if await self.patiently(partial(mover.has_run, unit, self.content, ledger)):
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
        if not isinstance(self.mover, TellsWhatStays):
            return 0
        count = self.mover.stays(await self.journal.ledger(journal_rows.STRAYS))
        async for entry in self._there():
            count += self.mover.stays(await self.journal.ledger(entry.number))
        return count

    async def give_up(self) -> None:
        """Let other jobs have the target, which nothing of this one is at any more."""
        if isinstance(self.mover, GivesUp):
            await self.patiently(self.mover.give_up)

    async def take_back(self) -> int:
        """Take back every unit, the last one first; return how many could not be, in all their tries.

        Raises what `go_through` raises.
        """
        left = 0
        for attempt in range(self.settings.tries):
            if attempt:
                await self.sleep(0.5 * 2**attempt)
            left = await self._take_strays_back()
            for wave in reversed(Wave):
                failed: list[int] = []
                await several(
                    self._there(wave), partial(self._take_back, failed), self.parallel, self.stop
                )
                left += len(failed)
                if self.stop.is_set():
                    raise StopRequested
            if not left:
                break
        return left

    async def _take_strays_back(self) -> int:
        """Take back what belongs to no unit; return 1 if that could not be done."""
        ledger = await self.journal.ledger(journal_rows.STRAYS)
        if not isinstance(self.mover, WithdrawsStrays) or ledger.is_empty:
            return 0
        mover = self.mover
        moved = await self.patiently(lambda: mover.withdraw_strays(self.content, ledger))
        await self._tell_stays(journal_rows.STRAYS, moved)
        ledger.flush()
        told = partial(journal_rows.tell, number=journal_rows.STRAYS, phase="withdraw")
        await self.journal.do(partial(told, moved=Moved(left=moved.left)))
        return int(moved.outcome is not Outcome.DONE)

    async def _tell_stays(self, number: int, moved: Moved) -> None:
        """Keep what was not taken back of what is."""
        if moved.left:
            what = Moved(left=moved.left)
            await self.journal.do(
                partial(journal_rows.tell, number=number, phase="withdraw", moved=what)
            )

    async def _there(self, wave: Wave | None = None) -> AsyncIterator[Entry]:
        ahead: int | None = None
        while found := await self.journal.do(
            partial(journal_rows.last_there, wave=wave, ahead=ahead, most=AT_ONCE)
        ):
            for entry in found:
                yield entry
            ahead = found[-1].number

    async def _take_back(self, failed: list[int], entry: Entry) -> None:
        unit, ledger = self.unit_of(entry), await self.journal.ledger(entry.number)
        moved = Moved()
        if not ledger.is_empty:
            moved = await self.patiently(lambda: self.mover.withdraw(unit, self.content, ledger))
            await self._tell_stays(entry.number, moved)
            ledger.flush()
            if moved.outcome is not Outcome.DONE:
                failed.append(entry.number)
                self.watcher.kept(entry, moved)
                return

        def write(connection: Connection) -> None:
            journal_rows.withdraw(connection, entry.number)
            journal_rows.tell(connection, entry.number, "withdraw", Moved(left=moved.left))

        await self.journal.do(write)

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or raise `StopRequested`."""
        try:
            await within(seconds, self.stop.wait())
        except asyncio.TimeoutError:
            return
        raise StopRequested


def _undelivered(content: Content) -> Moved:
    """Return that what belongs to no unit stays in the bundle."""
    count = sum(record.evidence == hb.InFlight.QUEUE for record in content.strays())
    return Moved(left={"for nobody": count} if count else {})


def _is_targets(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, JournalUnusable)


async def several(
    items: AsyncIterator[T],
    work: Callable[[T], Awaitable[None]],
    parallel: Callable[[], int],
    stop: asyncio.Event,
) -> None:
    """Have *work* done with all *items*, in their order, *parallel* at a time until *stop* is set.

    `StopRequested` ends one item. The first other error sets *stop*, and is raised when those under way have
    come to the end of what they have in hand.
    """
    under_way: set[asyncio.Task[None]] = set()
    fault: BaseException | None = None
    is_over = False
    try:
        while True:
            while not is_over and not stop.is_set() and len(under_way) < parallel():
                async for item in items:
                    under_way.add(asyncio.create_task(_until_stopped(work(item))))
                    break
                else:
                    is_over = True
            if not under_way and (is_over or stop.is_set()):
                break
            if not under_way:  # none may be, now
                await asyncio.sleep(LOOK_AGAIN)
                continue
            done, under_way = await asyncio.wait(
                under_way, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                if (error := one.exception()) is not None:
                    fault = fault or error
                    stop.set()
    finally:
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    if fault is not None:
        raise fault


async def _until_stopped(work: Awaitable[None]) -> None:
    try:
        await work
    except StopRequested:
        return
