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
from contextlib import AbstractContextManager
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, Generic, TypeVar

from durahub.errors import DiskFull, FileUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
C = TypeVar("C")  # what work is given: a connection, or a transaction

LARGEST_BATCH = 256
FULL = "database or disk is full"
"""What SQLite says where there is no room; Python has the code of an error only since 3.11."""


@dataclass(eq=False, slots=True)
class Job(Generic[C]):
    """Work for a lane; *size* bytes of a client's are in it.

    *then* is called on the event loop, even if nobody waits for the result.
    """

    work: Callable[[C], Any]
    then: Callable[[Any], None] | None
    future: "asyncio.Future[Any]"
    size: int = 0
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
    """A thread that does jobs in the order in which they come. Subclasses say what a batch is.

    *connect* returns what holds the connection open, in the thread, while the lane is.
    """

    def __init__(
        self, name: str, place: str, connect: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._place = place
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Job[C] | None] = queue.SimpleQueue()
        self._closed = False
        self._bytes = 0
        self._ended = asyncio.Event()
        # a daemon: a program that forgot to close may end, what was acknowledged is written
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._connection: Connection

    async def open(self) -> None:
        """Start the thread. Raises `FileUnavailable`."""
        self._thread.start()
        try:
            await self._opened
        except BaseException:  # it failed, or its caller was cancelled: then it lets go again
            await self.close()
            raise

    async def close(self) -> None:
        """Do what is waiting, then end the thread; calling it twice is fine."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await self._ended.wait()

    async def run(
        self, work: Callable[[C], T], then: Callable[[T], None] | None = None, size: int = 0
    ) -> T:
        """Have *work* done and return its result. Once it is handed over, it is done in any case."""
        if self._closed:
            raise FileUnavailable(self._place, "it is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._bytes += size
        self._jobs.put(Job(work, then, future, size))
        result: T = await future
        return result

    @property
    def waiting(self) -> int:
        """How many jobs wait for the thread, about; what it is doing is not counted."""
        return self._jobs.qsize()

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of clients' are in what is not done, be it that nobody waits for it any more."""
        return self._bytes

    # -- the thread ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Prepare the connection."""

    def _do(self, batch: Sequence[Job[C]]) -> None:
        raise NotImplementedError

    def _report(self, batch: Sequence[Job[C]]) -> None:
        """Tell the event loop, once, what came of *batch*."""
        self._tell(self._settle, batch)

    def _rest(self) -> None:
        """Do what nobody waits for, between two batches."""

    def _end(self) -> None:
        """Leave the connection tidy."""

    def _run(self) -> None:
        opened = False
        try:
            with self._connect() as self._connection:
                self._begin()
                opened = True
                self._tell(self._set_opened, None)
                self._work()
                self._end()
        except Exception as error:
            if opened:  # everything is written; only the tidying up was not possible
                why = type(error).__name__
                log.warning("closing-failed", extra={"file": self._place, "why": why})
            self._tell(self._set_opened, self._translated(error))
        finally:
            self._tell(self._ended.set)

    def _work(self) -> None:
        last = False
        while not last:
            batch, last = self._next_batch()
            if batch:
                self._do(batch)
                for job in batch:
                    job.error = self._translated(job.error)
                self._report(batch)
                self._rest()

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
        """Return what the file is to blame for as such; other faults of SQLite's are ours."""
        is_fault = type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError)
        if is_fault and str(error) == FULL:
            return DiskFull(self._place)
        return FileUnavailable(self._place, str(error)) if is_fault else error

    def _tell(self, call: Callable[..., object], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
            self._loop.call_soon_threadsafe(call, *arguments)

    # -- the event loop ------------------------------------------------------------------------

    def _settle(self, batch: Sequence[Job[C]]) -> None:
        for job in batch:
            self._bytes -= job.size
            job.settle()

    def _set_opened(self, error: Exception | None) -> None:
        if self._opened.done():
            return
        if error is not None:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(None)


class ReadLane(Lane[Connection]):
    """A reader. Each job sees everything that was acknowledged before it was handed over."""

    def _do(self, batch: Sequence[Job[Connection]]) -> None:
        for job in batch:
            job.attempt(self._connection)
