"""The file's schema and its steps from one version to the next.

``PRAGMA user_version`` is how many of the numbered steps in ``migrations/`` a file has had. A step is never
changed once it was released; what a later version needs is a new step. Each runs in a transaction of
its own, so a step that fails leaves the file at the version before it.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

APPLICATION_ID = 0x44485542
"""``PRAGMA application_id`` of a file of ours: the letters DHUB."""


@dataclass(frozen=True, slots=True)
class Step:
    """The SQL that makes a file of version ``version - 1`` one of *version*."""

    version: int
    sql: str


class NotOurs(Exception):
    """The file is a database, but another program's, or of a version that is not known here."""


def load_steps() -> tuple[Step, ...]:
    """Return the steps of ``migrations/``, in order: files named ``0001_what_it_does.sql``."""
    folder = resources.files("durahub.scheduler") / "migrations"
    found = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name
    )
    return tuple(Step(int(entry.name[:4]), entry.read_text("utf-8")) for entry in found)


def is_empty(connection: sqlite3.Connection) -> bool:
    """Tell whether there is nothing in the file yet."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return version_of(connection) == 0 and tables == 0


def version_of(connection: sqlite3.Connection) -> int:
    """Return how many steps the file has had."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    """Take the file to the last of *steps*. Raises `NotOurs`, having changed nothing."""
    if not is_empty(connection):
        _check_ours(connection)
    version, newest = version_of(connection), steps[-1].version
    if version > newest:
        raise NotOurs(
            f"a newer durahub has written it: its schema is {version}, the newest known here {newest}"
        )
    for step in steps:
        if step.version > version:
            _take(connection, step)


def check_newest(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    """Raise `NotOurs` unless the file has had all *steps* and no more."""
    _check_ours(connection)
    version, newest = version_of(connection), steps[-1].version
    if version != newest:
        remedy = (
            "any other command of this durahub brings it up to date" if version < newest else ""
        )
        said = f"its schema is {version}, the one known here {newest}"
        raise NotOurs(f"{said}; {remedy}" if remedy else said)


def _check_ours(connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise NotOurs("it is a database of another program")


def _take(connection: sqlite3.Connection, step: Step) -> None:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for statement in _statements(step.sql):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {step.version}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(sql: str) -> Iterator[str]:
    """Yield statement by statement: ``executescript`` would end our transaction."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
