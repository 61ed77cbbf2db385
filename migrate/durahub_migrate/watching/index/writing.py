"""What the sweeper writes: rows as they were read, and how far the sweeps of a hub are."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.querying.folding import clean, joined_texts
from durahub_migrate.monitor.row import Row
from durahub_migrate.watching.index.record import (
    COLUMNS,
    ID,
    KIND,
    NAME,
    PARENT,
    PARTITION,
    SIZE,
    STATUS,
    TEXT_COLUMNS,
    Record,
    record_of,
)
from durahub_migrate.watching.keeping import SweepState

AT_ONCE = 500  # parameters of one statement
_LIST = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO rows (number, hub, {_LIST}) VALUES (?, ?{', ?' * len(COLUMNS)})"  # noqa: S608 (names and marks of ours)
_UPDATE = f"UPDATE rows SET {', '.join(f'{one} = ?' for one in COLUMNS)} WHERE number = ?"  # noqa: S608 (names and marks of ours)
_SEEN = "INSERT OR REPLACE INTO seen (row, sweep, at) VALUES (?, ?, ?)"
_TEXT = "INSERT OR REPLACE INTO texts (row, haystack) VALUES (?, ?)"


def number_of(db: sqlite3.Connection, hub: str) -> int | None:
    """Return the number of a hub, if it is in the index."""
    found = db.execute("SELECT number FROM hubs WHERE key = ?", (hub,)).fetchone()
    return None if found is None else int(found[0])


def made(db: sqlite3.Connection, hub: str) -> int:
    """Return the number of a hub, which is put into the index if it is not there."""
    db.execute("INSERT OR IGNORE INTO hubs (key) VALUES (?)", (hub,))
    number = number_of(db, hub)
    assert number is not None  # noqa: S101 (for the types)
    return number


def put(db: sqlite3.Connection, hub: str, rows: Sequence[Row]) -> frozenset[str]:
    """Put *rows* in the place of those of the same IDs; return the IDs of those that are others than before.

    A parent or a size that the new row does not know stays.
    """
    number = made(db, hub)
    (sweep,) = db.execute("SELECT sweep FROM hubs WHERE number = ?", (number,)).fetchone()
    given = {record[ID]: (row, record) for row in rows for record in [record_of(row)]}
    old = dict(_old(db, number, given))
    changed: dict[str, tuple[int, Record]] = {}
    numbers: dict[str, int] = {}
    (following,) = db.execute("SELECT ifnull(max(number), 0) + 1 FROM rows").fetchone()
    added = []
    for instance_id, (_, record) in given.items():
        before = old.get(instance_id)
        if before is None:
            numbers[instance_id] = following
            added.append((following, number, *record))
            changed[instance_id] = following, record
            following += 1
            continue
        numbers[instance_id] = before[0]
        kept = _with_learned(record, before[1])
        if kept != before[1]:
            changed[instance_id] = before[0], kept
    db.executemany(_INSERT, added)
    db.executemany(
        _UPDATE,
        [(*record, at) for one, (at, record) in changed.items() if one in old],
    )
    db.executemany(
        _TEXT,
        [
            (at, joined_texts(record[column] for column in TEXT_COLUMNS))
            for one, (at, record) in changed.items()
            if one not in old
            or any(record[column] != old[one][1][column] for column in TEXT_COLUMNS)
        ],
    )
    db.executemany(_SEEN, [(numbers[one], sweep, row.seen) for one, (row, _) in given.items()])
    _count(
        db,
        number,
        (record for _, record in changed.values()),
        (old[one][1] for one in changed if one in old),
    )
    return frozenset(given[one][0].instance_id for one in changed)


def learn(
    db: sqlite3.Connection, hub: str, parents: Mapping[str, str], sizes: Mapping[str, int]
) -> frozenset[str]:
    """Note parents and sizes of the instances that are there; return the IDs of those that changed."""
    number = number_of(db, hub)
    if number is None:
        return frozenset()
    changed = set()
    for column, told in (("parent", parents), ("size", sizes)):
        for instance_id, heard in told.items():
            value = clean(heard) if isinstance(heard, str) else heard
            if column == "size":
                db.execute(
                    "UPDATE partitions SET size = partitions.size + ? - found.size FROM"
                    " (SELECT partition, status, ifnull(size, 0) AS size FROM rows"
                    " WHERE hub = ? AND id = ?) AS found WHERE hub = ?"
                    " AND partitions.partition = found.partition AND partitions.status = found.status",
                    (value, number, clean(instance_id), number),
                )
            found = db.execute(
                f"UPDATE rows SET {column} = ? WHERE hub = ? AND id = ? AND {column} IS NOT ?",  # noqa: S608 (names and marks of ours)
                (value, number, clean(instance_id), value),
            )
            if found.rowcount:
                changed.add(instance_id)
    return frozenset(changed)


def remove(db: sqlite3.Connection, hub: str, ids: Iterable[str]) -> frozenset[str]:
    """Remove rows; return the IDs of those that were there."""
    number = number_of(db, hub)
    if number is None:
        return frozenset()
    given = {clean(instance_id): instance_id for instance_id in ids}
    old = dict(_old(db, number, given))
    _delete(db, number, old.values())
    return frozenset(given[instance_id] for instance_id in old)


def drop(db: sqlite3.Connection, hub: str) -> None:
    """Forget a hub and its rows."""
    number = number_of(db, hub)
    if number is None:
        return
    for table in ("seen", "texts"):
        db.execute(
            f"DELETE FROM {table} WHERE row IN (SELECT number FROM rows WHERE hub = ?)",  # noqa: S608 (names and marks of ours)
            (number,),
        )
    for table, column in (
        ("rows", "hub"),
        ("totals", "hub"),
        ("partitions", "hub"),
        ("hubs", "number"),
    ):
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))  # noqa: S608 (names and marks of ours)


# -- sweeps --------------------------------------------------------------------------------------


def sweep_of(db: sqlite3.Connection, hub: str) -> SweepState:
    """Return how far the sweeps of a hub are."""
    found = db.execute(
        "SELECT under_way, position, begun, mark, seen, complete, last_count, changes"
        " FROM hubs WHERE key = ?",
        (hub,),
    ).fetchone()
    if found is None:
        return SweepState()
    under_way, position, begun, mark, seen, complete, last_count, changes = found
    return SweepState(
        under_way=bool(under_way),
        position=position,
        begun=begun,
        mark=mark,
        seen=seen,
        complete=complete,
        last_count=last_count,
        changes=changes,
    )


def begin_sweep(db: sqlite3.Connection, hub: str, at: Ticks, mark: str | None) -> None:
    """Begin a sweep; one under way is given up."""
    db.execute(
        "UPDATE hubs SET sweep = sweep + 1, under_way = 1, position = NULL, begun = ?, mark = ?,"
        " seen = 0 WHERE number = ?",
        (at, mark, made(db, hub)),
    )


def came_to(db: sqlite3.Connection, hub: str, position: str | None, rows: int) -> None:
    """Note that the sweep under way has put so many rows more, and goes on at *position*."""
    db.execute(
        "UPDATE hubs SET position = ?, seen = seen + ? WHERE key = ? AND under_way",
        (position, rows, hub),
    )


def end_sweep(db: sqlite3.Connection, hub: str, at: Ticks) -> frozenset[str]:
    """End the sweep under way, and remove the rows that were not put since it began: their IDs."""
    found = db.execute(
        "SELECT number, sweep FROM hubs WHERE key = ? AND under_way", (hub,)
    ).fetchone()
    if found is None:
        return frozenset()
    number, sweep = found
    gone = [
        (at_number, tuple(record))
        for at_number, *record in db.execute(
            f"SELECT number, {_LIST} FROM rows JOIN seen ON seen.row = rows.number"  # noqa: S608 (names and marks of ours)
            " WHERE hub = ? AND seen.sweep <> ?",
            (number, sweep),
        )
    ]
    _delete(db, number, gone)
    db.execute(
        "UPDATE hubs SET under_way = 0, position = NULL, complete = ?, last_count ="
        " (SELECT ifnull(sum(n), 0) FROM totals WHERE hub = ?) WHERE number = ?",
        (at, number, number),
    )
    return frozenset(record[ID] for _, record in gone)


def note_changes(db: sqlite3.Connection, hub: str, changes: str | None) -> None:
    """Note from where on changes have to be asked for."""
    db.execute("UPDATE hubs SET changes = ? WHERE number = ?", (changes, made(db, hub)))


# -- rows ----------------------------------------------------------------------------------------


def _old(
    db: sqlite3.Connection, hub: int, ids: Iterable[str]
) -> Iterator[tuple[str, tuple[int, Record]]]:
    left = list(ids)
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        places = ", ".join("?" * len(some))
        for number, *record in db.execute(
            f"SELECT number, {_LIST} FROM rows WHERE hub = ? AND id IN ({places})",  # noqa: S608 (names and marks of ours)
            (hub, *some),
        ):
            yield record[ID], (number, tuple(record))


def _delete(db: sqlite3.Connection, hub: int, old: Iterable[tuple[int, Record]]) -> None:
    rows = list(old)
    numbers = [(number,) for number, _ in rows]
    db.executemany("DELETE FROM rows WHERE number = ?", numbers)
    db.executemany("DELETE FROM seen WHERE row = ?", numbers)
    db.executemany("DELETE FROM texts WHERE row = ?", numbers)
    _count(db, hub, (), (record for _, record in rows))


def _with_learned(record: Record, before: Record) -> Record:
    return tuple(
        old if new is None and at in (PARENT, SIZE) else new
        for at, (new, old) in enumerate(zip(record, before, strict=True))
    )


def _count(
    db: sqlite3.Connection, hub: int, more: Iterable[Record], less: Iterable[Record]
) -> None:
    more, less = list(more), list(less)
    totals: Counter[tuple[Any, ...]] = Counter(map(_counted, more))
    totals.subtract(map(_counted, less))
    db.executemany(
        "INSERT INTO totals (hub, kind, status, name, n) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (hub, kind, status, name) DO UPDATE SET n = n + excluded.n",
        [(hub, *one, n) for one, n in totals.items() if n],
    )
    db.execute("DELETE FROM totals WHERE hub = ? AND n <= 0", (hub,))
    _weigh(db, hub, more, less)


def _weigh(
    db: sqlite3.Connection, hub: int, more: Iterable[Record], less: Iterable[Record]
) -> None:
    """Count rows and bytes by partition."""
    rows: Counter[tuple[int, str]] = Counter()
    sizes: Counter[tuple[int, str]] = Counter()
    for sign, records in ((1, more), (-1, less)):
        for record in records:
            if record[PARTITION] is not None:
                rows[record[PARTITION], record[STATUS]] += sign
                sizes[record[PARTITION], record[STATUS]] += sign * (record[SIZE] or 0)
    db.executemany(
        "INSERT INTO partitions (hub, partition, status, n, size) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (hub, partition, status)"
        " DO UPDATE SET n = n + excluded.n, size = size + excluded.size",
        [(hub, *one, n, sizes[one]) for one, n in rows.items() if n or sizes[one]],
    )
    db.execute("DELETE FROM partitions WHERE hub = ? AND n <= 0", (hub,))


def _counted(record: Record) -> tuple[str, str, str]:
    name = record[NAME]
    return record[KIND], record[STATUS], "" if name is None else f"={name}"
