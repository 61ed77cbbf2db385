"""What a job's journal tells of messages and of what histories held, by reason."""

from sqlite3 import Connection

from durahub.scheduler.columns import from_text, required_text
from durahub_migrate.applying.journal_file import places, rows
from durahub_migrate.applying.unit_fates import OVER
from durahub_migrate.moving.mover import Moved

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


def of_queues(connection: Connection) -> dict[str, int]:
    """Return what movers say of messages that were seen, of units that are over: ``""`` counts those taken.

    Of the messages that belong to no unit, too, once that was told: `has_strays`.
    """
    found = rows(
        connection,
        "SELECT CASE kind WHEN 'taken' THEN '' ELSE told.reason END AS what, sum(count) FROM told"  # noqa: S608 (names and marks of ours)
        " LEFT JOIN unit ON unit.number = told.unit WHERE kind IN ('taken', 'left')"
        f" AND (told.unit = {STRAYS} OR unit.state IN ({places(OVER)})) GROUP BY what ORDER BY what",
        *OVER,
    )
    return {required_text(what): count for what, count in found}


def has_strays(connection: Connection) -> bool:
    """Tell whether it was told what has become of messages that belong to no unit."""
    return bool(rows(connection, f"SELECT 1 FROM told WHERE unit = {STRAYS} LIMIT 1"))  # noqa: S608 (names and marks of ours)
