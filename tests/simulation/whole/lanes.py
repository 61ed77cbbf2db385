"""Lanes without threads: they do their jobs in the loop's own time, batch by batch, until they are dead."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, TypeVar

from durahub.errors import FileUnavailable
from durahub.scheduler.lanes import LARGEST_BATCH, Job, Lane, ReadLane
from durahub.scheduler.transactions import WriteLane
from tests.simulation.whole.gate import Crashed, Fault, Gate

T = TypeVar("T")
C = TypeVar("C")


class Died(Exception):
    """Ends what holds a connection as the end of its process does: without tidying up."""


class _Inline(Lane[C]):
    """A lane of a simulated server."""

    gate: Gate
    server: str

    async def open(self) -> None:
        """Connect."""
        self._left: list[Job[C]] = []
        self._turn_set: asyncio.TimerHandle | None = None
        self._holder: AbstractContextManager[Any] = self._connect()
        self._connection = self._holder.__enter__()
        self._connection.execute("PRAGMA synchronous = OFF")  # no power is lost here, nor time
        self._begin()

    async def close(self) -> None:
        """Do what waits, and end in order."""
        if self._closed:
            return
        self._closed = True
        if self._turn_set is not None:
            self._turn_set.cancel()
            self._turn()
        if not self.gate.is_dead(self.server):
            self._end()
            self._holder.__exit__(None, None, None)

    def die(self) -> None:
        """End as with the process; what waits is never done."""
        self._closed = True
        self._left.clear()
        if self._turn_set is not None:
            self._turn_set.cancel()
        with suppress(Died):
            self._holder.__exit__(Died, Died(), None)

    async def run(
        self, work: Callable[[C], T], then: Callable[[T], None] | None = None, size: int = 0
    ) -> T:
        """Have *work* done."""
        if self.gate.is_dead(self.server):
            raise asyncio.CancelledError
        if self._closed:
            raise FileUnavailable(self._place, "it is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._left.append(Job(work, then, future, size))
        if self._turn_set is None:
            self._turn_set = self._loop.call_later(self.gate.pause(), self._turn)
        result: T = await future
        return result

    def _turn(self) -> None:
        self._turn_set = None
        batch, self._left = self._left[:LARGEST_BATCH], self._left[LARGEST_BATCH:]
        try:
            self._attempt(batch)
        except Crashed:
            return
        if self._left and self._turn_set is None and not self._closed:
            self._turn_set = self._loop.call_later(self.gate.pause(), self._turn)

    def _attempt(self, batch: Sequence[Job[C]]) -> None:
        try:
            number = self.gate.before(self.server, _name_of(batch))
        except Fault:
            for job in batch:
                job.error = FileUnavailable(self._place, "disk I/O error")
                job.settle()
            return
        self._do(batch)
        self.gate.after(self.server, number)
        for job in batch:
            job.error = self._translated(job.error)
        self._report(batch)
        self._rest()

    def _tell(self, call: Callable[..., object], *arguments: Any) -> None:
        call(*arguments)


def _name_of(batch: Sequence[Job[Any]]) -> str:
    """Return names for the work: ``SchedulerStore.commit`` is ``commit``."""
    names = {job.work.__qualname__.split(".<locals>")[0].rpartition(".")[2] for job in batch}
    return "+".join(sorted(names))


class InlineWriter(_Inline[Any], WriteLane):
    """The writer."""


class InlineReader(_Inline[Any], ReadLane):
    """A reader."""
