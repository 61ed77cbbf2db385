"""The writer: one thread, one connection, a transaction for everything that waits."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from sqlite3 import Connection

from durahub.errors import DurahubError
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.scheduler.columns import Column
from durahub.scheduler.feed import Arrival
from durahub.scheduler.lanes import Job, Lane
from durahub.scheduler.message_rows import COLUMNS, encode

RESERVED = 2**40
"""How many numbers an open file takes at once; a crash skips those not used. There are 2**63."""

ROWS_AT_ONCE = 50
"""Rows of one INSERT. Every step of a statement gives the interpreter away and must get it back, which
under load takes longer than the insert itself; SQLite before 3.32 takes 999 parameters at most."""


class Transaction:
    """What one operation writes with. What it raises must be raised before it writes, or be a fault."""

    def __init__(self, connection: Connection, numbers: Iterator[int]) -> None:
        self.connection = connection
        self.numbers = numbers
        self.arrivals: list[Arrival] = []

    def change(self, sql: str, parameters: Sequence[Column]) -> int:
        """Run a statement and return how many rows it changed."""
        return self.connection.execute(sql, parameters).rowcount

    def insert(self, into: str, rows: Iterable[Sequence[Column]]) -> None:
        """Insert *rows*; *into* is ``"INSERT INTO table (columns)"``."""
        left = iter(rows)
        while chunk := list(islice(left, ROWS_AT_ONCE)):
            places = f"({','.join('?' * len(chunk[0]))})"
            values = [column for row in chunk for column in row]
            self.connection.execute(f"{into} VALUES {','.join([places] * len(chunk))}", values)

    def post(
        self, hub: int, messages: Sequence[Message], now: Ticks, *, activities: bool = False
    ) -> None:
        """Store *messages*. One that is due by *now* is stored as one without a time."""
        rows: list[tuple[Column, ...]] = []
        for message in messages:
            seq = next(self.numbers)
            due = message.due if message.due is not None and message.due > now else None
            rows.append((hub, due, *encode(seq, message)))
            self.arrivals.append(Arrival(hub, seq, activities, message, due))
        self.insert(INTO_TASKS if activities else INTO_INBOX, rows)


_MESSAGE_COLUMNS = f"(hub, due, {', '.join(COLUMNS)})"
INTO_INBOX = f"INSERT INTO inbox {_MESSAGE_COLUMNS}"
INTO_TASKS = f"INSERT INTO tasks {_MESSAGE_COLUMNS}"


CHECKPOINT_SOON = 50
"""Commits after which the log is folded into the file when nothing waits."""

CHECKPOINT_LATEST = 200
"""Commits after which it is, though something waits. SQLite would do it in the midst of a commit."""


class WriteLane(Lane[Transaction]):
    """The writer. *on_arrivals* is called on the event loop with what a batch has stored.

    Folding the log into the file takes as long as many commits. It is done between two batches, when
    those who wait for the one before have been told.
    """

    def __init__(
        self,
        name: str,
        place: str,
        connect: Callable[[], AbstractContextManager[Connection]],
        on_arrivals: Callable[[Sequence[Arrival]], None],
    ) -> None:
        super().__init__(name, place, connect)
        self._on_arrivals = on_arrivals
        self._arrivals: list[Arrival] = []  # of the batch that is done
        self._next = 0
        self._commits = 0  # since the last checkpoint

    def _begin(self) -> None:
        (self._next,) = self._connection.execute("SELECT next FROM numbers").fetchone()
        self._connection.execute("UPDATE numbers SET next = ?", (self._next + RESERVED,))

    def _end(self) -> None:
        self._connection.execute("UPDATE numbers SET next = ?", (self._next,))

    def _numbers(self) -> Iterator[int]:
        while True:
            self._next += 1
            yield self._next - 1

    def _do(self, batch: Sequence[Job[Transaction]]) -> None:
        if not self._together(batch):
            for job in batch:
                self._together([job])

    def _together(self, batch: Sequence[Job[Transaction]]) -> bool:
        """Do *batch* as one transaction; tell whether it was committed.

        A batch of one that was not has its error; a longer one is to be done again.
        """
        arrivals: list[Arrival] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                before = self._connection.total_changes
                transaction = Transaction(self._connection, self._numbers())
                job.attempt(transaction)
                clean = self._connection.total_changes == before
                if job.error is not None and not (isinstance(job.error, DurahubError) and clean):
                    self._roll_back()
                    return False
                arrivals.extend(transaction.arrivals)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            for job in batch:
                job.error = error
            return False
        self._arrivals += arrivals
        self._commits += 1
        return True

    def _report(self, batch: Sequence[Job[Transaction]]) -> None:
        arrivals, self._arrivals = self._arrivals, []
        self._tell(self._settle_and_hand_over, batch, arrivals)

    def _settle_and_hand_over(
        self, batch: Sequence[Job[Transaction]], arrivals: Sequence[Arrival]
    ) -> None:
        """Note what was written, then hand it over; whoever waits for the writes goes on after that."""
        self._settle(batch)
        if arrivals:
            self._on_arrivals(arrivals)

    def _rest(self) -> None:
        if self._commits < (CHECKPOINT_SOON if self._jobs.empty() else CHECKPOINT_LATEST):
            return
        self._commits = 0
        with contextlib.suppress(sqlite3.Error):  # it is all in the log; the next one tries again
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _roll_back(self) -> None:
        # a fault may have ended the transaction already, or be one of the disk, which fails this too
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
