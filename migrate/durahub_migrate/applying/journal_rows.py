"""What is asked of a journal and written into it: functions of a connection, each within one transaction."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from durahub.scheduler.columns import from_text, required_text
from durahub_migrate.applying.journal_file import rows
from durahub_migrate.applying.states import (
    BEFORE,
    BEHIND,
    IS_THERE,
    JOB_MOVES,
    JobState,
    UnitState,
    Wave,
    first_state,
    may_follow,
    wave_of,
)
from durahub_migrate.moving.mover import Moved, Phase
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit


class IllegalMove(RuntimeError):
    """A state that may not follow the one there is: a fault of ours, which nothing is written for."""


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


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit of the journal. Its line in the plan begins at byte *place* and has *size* bytes."""

    number: int
    root_id: str
    state: UnitState
    was: str  # of one that has failed: the state in which it did
    place: int
    size: int
    members: int
    tries: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """A unit that is to be placed before another."""

    root_id: str
    strategy: Strategy
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit that was rejected or has failed."""

    root_id: str
    state: UnitState
    was: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """How many units of one kind, strategy and state there are, and what of them is at the target."""

    is_entity: bool
    strategy: str
    is_blocked: bool
    state: UnitState
    units: int
    members: int
    instances: int
    events: int
    messages: int


# -- the job -----------------------------------------------------------------------------------


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
    _changed(
        connection,
        f"UPDATE job SET state = ?, changed = ? WHERE state IN ({_places(before)})",  # noqa: S608 (names and marks of ours)
        (state.value, now, *before),
        f"a job to {state.value}",
    )


def set_accepts(connection: Connection) -> None:
    """Note that the job may be handed over with units that have failed or were rejected."""
    connection.execute("UPDATE job SET accepts = 1")


def set_status(connection: Connection, status: Mapping[str, Any]) -> None:
    """Keep what the process at work tells of its speed."""
    connection.execute("UPDATE job SET status = ?", (json.dumps(status),))


# -- units -------------------------------------------------------------------------------------

_ENTRY = "number, root_id, state, was, place, size, members, tries"


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(row[0], required_text(row[1]), UnitState(row[2]), *row[3:])


def claim(
    connection: Connection, phase: Phase, wave: Wave, behind: int, most: int, tries: int
) -> list[Entry]:
    """Return units that *phase* takes, with a number greater than *behind*; planned ones are claimed.

    With *tries* they are those that have failed in this phase, less often than that.
    """
    takes = BEFORE[phase].value
    values: list[str | int]
    condition, values = "state = ?", [takes]
    if tries:
        condition, values = "state = 'failed' AND was = ? AND tries < ?", [takes, tries]
    elif phase is Phase.PLACE:
        condition = "state IN ('planned', ?)"
    found = rows(
        connection,
        f"SELECT {_ENTRY} FROM unit WHERE {condition} AND wave = ? AND number > ?"  # noqa: S608 (names and marks of ours)
        " ORDER BY number LIMIT ?",
        *values,
        int(wave),
        behind,
        most,
    )
    entries = [_entry(row) for row in found]
    planned = [(one.number,) for one in entries if one.state is UnitState.PLANNED]
    if planned:
        connection.executemany(
            "UPDATE unit SET state = 'claimed' WHERE number = ? AND state = 'planned'", planned
        )
    return entries


def not_placed(connection: Connection, roots: Iterable[str], wave: Wave) -> list[Ahead]:
    """Return those of *roots* that are not at the target yet and come no later than *wave*."""
    found: list[Ahead] = []
    wanted = sorted(roots)
    for start in range(0, len(wanted), 500):
        some = [from_text(one) for one in wanted[start : start + 500]]
        found += [
            Ahead(required_text(root_id), Strategy(strategy), state == UnitState.FAILED.value)
            for root_id, strategy, state in rows(
                connection,
                f"SELECT root_id, strategy, state FROM unit WHERE root_id IN ({_places(some)})"  # noqa: S608 (names and marks of ours)
                " AND wave <= ? AND (state IN ('planned', 'claimed')"
                " OR (state = 'failed' AND was = 'claimed'))",
                *some,
                int(wave),
            )
        ]
    return found


def record(
    connection: Connection, number: int, state: UnitState, phase: Phase, moved: Moved
) -> None:
    """Write what a phase has done to a unit. Raises `IllegalMove`."""
    before = [one.value for one in may_follow(state)]
    failed = state is UnitState.FAILED
    _changed(
        connection,
        "UPDATE unit SET was = CASE WHEN ? AND state <> 'failed' THEN state WHEN ? THEN was ELSE '' END,"  # noqa: S608 (names and marks of ours)
        " state = ?, tries = CASE WHEN ? THEN tries + 1 ELSE 0 END, code = ?, reason = ?,"
        " instances = max(instances, ?), events = max(events, ?), messages = messages + ?"
        f" WHERE number = ? AND state IN ({_places(before)})",
        (
            failed,
            failed,
            state.value,
            failed,
            moved.code,
            from_text(moved.reason),
            moved.instances,
            moved.events,
            0 if failed else moved.messages,
            number,
            *before,
        ),
        f"unit {number} to {state.value}",
    )
    if not failed:
        tell(connection, number, phase.value, moved)


def pass_over(connection: Connection, phase: Phase, wave: Wave) -> int:
    """Note of all units that *phase* takes that they have had it; return how many there are."""
    return connection.execute(
        "UPDATE unit SET state = ?, was = '', tries = 0, code = '', reason = ''"
        " WHERE state = ? AND wave = ?",
        (BEHIND[phase].value, BEFORE[phase].value, int(wave)),
    ).rowcount


STRAYS = 0
"""The number under which is kept what belongs to no unit."""


def tell(connection: Connection, number: int, phase: str, moved: Moved) -> None:
    """Keep by reason what was left and what is doubtful; of what belongs to no unit, what was moved too."""
    told = [("left", reason, count) for reason, count in moved.left.items()]
    told += [("dropped", reason, count) for reason, count in moved.dropped.items()]
    told += [("taken", "", moved.taken)] if moved.taken else []
    told += [("doubt", reason, count) for reason, count in moved.doubts.items()]
    if number == STRAYS:
        told.append(("moved", "", moved.messages))
    connection.executemany(
        "INSERT OR REPLACE INTO told VALUES (?,?,?,?,?)",
        [(number, phase, kind, from_text(reason), count) for kind, reason, count in told],
    )


def try_again(connection: Connection) -> int:
    """Give each unit that has failed all its tries anew; return how many there are."""
    return connection.execute("UPDATE unit SET tries = 0 WHERE state = 'failed'").rowcount


def check_counts(connection: Connection) -> None:
    """Take settled units to verified where as many instances are at the target as the plan has."""
    connection.execute(
        "UPDATE unit SET state = 'verified' WHERE state = 'settled' AND instances = members"
    )
    connection.execute(
        "UPDATE unit SET state = 'failed', was = 'settled', tries = tries + 1, code = '', reason ="
        " instances || ' of ' || members || ' instances are at the target' WHERE state = 'settled'"
    )


def hand_over(connection: Connection) -> None:
    """Note that the target's app may run what was verified."""
    connection.execute("UPDATE unit SET state = 'done' WHERE state = 'verified'")


