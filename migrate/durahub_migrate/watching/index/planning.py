"""The way to a page: which index is walked, so that few rows are looked at however far the page is.

If few rows can be meant, they are all gathered and sorted. Else the index that has the order is walked from
where the last page ended; with statuses or names that tell rows apart, one walk each, which are merged.
Only an order that no index has makes SQLite look at all rows: at as many for every page.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Condition, Node, Relation
from durahub_migrate.monitor.querying.fields import TEXT
from durahub_migrate.monitor.querying.folding import fold
from durahub_migrate.monitor.querying.patterns import literal, pieces
from durahub_migrate.monitor.row import ENDED
from durahub_migrate.watching.index.conditions import (
    ENDED_SQL,
    LIKE,
    Sql,
    exactly,
    joined,
    like,
    where,
)
from durahub_migrate.watching.index.totals import Known

FEW = 5_000
"""Rows that are gathered and sorted without a thought."""

_MOST_WALKS = 64
_WORTH = (
    0.7  # of all rows: walks through fewer than this share of them are better than one through all
)
_BY = {
    "id": "INDEXED BY rows_by_id",
    "hub": "INDEXED BY rows_by_id",
    "created": "INDEXED BY rows_by_created",
    "updated": "INDEXED BY rows_by_updated",
    "completed": "INDEXED BY rows_by_completed",
    "name": "INDEXED BY rows_by_name_id",
    "status": "INDEXED BY rows_by_status_id",
}
_OF_FEW = {"scheduled": "INDEXED BY rows_by_scheduled", "size": "INDEXED BY rows_by_size"}
_BY_LASTED = "INDEXED BY rows_by_lasted"
_BY_STATUS = "INDEXED BY rows_by_status"
_BY_NAME = "INDEXED BY rows_by_name"
_TIMES = {"created": "created", "age": "created", "updated": "updated", "idle": "updated"} | {
    "completed": "completed"
}
_HELD = frozenset({TEXT, "id", "custom", "output", "input", "error"})
_TRUE = Sql("1")
_SHARE = 8
_SHORTEST = 2  # characters that are worth looking for


@dataclass(frozen=True, slots=True)
class Way:
    """Rows of a hub that fulfil *extra*, by one index; without *by* as SQLite likes.

    *without* is the index for those that do not have what is sorted by, if it is another. With *lasted* rows
    are sorted by how long they took: all have ended, or with *lasts* none has.
    """

    by: str = ""
    extra: Sql = _TRUE
    without: str | None = None
    lasted: bool = False
    lasts: bool = False


def ways(
    db: sqlite3.Connection, hub: int, node: Node, now: Ticks, known: Known, field: str, few: int
) -> tuple[Way, ...]:
    """Return the ways to the rows of *hub* in the order of *field*; what several lead to is merged."""
    way = few_way(db, hub, node, now, known, few)
    if way is not None:
        return (way,)
    if field == "created":
        return _narrowest(known)
    if field == "duration":
        return _durations(known)
    if field in _OF_FEW:
        return (Way(_OF_FEW[field], without=_BY["id"]),)
    return (Way(_BY[field]),) if field in _BY else (whole_way(db, known),)


def few_way(
    db: sqlite3.Connection, hub: int, node: Node, now: Ticks, known: Known, few: int
) -> Way | None:
    """Return the way to few rows, among which are all that *node* finds, if one is known."""
    if known.rows <= few:
        return Way()
    statuses, by_status = _statuses(known)
    names, by_name = _names(known)
    if min(by_status, by_name) <= few:
        if by_status < by_name:
            return Way(_BY_STATUS, joined(" OR ", [Sql("status = ?", (one,)) for one in statuses]))
        return Way(_BY_NAME, joined(" OR ", [_named(one) for one in names]))
    for way in _tries(node, now):
        sql = Sql(
            f"SELECT 1 FROM rows {way.by} WHERE hub = ? AND {way.extra.text}",  # noqa: S608 (names and marks of ours)
            (hub, *way.extra.values),
        )
        if _has_few(db, sql, few):
            return way
    held = _held(node)
    if held is None:
        return None
    found = db.execute(f"{held.text} LIMIT {few + 1}", held.values).fetchall()
    if len(found) > few:
        return None
    numbers = json.dumps([number for (number,) in found])  # so the texts are read once, not thrice
    return Way("NOT INDEXED", Sql("number IN (SELECT value FROM json_each(?))", (numbers,)))


def whole_way(db: sqlite3.Connection, known: Known) -> Way:
    """Return the way to all rows of a hub.

    Rows in the order of the file are ten times as fast to read as by an index, so a hub may well be a part
    of them only.
    """
    (all_rows,) = db.execute("SELECT sum(n) FROM totals").fetchone()
    return Way("NOT INDEXED") if known.rows * _SHARE >= (all_rows or 0) else Way()


def _has_few(db: sqlite3.Connection, sql: Sql, few: int) -> bool:
    (found,) = db.execute(
        f"SELECT count(*) FROM ({sql.text} LIMIT {few + 1})",  # noqa: S608 (names and marks of ours)
        sql.values,
    ).fetchone()
    return bool(found <= few)


def _narrowest(known: Known) -> tuple[Way, ...]:
    statuses, by_status = _statuses(known)
    names, by_name = _names(known)
    enough = known.rows * _WORTH
    if by_status < enough and by_status <= by_name and len(statuses) <= _MOST_WALKS:
        return tuple(Way(_BY_STATUS, Sql("status = ?", (one,))) for one in statuses)
    if by_name < enough and len(names) <= _MOST_WALKS:
        return tuple(Way(_BY_NAME, _named(one)) for one in names)
    return (Way(_BY["created"]),)


def _durations(known: Known) -> tuple[Way, ...]:
    """Return a walk through what has ended, and one for each status of the rest: it lasts until now."""
    statuses = {one.status for one in known.possible}
    return (
        Way(_BY_LASTED, Sql(ENDED_SQL), lasted=True),
        *(
            Way(_BY_STATUS, Sql("status = ?", (one,)), lasts=True)
            for one in sorted(statuses - ENDED)
        ),
    )


def _statuses(known: Known) -> tuple[list[str], int]:
    statuses = {one.status for one in known.possible}
    return sorted(statuses), sum(one.n for one in known.all if one.status in statuses)


def _names(known: Known) -> tuple[list[str | None], int]:
    names = {_folded(one.name) for one in known.possible}
    rows = sum(one.n for one in known.all if _folded(one.name) in names)
    return sorted(names, key=lambda name: name or ""), rows


def _folded(name: str | None) -> str | None:
    return None if name is None else fold(name)


def _named(name: str | None) -> Sql:
    return Sql("folded IS NULL") if name is None else Sql("folded = ?", (name,))


def _tries(node: Node, now: Ticks) -> Iterator[Way]:
    """Yield ways that may lead to few rows, those that are cheap to try first."""
    conditions = [one for one in _all(node) if isinstance(one, Condition)]
    for one in conditions:
        if one.relation is Relation.EQUALS and len(one.operands) == 1 and one.operands[0]:
            pattern = str(one.operands[0])
            if one.field == "id" and pieces(pattern)[0]:
                yield Way(_BY["id"], exactly("id", pattern))
            if one.field == "parent":
                yield Way(
                    "INDEXED BY rows_by_parent",
                    joined(" AND ", [Sql("parent IS NOT NULL"), exactly("parent", pattern)]),
                )
    for column in ("created", "updated", "completed"):
        bounds = [
            where(one, "", now)
            for one in conditions
            if _TIMES.get(one.field) == column and len(one.values) == 1
        ]
        if bounds:
            yield Way(_BY[column], joined(" AND ", bounds))


def _all(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, AllOf) else (node,)


def _held(node: Node) -> Sql | None:
    """Return a SELECT of the numbers of rows whose haystack has a text without which *node* finds none."""
    conditions = (one for one in _all(node) if isinstance(one, Condition))
    needle = max(map(_needle, conditions), key=len, default="")
    if len(needle) < _SHORTEST:
        return None
    return Sql(
        f"SELECT row FROM texts WHERE haystack {LIKE}",  # noqa: S608 (names and marks of ours)
        (like(literal(needle), is_whole=False),),
    )


def _needle(one: Condition) -> str:
    """Return a text, folded, that the haystack of every row has which *one* finds."""
    if one.field not in _HELD or len(one.operands) != 1:
        return ""
    return fold(max(pieces(str(one.operands[0])), key=len))
