"""The journal's file: its schema, who may write it, and how many calls share a commit.

It is in WAL mode, so that ``durahub job show`` reads while a job runs, and ``synchronous`` is FULL: what is
acknowledged is on the disk, whatever happens to process or machine. What several units have to write at the
same time is one commit. After the first write that fails nothing is written any more: the calls that it
should have preceded must not be made.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from durahub.errors import DurahubError, FileUnavailable, JournalUnusable, WrongJobState
from durahub.local import exclusive
from durahub.scheduler.lanes import Job, Lane

APPLICATION_ID = 0x4448554A
"""``PRAGMA application_id`` of a journal: the letters DHUJ."""

VERSION = 1
BUSY_SECONDS = 5.0
FOLDED_EVERY = 400  # commits: then the log is folded into the file, between two batches

_SCHEMA = """
CREATE TABLE job (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL, plan TEXT NOT NULL, bundle_root TEXT NOT NULL, target TEXT NOT NULL,
    state TEXT NOT NULL, began INTEGER NOT NULL, changed INTEGER NOT NULL,
    accepts INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE unit (
    number INTEGER PRIMARY KEY,
    root_id TEXT NOT NULL, is_entity INTEGER NOT NULL, wave INTEGER NOT NULL, strategy TEXT NOT NULL,
    is_blocked INTEGER NOT NULL, place INTEGER NOT NULL, size INTEGER NOT NULL,
    members INTEGER NOT NULL, state TEXT NOT NULL,
    was TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0,
    instances INTEGER NOT NULL DEFAULT 0, events INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX unit_state ON unit (state, wave, number);
CREATE TABLE told (
    unit INTEGER, phase TEXT, kind TEXT, reason TEXT, count INTEGER NOT NULL,
    PRIMARY KEY (unit, phase, kind, reason)
) WITHOUT ROWID;
CREATE TABLE step (
    unit INTEGER, name TEXT, is_done INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (unit, name)
) WITHOUT ROWID;
"""


class IllegalMove(RuntimeError):
    """A state that may not follow the one there is: a fault of ours, which nothing is written for."""


OnWrite = Callable[[str], object]
"""Called with ``"before"`` and ``"after"`` each commit that writes; what a test kills the process in."""


@contextlib.contextmanager
def held(file: Path) -> Iterator[None]:
    """Have the journal for this process during the body. Raises `FileUnavailable` if another has it."""
    lock = file.with_name(f"{file.name}-lock")
    try:
        descriptor = exclusive.acquire(lock)
    except OSError as error:
        raise JournalUnusable(str(file), str(error.strerror)) from None
    if descriptor is None:
        pid = exclusive.holder(lock)
        who = f"process {pid}" if pid is not None else "another process"
        raise FileUnavailable(str(file), f"{who} is at work on this job, and only one may be")
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(file: Path) -> bool:
    """Tell whether a process is at work on the job."""
    try:
        return exclusive.is_held(file.with_name(f"{file.name}-lock"))
    except OSError:
        return True


@contextlib.contextmanager
def writing(file: Path) -> Iterator[Connection]:
    """Have the file, made if it is not there, for the body. Raises `JournalUnusable`."""
    try:
        connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise JournalUnusable(str(file), str(error)) from None
    with closing(connection):
        try:
            _make_ours(connection, file)
        except sqlite3.Error as error:
            raise JournalUnusable(str(file), str(error)) from None
        yield connection


@contextlib.contextmanager
def looking(file: Path) -> Iterator[Connection]:
    """Look into a journal, also while it is written. Raises `JournalUnusable`, `WrongJobState`."""
    try:
        connection = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS
        )
    except sqlite3.Error as error:
        raise JournalUnusable(str(file), str(error)) from None
    with closing(connection):
        try:
            if not _tables(connection):
                raise WrongJobState(str(file.parent), "not begun", "durahub apply begins it")
            _check(connection, file)
            yield connection
        except sqlite3.Error as error:
            raise JournalUnusable(str(file), str(error)) from None


def _make_ours(connection: Connection, file: Path) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    if _tables(connection):
        _check(connection, file)
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {VERSION}; COMMIT;"
        )
    connection.execute(f"PRAGMA wal_autocheckpoint = {FOLDED_EVERY * 20}")


def _tables(connection: Connection) -> int:
    """Return how many there are: none of a journal that is only being made."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(tables)


def _check(connection: Connection, file: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise JournalUnusable(str(file), "it is no journal of a move")
    if version != VERSION:
        raise JournalUnusable(str(file), f"it is of version {version}, known here is {VERSION}")


class JournalLane(Lane[Connection]):
    """The thread that has the journal; work for it that waits at the same time is one transaction.

    The first error ends it all: whatever comes later is refused with it.
    """

    def __init__(self, file: Path, on_write: OnWrite) -> None:
        super().__init__(f"journal {file}", str(file), lambda: writing(file))
        self._on_write = on_write
        self._fault: Exception | None = None
        self._commits = 0

    def hand(self, work: Callable[[Connection], None]) -> None:
        """Have *work* done behind what was handed over before; if it fails, all that comes later does too."""
        future: asyncio.Future[None] = self._loop.create_future()
        future.add_done_callback(asyncio.Future.exception)  # nobody waits for it
        self._jobs.put(Job(work, None, future))

    def _do(self, batch: Sequence[Job[Connection]]) -> None:
        if self._fault is None:
            self._fault = self._together(batch)
        if self._fault is not None:
            for job in batch:
                job.error = self._fault

    def _together(self, batch: Sequence[Job[Connection]]) -> Exception | None:
        connection = self._connection
        before = connection.total_changes
        try:
            connection.execute("BEGIN")
            for job in batch:
                job.attempt(connection)
                if job.error is not None:
                    raise job.error
            writes = connection.total_changes != before
            if writes:
                self._on_write("before")
            connection.execute("COMMIT")
            if writes:
                self._on_write("after")
                self._commits += 1
        except Exception as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if isinstance(error, DurahubError):
                return error
            return JournalUnusable(self._place, str(error)) if _is_disks(error) else error
        return None

    def _rest(self) -> None:
        if self._commits >= FOLDED_EVERY:
            self._commits = 0
            with contextlib.suppress(sqlite3.Error):  # it is all in the log
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _is_disks(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error | OSError)


def rows(connection: Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return all rows of a question; for those that have few."""
    return connection.execute(sql, values).fetchall()


def change_one(connection: Connection, sql: str, values: Sequence[Any], what: str) -> None:
    """Change one row, and no other. Raises `IllegalMove`: *what* says what it should have become."""
    if connection.execute(sql, values).rowcount != 1:
        raise IllegalMove(f"no way leads {what}")


def places(values: Sequence[object]) -> str:
    """Return as many marks as there are *values*, for a statement."""
    return ",".join("?" * len(values))
