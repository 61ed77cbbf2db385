"""The file of the index, and connections to it: one that writes, as many that read as are needed.

The file is in WAL mode: a reader sees the last commit and waits for nobody. ``synchronous`` is OFF: what a
power loss may damage is filled again. ``:memory:`` has one connection for all, so there readers do wait.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from durahub.errors import FileUnavailable
from durahub_migrate.watching.index.functions import add_functions
from durahub_migrate.watching.index.schema import APPLICATION, TABLES, VERSION

log = logging.getLogger(__name__)

MEMORY = ":memory:"
_HEADER = b"SQLite format 3\0"
_APPLICATION_AT = slice(68, 72)
_BUSY_SECONDS = 10.0  # for another process that writes the same file


class IndexFile:
    """The file at *place*, made if it is not there; every new connection goes to *prepare*.

    Raises `FileUnavailable`.
    """

    def __init__(
        self, place: str, prepare: Callable[[sqlite3.Connection], None] = lambda _: None
    ) -> None:
        self._prepare = prepare
        self.place = place
        self._writing = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._taking = threading.Lock()
        self._is_closed = False
        if place != MEMORY:
            _make_room(Path(place))
        try:
            self._writer = self._opened()
        except sqlite3.DatabaseError as error:
            if place == MEMORY or not _is_damage(error):
                raise FileUnavailable(place, str(error)) from None
            _throw_away(Path(place), "it is damaged")
            self._writer = self._opened()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in the body: all of it, or nothing if it raises. Raises `FileUnavailable`."""
        with self._writing, self._told(), _transaction(self._writer, "BEGIN IMMEDIATE"):
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read in the body, all of it as it was at one moment. Raises `FileUnavailable`."""
        if self.place == MEMORY:
            with self._writing, self._told():
                yield self._writer
            return
        with self._told():
            if self._is_closed:
                raise FileUnavailable(self.place, "it is closed")
            with self._taking:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connected()
            try:
                with _transaction(connection, "BEGIN"):
                    yield connection
            finally:
                with self._taking:
                    is_kept = not self._is_closed
                    if is_kept:
                        self._idle.append(connection)
                if not is_kept:
                    connection.close()

    def close(self) -> None:
        """Close all connections; those that read now when they have read."""
        with self._writing, self._taking:
            self._is_closed = True
            self._writer.close()
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.place,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,  # handed from thread to thread, one at a time
            cached_statements=256,
        )
        add_functions(connection)
        self._prepare(connection)
        return connection

    def _opened(self) -> sqlite3.Connection:
        connection = self._connected()
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                connection.executescript(
                    f"PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"
                    f"PRAGMA synchronous = OFF; BEGIN; {TABLES}"
                    f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
                    "COMMIT;"
                )
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("SELECT count(*) FROM hubs").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what SQLite raises as ours; a file that is found damaged is emptied first."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self._is_closed:
                raise FileUnavailable(self.place, "it is closed") from None
            if not _is_damage(error) or self.place == MEMORY:
                raise FileUnavailable(self.place, str(error)) from None
            self._renew()
            raise FileUnavailable(
                self.place, "the index was damaged; it is empty now and will be filled again"
            ) from None

    def _renew(self) -> None:
        with self._writing, self._taking:
            self._writer.close()
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            _throw_away(Path(self.place), "it is damaged")
            self._writer = self._opened()


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    connection.commit()


def _make_room(place: Path) -> None:
    """Leave nothing at *place* that is not an index of this version. Raises `FileUnavailable`."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileUnavailable(str(place), error.strerror or str(error)) from None
    if not header:
        return
    if not header.startswith(_HEADER):
        kept = place.with_name(f"{place.name}.damaged")
        log.warning("the index cannot be read; it is kept as %s and begun anew", kept.name)
        place.replace(kept)
        return
    application = int.from_bytes(header[_APPLICATION_AT], "big")
    version = int.from_bytes(header[60:64], "big")
    if application != APPLICATION and place.with_name(f"{place.name}-wal").exists():
        application, version = _behind_its_journal(place)
        if not application:
            return  # a process ended before it had written anything
    if application != APPLICATION:
        raise FileUnavailable(str(place), "it is not an index of durahub monitor")
    if version != VERSION:
        _throw_away(place, f"it is of version {version}, not {VERSION}")


def _behind_its_journal(place: Path) -> tuple[int, int]:
    """Return application and version of a file whose first page may still be in the journal.

    So a process leaves it that was killed. Without any table the application is 0. Raises `FileUnavailable`
    if there are tables of somebody else.
    """
    try:
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            return APPLICATION, 0  # thrown away
        raise FileUnavailable(str(place), str(error)) from None
    if application != APPLICATION and tables:
        raise FileUnavailable(str(place), "it is not an index of durahub monitor")
    return (application if tables else 0), version


def _throw_away(place: Path, why: str) -> None:
    log.warning("the index %s is thrown away and filled again: %s", place.name, why)
    for suffix in ("", "-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)


def _is_damage(error: sqlite3.Error) -> bool:
    text = str(error)  # Python 3.10 does not tell the code
    return "malformed" in text or "not a database" in text
