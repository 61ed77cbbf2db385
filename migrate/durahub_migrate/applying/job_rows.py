"""The job in its journal; functions of a connection, each within one transaction."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from durahub.scheduler.columns import from_text
from durahub_migrate.applying.journal_file import change_one, places, rows
from durahub_migrate.applying.states import JOB_MOVES, JobState, first_state, wave_of
from durahub_migrate.moving.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job. *id* is its own at the target, *plan* the digest in its plan's end; times are Unix seconds.

    *status* is what the process at work on it has last told of its speed.
    """

    id: str
    plan: str
    bundle_root: str
    target: str
    state: JobState
    began: int
    changed: int
    accepts: bool  # to be handed over though units have failed or were rejected
    status: Mapping[str, Any]


def job_of(connection: Connection) -> JobRow | None:
    """Return the job, ``None`` of a journal that was only just made."""
    found = rows(
        connection,
        "SELECT id, plan, bundle_root, target, state, began, changed, accepts, status FROM job",
    )
    if not found:
        return None
    number, plan, root, target, state, began, changed, accepts, status = found[0]
    return JobRow(
        id=number,
        plan=plan,
        bundle_root=root,
        target=target,
        state=JobState(state),
        began=began,
        changed=changed,
        accepts=bool(accepts),
        status=json.loads(status),
    )


def fill(connection: Connection, job: JobRow, units: Iterable[tuple[Unit, int, int]]) -> None:
    """Write a job's beginning: *units* come with place and size of their lines."""
    connection.execute(
        "INSERT INTO job (only, id, plan, bundle_root, target, state, began, changed)"
        " VALUES (1,?,?,?,?,?,?,?)",
        (job.id, job.plan, job.bundle_root, job.target, job.state.value, job.began, job.changed),
    )
    connection.executemany(
        "INSERT INTO unit (root_id, is_entity, wave, strategy, is_blocked, place, size, members, state)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (
            (
                from_text(unit.root_id),
                unit.is_entity,
                int(wave_of(unit)),
                unit.strategy.value,
                bool(unit.blockers),
                place,
                size,
                unit.members,
                first_state(unit).value,
            )
            for unit, place, size in units
        ),
    )


def set_job(connection: Connection, state: JobState, now: int) -> None:
    """Take the job to *state*. Raises `IllegalMove`."""
    before = [one.value for one, moves in JOB_MOVES.items() if state in moves]
    change_one(
        connection,
        f"UPDATE job SET state = ?, changed = ? WHERE state IN ({places(before)})",  # noqa: S608 (names and marks of ours)
        (state.value, now, *before),
        f"a job to {state.value}",
    )


def set_accepts(connection: Connection) -> None:
    """Note that the job may be handed over with units that have failed or were rejected."""
    connection.execute("UPDATE job SET accepts = 1")


def set_status(connection: Connection, status: Mapping[str, Any]) -> None:
    """Keep what the process at work tells of its speed."""
    connection.execute("UPDATE job SET status = ?", (json.dumps(status),))
