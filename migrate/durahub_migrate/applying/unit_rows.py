"""Units in their job's journal: which ones a phase takes, and what it has done to them.

Functions of a connection, each within one transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from durahub.scheduler.columns import from_text, required_text
from durahub_migrate.applying.journal_file import change_one, places, rows
from durahub_migrate.applying.states import (
    BEFORE,
    BEHIND,
    IS_THERE,
    UnitState,
    Wave,
    may_follow,
)
from durahub_migrate.applying.step_rows import TAKEN_BACK
from durahub_migrate.applying.told_rows import tell
from durahub_migrate.moving.mover import Moved, Phase
from durahub_migrate.moving.strategy import Strategy


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
                f"SELECT root_id, strategy, state FROM unit WHERE root_id IN ({places(some)})"  # noqa: S608 (names and marks of ours)
                " AND wave <= ? AND (state IN ('planned', 'claimed')"
                " OR (state = 'failed' AND was = 'claimed'))",
                *some,
                int(wave),
            )
        ]
    return found


def entry_of(connection: Connection, root_id: str) -> Entry | None:
    """Return the unit of a root, ``None`` if there is none."""
    found = rows(connection, f"SELECT {_ENTRY} FROM unit WHERE root_id = ?", from_text(root_id))  # noqa: S608 (names and marks of ours)
    return _entry(found[0]) if found else None


def last_there(
    connection: Connection, wave: Wave | None, ahead: int | None, most: int
) -> list[Entry]:
    """Return units of which something may be at the target, the last one first, before number *ahead*."""
    states = [one.value for one in IS_THERE]
    found = rows(
        connection,
        f"SELECT {_ENTRY} FROM unit WHERE state IN ({places(states)}) AND number < ?"  # noqa: S608 (names and marks of ours)
        " AND wave BETWEEN ? AND ? ORDER BY number DESC LIMIT ?",
        *states,
        2**62 if ahead is None else ahead,
        0 if wave is None else int(wave),
        len(Wave) if wave is None else int(wave),
        most,
    )
    return [_entry(row) for row in found]


def half_taken_back(connection: Connection) -> list[Entry]:
    """Return units of which nobody knows how much a resync has taken back before it died."""
    found = rows(
        connection,
        f"SELECT {_ENTRY} FROM unit WHERE number IN"  # noqa: S608 (names and marks of ours)
        " (SELECT unit FROM step WHERE name = ? AND is_done = 0) ORDER BY number",
        TAKEN_BACK,
    )
    return [_entry(row) for row in found]


def record(
    connection: Connection, number: int, state: UnitState, phase: Phase, moved: Moved
) -> None:
    """Write what a phase has done to a unit. Raises `IllegalMove`."""
    before = [one.value for one in may_follow(state)]
    failed = state is UnitState.FAILED
    change_one(
        connection,
        "UPDATE unit SET was = CASE WHEN ? AND state <> 'failed' THEN state WHEN ? THEN was ELSE '' END,"  # noqa: S608 (names and marks of ours)
        " state = ?, tries = CASE WHEN ? THEN tries + 1 ELSE 0 END, code = ?, reason = ?,"
        " instances = max(instances, ?), events = max(events, ?), messages = messages + ?"
        f" WHERE number = ? AND state IN ({places(before)})",
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


def withdraw(connection: Connection, number: int) -> None:
    """Note that nothing of a unit is at the target any more. Raises `IllegalMove`."""
    before = [one.value for one in may_follow(UnitState.WITHDRAWN)]
    change_one(
        connection,
        "UPDATE unit SET state = 'withdrawn', instances = 0, events = 0, messages = 0"  # noqa: S608 (names and marks of ours)
        f" WHERE number = ? AND state IN ({places(before)})",
        (number, *before),
        f"unit {number} to withdrawn",
    )
    connection.execute("DELETE FROM told WHERE unit = ?", (number,))


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
