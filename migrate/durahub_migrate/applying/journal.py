"""The journal of a job while it runs: what is awaited is on the disk."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from durahub_migrate.applying import step_rows
from durahub_migrate.applying.journal_file import JournalLane, OnWrite, held
from durahub_migrate.moving.ledger import Ledger

T = TypeVar("T")

WITHIN = 0.05  # seconds: by then the end of a step is on its way to the disk


class StopRequested(Exception):
    """Somebody wants the job to stop: what is in hand was ended, nothing more is begun."""


class Journal:
    """A journal that is open. *stopping* tells whether no further step may begin."""

    def __init__(self, lane: JournalLane, stopping: Callable[[], bool]) -> None:
        self._lane = lane
        self._stopping = stopping

    async def do(self, work: Callable[[Connection], T]) -> T:
        """Return what *work* does within a transaction, once that is on the disk.

        Raises `JournalUnusable`, then and ever after, if it could not be written.
        """
        return await self._lane.run(work)

    def write(self, work: Callable[[Connection], None]) -> None:
        """Have *work* done before whatever is written next, without waiting for the disk.

        If it fails, what is written next fails too.
        """
        self._lane.hand(work)

    async def ledger(self, number: int) -> "UnitLedger":
        """Return the steps of one unit."""
        steps = await self.do(partial(step_rows.steps_of, number=number))
        return UnitLedger(self, number, steps, self._stopping)

    def fresh_ledger(self, number: int) -> "UnitLedger":
        """Return the steps of a unit that was never begun."""
        return UnitLedger(self, number, {}, self._stopping)


class UnitLedger(Ledger):
    """The steps of a unit in the journal; those of units that are not under way are nowhere else."""

    def __init__(
        self,
        journal: Journal,
        number: int,
        steps: dict[str, tuple[bool, str]],
        stopping: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._number = number
        self._steps = steps
        self._stopping = stopping
        self._ended: dict[str, str] = {}  # and not written yet
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever begun."""
        return not self._steps

    def is_done(self, step: str) -> bool:
        """Tell whether *step* was ended."""
        return self._steps.get(step, (False, ""))[0]

    def was_begun(self, step: str) -> bool:
        """Tell whether *step* was begun and not ended."""
        return not self._steps.get(step, (True, ""))[0]

    def note(self, step: str) -> str:
        """Return what was noted last."""
        return self._steps.get(step, (False, ""))[1]

    async def begin(self, step: str, note: str = "") -> None:
        """Write down that *step* comes next. Raises `StopRequested`, `JournalUnusable`."""
        if self._stopping():
            raise StopRequested
        ends = self.taken()
        self._steps[step] = (False, note)

        def write(connection: Connection) -> None:
            ends(connection)
            step_rows.write_step(connection, self._number, step, note, done=False)

        await self._journal.do(write)

    async def end(self, step: str, note: str = "") -> None:
        """Write down that *step* has happened.

        It waits for no disk: it is written with what the journal is told of the unit next, soon in any case.
        If it is lost in a crash, the step was begun and not ended, which is looked into.
        """
        note = note or self.note(step)
        self._steps[step] = (True, note)
        self._ended[step] = note
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WITHIN, self.flush)

    def taken(self) -> Callable[[Connection], None]:
        """Return what writes the ends that are not written yet; the caller sees to it that it is called."""
        ended, self._ended = self._ended, {}
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

        def write(connection: Connection) -> None:
            for step, note in ended.items():
                step_rows.write_step(connection, self._number, step, note, done=True)

        return write

    def flush(self) -> None:
        """Have the ends written that are not yet."""
        self._timer = None
        if self._ended:
            self._journal.write(self.taken())


@contextlib.asynccontextmanager
async def open_journal(
    file: Path,
    *,
    stopping: Callable[[], bool] = bool,
    on_write: OnWrite = bool,
) -> AsyncIterator[Journal]:
    """Open a journal for the body, made if it is not there.

    Raises `FileUnavailable` if another process has it, `JournalUnusable`.
    """
    with held(file):
        lane = JournalLane(file, on_write)
        await lane.open()
        try:
            yield Journal(lane, stopping)
        finally:
            await lane.close()
