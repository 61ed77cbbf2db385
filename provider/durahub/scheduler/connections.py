"""Connections to the file, and the lock by which one process has it.

The file is in WAL mode: readers and the writer do not wait for each other. ``synchronous`` is FULL, so a
commit is on the disk when it is acknowledged: neither a crash of the process nor a power loss takes back
a start that was accepted or an activity that was completed. (A disk that lies about its cache can; and
macOS only hands the data to the disk.) With NORMAL nothing is lost by a crash of the process either,
but a power loss may take back the last commits, all that followed the last checkpoint of the WAL at
worst: the hub is then as it was some seconds or minutes ago, consistent, and runs on from there.
"""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from durahub.errors import FileUnavailable
from durahub.local import exclusive
from durahub.scheduler.schema import NotOurs, load_steps, migrate

MEMORY = ":memory:"
"""The place of a store without a file."""

CACHED_STATEMENTS = 512
CACHE_KIB = 16 * 1024
BUSY_SECONDS = 5.0  # for a backup tool that reads the file


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How a file is written; see the module for what ``synchronous`` decides."""

    synchronous: Literal["FULL", "NORMAL"] = "FULL"


def take_lock(file: Path) -> Callable[[], None]:
    """Take *file* for this process; return what lets it go. Raises `FileUnavailable`.

    The lock is the system's, on a file beside: ``hub.db-lock``. It ends with the process.
    """
    try:
        lock = Path(f"{file.resolve()}-lock")  # two names of one file are one lock
        descriptor = exclusive.acquire(lock)
    except OSError as error:
        raise FileUnavailable(str(file), str(error.strerror)) from None
    if descriptor is None:
        pid = exclusive.holder(lock)
        who = f"process {pid}" if pid is not None else "another process"
        raise FileUnavailable(
            str(file), f"{who} has it open, and only one may; ask that one's server instead"
        )
    return lambda: os.close(descriptor)


def open_writer(place: str, options: FileOptions) -> sqlite3.Connection:
    """Connect for writing, with the schema up to date. Raises `FileUnavailable`."""
    connection = _connect(place)
    try:
        migrate(connection, load_steps())  # first of all: it leaves alone what is not ours
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {options.synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
    except (sqlite3.Error, NotOurs) as error:
        connection.close()
        raise FileUnavailable(place, str(error)) from None
    return connection


def open_reader(place: str) -> sqlite3.Connection:
    """Connect for reading. Raises `FileUnavailable`."""
    connection = _connect(place)
    connection.execute("PRAGMA query_only = ON")
    return connection


def close_writer(connection: sqlite3.Connection) -> None:
    """Close the file tidily: the last connection folds the WAL into it."""
    connection.execute("PRAGMA optimize")
    connection.close()


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