def last_there(
    connection: Connection, wave: Wave | None, ahead: int | None, most: int
) -> list[Entry]:
    """Return units of which something may be at the target, the last one first, before number *ahead*."""
    states = [one.value for one in IS_THERE]
    found = rows(
        connection,
        f"SELECT {_ENTRY} FROM unit WHERE state IN ({_places(states)}) AND number < ?"  # noqa: S608 (names and marks of ours)
        " AND wave BETWEEN ? AND ? ORDER BY number DESC LIMIT ?",
        *states,
        2**62 if ahead is None else ahead,
        0 if wave is None else int(wave),
        len(Wave) if wave is None else int(wave),
        most,
    )
    return [_entry(row) for row in found]


def withdraw(connection: Connection, number: int) -> None:
    """Note that nothing of a unit is at the target any more. Raises `IllegalMove`."""
    before = [one.value for one in may_follow(UnitState.WITHDRAWN)]
    _changed(
        connection,
        "UPDATE unit SET state = 'withdrawn', instances = 0, events = 0, messages = 0"  # noqa: S608 (names and marks of ours)
        f" WHERE number = ? AND state IN ({_places(before)})",
        (number, *before),
        f"unit {number} to withdrawn",
    )
    connection.execute("DELETE FROM told WHERE unit = ?", (number,))


def entry_of(connection: Connection, root_id: str) -> Entry | None:
    """Return the unit of a root, ``None`` if there is none."""
    found = rows(connection, f"SELECT {_ENTRY} FROM unit WHERE root_id = ?", from_text(root_id))  # noqa: S608 (names and marks of ours)
    return _entry(found[0]) if found else None


TAKEN_BACK = "take-back"
"""The step of a unit that is taken back to be moved once more."""


def half_taken_back(connection: Connection) -> list[Entry]:
    """Return units of which nobody knows how much a resync has taken back before it died."""
    found = rows(
        connection,
        f"SELECT {_ENTRY} FROM unit WHERE number IN"  # noqa: S608 (names and marks of ours)
        " (SELECT unit FROM step WHERE name = ? AND is_done = 0) ORDER BY number",
        TAKEN_BACK,
    )
    return [_entry(row) for row in found]


