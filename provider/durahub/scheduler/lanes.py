"""Threads with a connection each: the event loop hands them work and never waits for a disk.

What waits when a lane is free is done as one batch, and the event loop is told of a batch once. For the
writer a batch is a transaction, so concurrent commits share the wait for the disk: the more there are,
the less each costs. If one of a batch fails, everything is rolled back and done again one by one, so that
each succeeds or fails alone.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from durahub.errors import DurahubError, FileUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
C = TypeVar("C")  # what work is given: a connection, or a transaction

LARGEST_BATCH = 256


@dataclass(eq=False, slots=True)
class Job(Generic[C]):
    """Work for a lane. *then* is called on the event loop, even if nobody waits for the result."""

    work: Callable[[C], Any]
    then: Callable[[Any], None] | None
    future: "asyncio.Future[Any]"
    result: Any = None
    error: Exception | None = None

    def attempt(self, given: C) -> None:
        """Do the work and keep what comes of it."""
        self.result, self.error = None, None
        try:
            self.result = self.work(given)
        except Exception as error:
            self.error = error

    def settle(self) -> None:
        """Tell what came of it; on the event loop."""
        if self.error is None and self.then is not None:
            self.then(self.result)
        if self.future.done():  # whoever waited was cancelled
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Lane(Generic[C]):
    """A thread that does jobs in the order in which they come. Subclasses say what a batch is."""

    def __init__(self, name: str, place: str) -> None:
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Job[C] | None] = queue.SimpleQueue()
        self._closed = False
        self._ended = asyncio.Event()
        # a daemon: a program that forgot to close may end, what was acknowledged is written
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._opened: asyncio.Future[None] = self._loop.create_future()

    async def open(self) -> None:
        """Start the thread. Raises `FileUnavailable`."""
        self._thread.start()
        await self._opened

    async def close(self) -> None:
        """Do what is waiting, then end the thread; calling it twice is fine."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        if self._thread.ident is not None:
            await self._ended.wait()

    async def run(self, work: Callable[[C], T], then: Callable[[T], None] | None = None) -> T:
        """Have *work* done and return its result. Once it is handed over, it is done in any case."""
        if self._closed:
            raise FileUnavailable(self._place, "it is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(Job(work, then, future))
        result: T = await future
        return result

    # -- the thread ----------------------------------------------------------------------------

    def _connect(self) -> None:
        raise NotImplementedError

    def _disconnect(self) -> None:
        raise NotImplementedError

    def _do(self, batch: Sequence[Job[C]]) -> None:
        raise NotImplementedError

    def _settle(self, batch: Sequence[Job[C]]) -> None:
        for job in batch:
            job.settle()

    def _run(self) -> None:
        try:
            self._connect()
        except DurahubError as error:
            self._tell(self._opened.set_exception, error)
            self._tell(self._ended.set)
            return
        self._tell(self._opened.set_result, None)
        last = False
        while not last:
            batch, last = self._next_batch()
            if batch:
                self._do(batch)
                for job in batch:
                    job.error = self._translated(job.error)
                self._tell(self._settle, batch)
        try:
            self._disconnect()
        except sqlite3.Error as error:
            log.warning("closing-failed", extra={"file": self._place, "why": str(error)})
        self._tell(self._ended.set)

    def _next_batch(self) -> tuple[list[Job[C]], bool]:
        """Return what waits, at least one, and whether it is the last."""
        batch: list[Job[C]] = []
        job = self._jobs.get()
        with contextlib.suppress(queue.Empty):
            while job is not None:
                batch.append(job)
                if len(batch) == LARGEST_BATCH:
                    return batch, False
                job = self._jobs.get_nowait()
            return batch, True
        return batch, False

    def _translated(self, error: Exception | None) -> Exception | None:
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
            return FileUnavailable(self._place, str(error))
        return error

    def _tell(self, call: Callable[..., object], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
            self._loop.call_soon_threadsafe(call, *arguments)


class ReadLane(Lane[sqlite3.Connection]):
    """A reader. Each job sees everything that was acknowledged before it was handed over."""

    def __init__(self, name: str, place: str, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(name, place)
        self._open_connection = connect
        self._connection: sqlite3.Connection

    def _connect(self) -> None:
        self._connection = self._open_connection()

    def _disconnect(self) -> None:
        self._connection.close()

    def _do(self, batch: Sequence[Job[sqlite3.Connection]]) -> None:
        for job in batch:
            job.attempt(self._connection)
