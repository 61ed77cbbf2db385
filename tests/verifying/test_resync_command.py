"""``durahub resync``: what differs is moved once more, and nothing else."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from durahub.errors import BadVerification, WrongJobState
from durahub_migrate.cli.apply import apply
from durahub_migrate.cli.job import job_commands
from durahub_migrate.cli.resync import resync
from durahub_migrate.cli.verify import verify
from tests.applying.moves import Move, a_move


def call(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


class Moved:
    """A move that was applied, into a file."""

    def __init__(self, folder: Path, *options: object) -> None:
        self.folder = folder
        self.file = folder / "new.db"
        self.bundle = folder / "orders.hub"
        self.move: Move = a_move(folder, f"sqlite:{self.file}/orders")
        done = call(apply, self.move.plan, "--quiet", *options)
        assert done.exit_code == 0, done.output

    def change(self, sql: str) -> None:
        with closing(sqlite3.connect(self.file)) as db, db:
            assert db.execute(sql).rowcount > 0, sql

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as db:
            return db.execute(sql).fetchall()

    def verified(self) -> dict[str, str]:
        """Compare; return the symbols by ID."""
        results = self.folder / "verify.json"
        target = f"sqlite:{self.file}/orders"
        done = call(verify, self.bundle, target, "--plan", self.move.plan, "--output", results)
        assert done.exit_code in (0, 1), (done.output, done.exception)
        found = json.loads(results.read_bytes())
        return {one["id"]: one["symbol"] for one in found["instances"]}

    def resync(self, *options: object) -> Result:
        results = self.folder / "verify.json"
        return call(resync, self.move.plan, "--from", results, *options)


@pytest.fixture(
    params=[
        pytest.param((), id="handed over"),
        pytest.param(("--postpone-cut-over",), id="ready", marks=pytest.mark.slow),
    ]
)
def moved(request: pytest.FixtureRequest, tmp_path: Path) -> Moved:
    return Moved(tmp_path, *request.param)


def an_orchestration(moved: Moved) -> str:
    return str(moved.rows("SELECT id FROM instances WHERE entity = 0 ORDER BY id")[0][0])


def test_what_differs_is_moved_once_more_and_nothing_else(moved: Moved) -> None:
    assert set(moved.verified().values()) == {"="}
    one = an_orchestration(moved)
    moved.change(f"UPDATE instances SET input = 'other' WHERE id = '{one}'")
    others = f"SELECT * FROM instances WHERE id <> '{one}' ORDER BY id"
    before = moved.rows(others)
    assert moved.verified()[one] == "*"

    told = moved.resync()
    assert told.exit_code == 0
    assert f"again  {one}  {one}: input differs" in told.output
    assert moved.verified()[one] == "*"

    done = moved.resync("--execute")
    assert done.exit_code == 0, (done.output, done.exception)
    assert set(moved.verified().values()) == {"="}
    assert moved.rows(others) == before


def test_what_is_missing_is_moved_once_more(moved: Moved) -> None:
    one = an_orchestration(moved)
    moved.change(f"DELETE FROM instances WHERE id = '{one}'")
    assert moved.verified()[one] == "-"
    assert moved.resync("--execute").exit_code == 0
    assert set(moved.verified().values()) == {"="}


def test_what_only_the_target_has_is_left(moved: Moved) -> None:
    one = an_orchestration(moved)
    columns = "hub, entity, etag, execution, name, version, status, created, last_updated"
    moved.change(
        f"INSERT INTO instances (id, {columns}) SELECT 'extra', {columns} FROM instances"
        f" WHERE id = '{one}'"
    )
    assert moved.verified()["extra"] == "+"
    done = moved.resync("--execute")
    assert done.exit_code == 1
    assert "left   extra" in done.output
    assert moved.verified()["extra"] == "+"


def test_what_was_written_at_the_target_since_is_left(tmp_path: Path) -> None:
    moved = Moved(tmp_path)
    one = an_orchestration(moved)
    moved.change(f"UPDATE instances SET input = 'other', etag = etag + 1000 WHERE id = '{one}'")
    moved.verified()
    done = moved.resync("--execute")
    assert done.exit_code == 1
    assert f"left   {one}  it was written at the target since it was moved" in done.output
    assert moved.verified()[one] == "*"


def test_a_job_that_was_confirmed_is_not_mended(tmp_path: Path) -> None:
    moved = Moved(tmp_path)
    one = an_orchestration(moved)
    moved.change(f"DELETE FROM instances WHERE id = '{one}'")
    moved.verified()
    assert call(job_commands, "confirm", moved.move.plan).exit_code == 0
    assert isinstance(moved.resync("--execute").exception, WrongJobState)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "durahub-verify", "target": "x"}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    moved = Moved(tmp_path)
    (tmp_path / "verify.json").write_text(text)
    assert isinstance(moved.resync().exception, BadVerification)