def plan_again(connection: Connection, number: int) -> None:
    """Note that a unit of which nothing is at the target any more is to be moved from its beginning."""
    connection.execute(
        "UPDATE unit SET state = 'planned', was = '', tries = 0, code = '', reason = '',"
        " instances = 0, events = 0, messages = 0 WHERE number = ?",
        (number,),
    )
    connection.execute("DELETE FROM step WHERE unit = ?", (number,))
    connection.execute("DELETE FROM told WHERE unit = ?", (number,))


def withdraw_planned(connection: Connection) -> None:
    """Note of units that were never begun that they will not be."""
    connection.execute("UPDATE unit SET state = 'withdrawn' WHERE state = 'planned'")


# -- steps -------------------------------------------------------------------------------------


def steps_of(connection: Connection, number: int) -> dict[str, tuple[bool, str]]:
    """Return a unit's steps: whether each was ended, and its note."""
    found = rows(connection, "SELECT name, is_done, note FROM step WHERE unit = ?", number)
    return {required_text(name): (bool(done), required_text(note)) for name, done, note in found}


def write_step(connection: Connection, number: int, name: str, note: str, *, done: bool) -> None:
    """Write a step down."""
    connection.execute(
        "INSERT OR REPLACE INTO step VALUES (?,?,?,?)",
        (number, from_text(name), done, from_text(note)),
    )


# -- sums --------------------------------------------------------------------------------------


def groups(connection: Connection) -> list[Group]:
    """Return how many units there are of each kind, strategy and state."""
    found = rows(
        connection,
        "SELECT is_entity, strategy, is_blocked, state, count(*), sum(members), sum(instances), sum(events),"
        " sum(messages) FROM unit GROUP BY is_entity, strategy, is_blocked, state"
        " ORDER BY is_entity, strategy, is_blocked, state",
    )
    return [Group(bool(row[0]), row[1], bool(row[2]), UnitState(row[3]), *row[4:]) for row in found]


@dataclass(frozen=True, slots=True)
class Fate:
    """What the journal says of a unit. *is_over* tells that it has had all its phases."""

    root_id: str
    state: UnitState
    strategy: str
    is_blocked: bool

    @property
    def is_over(self) -> bool:
        """Whether it has had all its phases."""
        return self.state.value in _OVER


_OVER = tuple(one.value for one in (UnitState.SETTLED, UnitState.VERIFIED, UnitState.DONE))


def fates(connection: Connection) -> Iterator[Fate]:
    """Yield what has become of each unit."""
    found = connection.execute("SELECT root_id, state, strategy, is_blocked FROM unit")
    for root_id, state, strategy, is_blocked in found:
        yield Fate(required_text(root_id), UnitState(state), strategy, bool(is_blocked))


def of_queues(connection: Connection) -> dict[str, int]:
    """Return what movers say of messages that were seen, of units that are over: ``""`` counts those taken.

    Of the messages that belong to no unit, too, once that was told: `has_strays`.
    """
    found = rows(
        connection,
        "SELECT CASE kind WHEN 'taken' THEN '' ELSE told.reason END AS what, sum(count) FROM told"  # noqa: S608 (names and marks of ours)
        " LEFT JOIN unit ON unit.number = told.unit WHERE kind IN ('taken', 'left')"
        f" AND (told.unit = {STRAYS} OR unit.state IN ({_places(_OVER)})) GROUP BY what ORDER BY what",
        *_OVER,
    )
    return {required_text(what): count for what, count in found}


def has_strays(connection: Connection) -> bool:
    """Tell whether it was told what has become of messages that belong to no unit."""
    return bool(rows(connection, f"SELECT 1 FROM told WHERE unit = {STRAYS} LIMIT 1"))  # noqa: S608 (names and marks of ours)


def told(connection: Connection, kind: str) -> dict[str, int]:
    """Return sums by reason.

    They are of messages ``left`` behind, of what histories held and was ``dropped``, of ``doubt``, of what
    ``moved`` without a unit.
    """
    found = rows(
        connection,
        "SELECT reason, sum(count) FROM told WHERE kind = ? GROUP BY reason ORDER BY reason",
        kind,
    )
    return {required_text(reason): count for reason, count in found}


def lost(connection: Connection) -> Iterator[Lost]:
    """Yield the units that were rejected or have failed."""
    found = connection.execute(
        "SELECT root_id, state, was, code, reason FROM unit WHERE state IN ('rejected', 'failed')"
        " ORDER BY number"
    )
    for root_id, state, was, code, reason in found:
        yield Lost(required_text(root_id), UnitState(state), was, code, required_text(reason))


def _changed(connection: Connection, sql: str, values: Sequence[Any], what: str) -> None:
    if connection.execute(sql, values).rowcount != 1:
        raise IllegalMove(f"no way leads {what}")


def _places(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
