"""The schema: from the first version to the last, and never into what is not ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from durahub.errors import FileUnavailable
from durahub.model.history import Status
from durahub.scheduler.connections import FileOptions, open_writer
from durahub.scheduler.instance_queries import ended_sql
from durahub.scheduler.schema import (
    APPLICATION_ID,
    NotOurs,
    Step,
    load_steps,
    migrate,
    version_of,
)
from durahub.store import EndedQuery

STEPS = load_steps()
NEXT = STEPS[-1].version + 1


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def layout(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [step.version for step in STEPS] == list(range(1, len(STEPS) + 1))


def test_a_new_file_gets_every_step(connection: sqlite3.Connection) -> None:
    migrate(connection, STEPS)
    assert version_of(connection) == STEPS[-1].version
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    tables = {name for name, _ in layout(connection)}
    assert {"hubs", "instances", "histories", "events", "inbox", "tasks"} <= tables


@pytest.mark.parametrize("version", range(1, len(STEPS)))
def test_a_file_of_an_older_version_becomes_one_of_the_last_and_keeps_what_it_held(
    connection: sqlite3.Connection, version: int
) -> None:
    migrate(connection, STEPS[:version])
    connection.execute("INSERT INTO hubs (id, name, created) VALUES (1, 'Shop', 7)")
    connection.execute(
        "INSERT INTO instances"
        " (hub, id, entity, etag, status, created, last_updated, completed, input)"
        " VALUES (1, 'order-1', 0, 2, 1, 7, 8, 9, '42')"
    )

    migrate(connection, STEPS)

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh, STEPS)
        assert layout(connection) == layout(fresh)
    assert connection.execute("SELECT name FROM hubs").fetchall() == [("Shop",)]
    found = connection.execute("SELECT id, input FROM instances").fetchall()
    assert found == [("order-1", "42")]
    asked = EndedQuery(statuses=frozenset({Status.Completed}))
    assert connection.execute(*ended_sql(1, asked)).fetchall() == [(9, "order-1")]


def test_a_step_is_taken_once(connection: sqlite3.Connection) -> None:
    later = (*STEPS, Step(NEXT, "ALTER TABLE hubs ADD COLUMN note TEXT;"))
    migrate(connection, STEPS)
    migrate(connection, later)
    migrate(connection, later)
    assert version_of(connection) == NEXT
    connection.execute("SELECT note FROM hubs")


def test_a_step_that_fails_leaves_the_version_before_it(connection: sqlite3.Connection) -> None:
    migrate(connection, STEPS)
    before = layout(connection)
    broken = Step(NEXT, "-- two statements; the second fails\nDROP TABLE set_aside;\nNONSENSE;\n")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*STEPS, broken))
    assert version_of(connection) == NEXT - 1
    assert layout(connection) == before


def test_a_file_that_a_newer_version_wrote_is_refused(connection: sqlite3.Connection) -> None:
    migrate(connection, (*STEPS, Step(NEXT, "CREATE TABLE news (a);")))
    with pytest.raises(NotOurs, match=f"{NEXT}.*{NEXT - 1}"):
        migrate(connection, STEPS)


def test_another_programs_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "places.db"
    with closing(sqlite3.connect(file)) as theirs:
        theirs.execute("CREATE TABLE places (a)")
        theirs.commit()
    before = file.read_bytes()
    with pytest.raises(FileUnavailable, match="another program"):
        open_writer(str(file), FileOptions())
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be taken for one" * 100)
    before = file.read_bytes()
    with pytest.raises(FileUnavailable, match="not a database"):
        open_writer(str(file), FileOptions())
    assert file.read_bytes() == before


@pytest.mark.parametrize(("asked", "pragma"), [("FULL", 2), ("NORMAL", 1)])
def test_a_file_is_written_ahead_and_as_safely_as_asked(
    tmp_path: Path, asked: str, pragma: int
) -> None:
    options = FileOptions(synchronous=asked)  # type: ignore[arg-type]
    with closing(open_writer(str(tmp_path / "hub.db"), options)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (pragma,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_the_default_survives_a_power_loss() -> None:
    assert FileOptions().synchronous == "FULL"
