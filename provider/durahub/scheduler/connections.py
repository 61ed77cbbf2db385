"""Connections to the file, and the lock by which one process has it.

The file is in WAL mode: readers and the writer do not wait for each other. ``synchronous`` is FULL, so a
commit is on the disk when it is acknowledged: neither a crash of the process nor a power loss takes back
a start that was accepted, an event that was sent, or a turn that was written. (A disk that lies about its
cache can; and macOS only hands the data to the disk.) An activity whose result was in no turn yet may run
again, as everywhere: see `durahub.scheduler.results`.

With NORMAL nothing is lost by a crash of the process either,
but a power loss may take back the last commits, all that followed the last checkpoint of the WAL at
worst: the hub is then as it was some seconds or minutes ago, consistent, and runs on from there.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from durahub.errors import FileUnavailable
from durahub.local import exclusive
from durahub.scheduler.schema import NotOurs, check_newest, load_steps, migrate

MEMORY = ":memory:"
"""The place of a store without a file."""

CACHED_STATEMENTS = 512
CACHE_KIB = 16 * 1024
LARGEST_LOG = 8_000  # pages, 32 MB; the writer folds them in long before, see `WriteLane`
BUSY_SECONDS = 5.0  # for a backup tool that reads the file


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How a file is written; see the module for what ``synchronous`` decides.

    ``result_grace`` is for how many seconds an activity's result may be in memory alone. With ``beside`` the
    file is only looked at where another process has it.
    """

    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    result_grace: float = 1.0
    beside: bool = False


@contextmanager
def writing(place: str, options: FileOptions) -> Iterator[sqlite3.Connection]:
    """Have the file, and its schema up to date, for the body. Raises `FileUnavailable`."""
    lock = nullcontext() if place == MEMORY else locked(Path(place))
    with lock, closing(open_writer(place, options)) as connection:
        yield connection
        connection.execute("PRAGMA analysis_limit = 400")  # rows that the next line looks at
        connection.execute("PRAGMA optimize")


@contextmanager
def reading(place: str) -> Iterator[sqlite3.Connection]:
    """Read the file in the body. Raises `FileUnavailable`."""
    with closing(_connect(place)) as connection:
        connection.execute("PRAGMA query_only = ON")
        yield connection


@contextmanager
def looking(place: str) -> Iterator[sqlite3.Connection]:
    """Look into a file as it is, also one that another process has; nothing in it can be changed.

    Raises `FileUnavailable`, also where its schema is not the one known here: nobody may change that now.
    """
    try:
        found = sqlite3.connect(f"{Path(place).resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise FileUnavailable(place, str(error)) from None
    with closing(found) as connection:
        try:
            connection.execute("PRAGMA query_only = ON")
            check_newest(connection, load_steps())
            yield connection
        except (sqlite3.Error, NotOurs) as error:
            raise FileUnavailable(place, str(error)) from None


def is_open(place: str) -> bool:
    """Tell whether a process has the file for writing, or may have: nobody here may ask."""
    try:
        return exclusive.is_held(_lock_of(Path(place)))
    except OSError:
        return True


def _lock_of(file: Path) -> Path:
    return Path(f"{file.resolve()}-lock")  # two names of one file are one lock


def holder_of(place: str) -> int | None:
    """Return the ID of the process that has the file, if that can be told."""
    return exclusive.holder(_lock_of(Path(place))) if is_open(place) else None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Have *file* for this process during the body.

    The lock is the system's, on a file beside: ``hub.db-lock``. It ends with the process.
    """
    try:
        lock = _lock_of(file)
        descriptor = exclusive.acquire(lock)
    except OSError as error:
        raise FileUnavailable(str(file), str(error.strerror)) from None
    if descriptor is None:
        pid = exclusive.holder(lock)
        who = f"process {pid}" if pid is not None else "another process"
        problem = (
            f"{who} has it open, and only one may; ask that one's server instead, or if it is a freeze, "
            "end that with 'durahub hub thaw'"
        )
        raise FileUnavailable(str(file), problem, holder=who)
    try:
        yield
    finally:
        os.close(descriptor)


def open_writer(place: str, options: FileOptions) -> sqlite3.Connection:
    """Connect for writing, with the schema up to date. Raises `FileUnavailable`."""
    connection = _connect(place)
    try:
        migrate(connection, load_steps())  # first of all: it leaves alone what is not ours
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {options.synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LARGEST_LOG}")
        connection.execute("PRAGMA foreign_keys = ON")
    except (sqlite3.Error, NotOurs) as error:
        connection.close()
        raise FileUnavailable(place, str(error)) from None
    return connection


def _connect(place: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            place,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions begin where we say so
            cached_statements=CACHED_STATEMENTS,
        )
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error as error:
        raise FileUnavailable(place, str(error)) from None
    return connection
