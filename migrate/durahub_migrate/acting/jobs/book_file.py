"""The file of the book of jobs: its schema, and its transactions, which are on the disk when they end."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from durahub.errors import FileUnavailable

NAME = "jobs.sqlite"
_VERSION = 1
_BUSY = 10.0  # seconds for another process that writes
_SCHEMA = """
CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, hub TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL,
    made INTEGER NOT NULL, by TEXT NOT NULL, via TEXT NOT NULL, cost TEXT, started INTEGER, ended INTEGER,
    problem TEXT, wanted TEXT, address TEXT
);
CREATE TABLE item (
    job INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL, status TEXT NOT NULL, execution TEXT,
    state TEXT NOT NULL, archived INTEGER, updated INTEGER, sentence TEXT, new_id TEXT,
    instances INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0, at INTEGER, PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX item_state ON item (job, state, seq);
CREATE TABLE part (
    job INTEGER NOT NULL, number INTEGER NOT NULL, folder TEXT NOT NULL, instances INTEGER NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
"""


class BookFile:
    """The file in *folder*, which is made. Several processes may use it. Raises `FileUnavailable`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(
                self._file, timeout=_BUSY, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise FileUnavailable(str(self._file), str(error)) from None
        with self.told():
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = FULL")
            self._migrate()

    def _migrate(self) -> None:
        with self.transaction():
            (version,) = self.db.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise FileUnavailable(str(self._file), "a newer durahub has written it")
            if version == 0:
                for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Have all that the body writes written, or nothing."""
        with self.told():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    @contextmanager
    def told(self) -> Iterator[None]:
        """Have what SQLite says in the body told as `FileUnavailable`."""
        try:
            yield
        except sqlite3.Error as error:
            raise FileUnavailable(str(self._file), str(error)) from None
