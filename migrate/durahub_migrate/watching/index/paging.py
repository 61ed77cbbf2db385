"""A page of a list by keyset: what follows the last row of the page before, wherever that is.

Hubs, and walks through one hub, each give their rows in the order that was asked for; they are merged as far
as the page needs. First come rows that have the value of the order, then those that do not.
"""

import heapq
import itertools
import operator
import sqlite3
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import Node
from durahub_migrate.monitor.querying.fields import TAG
from durahub_migrate.monitor.querying.folding import clean, fold
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.watching.index.conditions import Sql, duration, joined, where
from durahub_migrate.watching.index.cursor import Place
from durahub_migrate.watching.index.planning import FEW, Way, ways
from durahub_migrate.watching.index.record import COLUMNS, row_of
from durahub_migrate.watching.index.totals import known, totals_of

_LIST = ", ".join(COLUMNS)
_AT_ONCE = 500
_FOLDED = frozenset({"version", "custom", "output", "input"})

Found = tuple[int | str | None, str, str, int]
"""The value that a row is sorted by, its hub, ID and number."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub in the index."""

    number: int
    key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for. *sort* is by a field that rows have themselves, *count* how many at most."""

    node: Node
    now: Ticks  # of ages in the query
    sort: Sort
    count: int
    place: Place | None
    few: int = FEW


def rows_after(db: sqlite3.Connection, hubs: Sequence[Hub], asked: Asked) -> list[Row]:
    """Return what follows the place that is asked for."""
    found: list[Found] = []
    plans = [
        (hub, way)
        for hub in hubs
        for possible in [known(asked.node, hub.key, totals_of(db, hub.number))]
        if possible.possible
        for way in ways(
            db, hub.number, asked.node, asked.now, possible, asked.sort.field, asked.few
        )
    ]
    for without in (False, True):
        walks = [_walk(db, hub, way, asked, without=without) for hub, way in plans]
        merged = heapq.merge(
            *walks,
            key=operator.itemgetter(slice(1 if without else 0, 3)),
            reverse=asked.sort.descending,
        )
        found += itertools.islice(merged, asked.count - len(found))
        for walk in walks:
            walk.close()
        if len(found) == asked.count:
            break
    return _rows(db, found)


def _walk(
    db: sqlite3.Connection, hub: Hub, way: Way, asked: Asked, *, without: bool
) -> Generator[Found, None, None]:
    """Walk through rows of a hub in order: those that have the value, or those *without* it."""
    is_by_hub = asked.sort.field == "hub"
    value = Sql("NULL") if is_by_hub else _value(way, asked)
    start = _start(hub, asked, value, without=without)
    if start is None:
        return
    by = way.without if without and way.without is not None else way.by
    direction = "DESC" if asked.sort.descending else "ASC"
    if without:
        order = Sql(f"id {direction}")
        has = Sql("1") if is_by_hub else Sql(f"{value.text} IS NULL", value.values)
    else:
        order, has = _order(way, value, direction)
    condition = joined(
        " AND ",
        [
            Sql("hub = ?", (hub.number,)),
            way.extra,
            has,
            start,
            Sql("1") if without else _bound(way, asked),
            where(asked.node, hub.key, asked.now),
        ],
    )
    cursor = db.execute(
        f"SELECT {value.text}, id, number FROM rows {by} WHERE {condition.text}"  # noqa: S608 (names and marks of ours)
        f" ORDER BY {order.text} LIMIT ?",
        (*value.values, *condition.values, *order.values, asked.count),
    )
    try:
        for found, instance_id, number in cursor:
            yield found, hub.key, instance_id, number
    finally:
        cursor.close()


def _value(way: Way, asked: Asked) -> Sql:
    if way.lasted:
        return Sql("lasted")
    if way.lasts:
        return Sql("(? - created)", (_now(asked),))
    return value_sql(asked.sort.field, _now(asked))


def _order(way: Way, value: Sql, direction: str) -> tuple[Sql, Sql]:
    """Return the order of rows that have the value, and that they have it."""
    if way.lasts:  # what was created earlier has lasted longer
        turned = "ASC" if direction == "DESC" else "DESC"
        return Sql(f"created {turned}, id {direction}"), Sql("created IS NOT NULL")
    return (
        Sql(f"{value.text} {direction}, id {direction}", value.values),
        Sql(f"{value.text} IS NOT NULL", value.values),
    )


def _bound(way: Way, asked: Asked) -> Sql:
    """Return the place that is asked for as a bound of the index, where the value is not in it as it is."""
    place = asked.place
    if not way.lasts or place is None or not isinstance(place.value, int):
        return Sql("1")
    sign = ">=" if asked.sort.descending else "<="
    return Sql(f"created {sign} ?", (place.now - place.value,))


def _start(hub: Hub, asked: Asked, value: Sql, *, without: bool) -> Sql | None:
    """Return where a walk begins; ``None`` if all that it leads to was on pages before."""
    place, sort = asked.place, asked.sort
    if sort.field == "hub" and not without:
        return None
    if place is None:
        return Sql("1")
    sign = "<" if sort.descending else ">"
    follows = hub.key < place.hub if sort.descending else hub.key > place.hub
    if place.value is None:
        if not without or not (follows or hub.key == place.hub):
            return None
        return Sql("1") if follows else Sql(f"id {sign} ?", (place.instance_id,))
    if without:
        return Sql("1")
    if hub.key == place.hub:
        return Sql(
            f"({value.text}, id) {sign} (?, ?)", (*value.values, place.value, place.instance_id)
        )
    return Sql(f"{value.text} {sign}{'=' if follows else ''} ?", (*value.values, place.value))


def _now(asked: Asked) -> Ticks:
    return asked.now if asked.place is None else asked.place.now


def value_sql(field: str, now: Ticks) -> Sql:
    """Return what rows are sorted by; see `durahub_migrate.monitor.querying.ordering`."""
    if field.startswith(TAG):
        return Sql("tag_value(tags, ?)", (fold(field[len(TAG) :]),))
    if field in _FOLDED:
        return Sql(f"fold({field})")
    match field:
        case "name":
            return Sql("folded")
        case "error":
            return Sql("(CASE WHEN status = 'Failed' THEN fold(output) END)")
        case "duration":
            return duration(now)
        case _:
            return Sql(field)


def _rows(db: sqlite3.Connection, found: Sequence[Found]) -> list[Row]:
    records = {}
    for start in range(0, len(found), _AT_ONCE):
        numbers = [one[3] for one in found[start : start + _AT_ONCE]]
        for number, seen, *record in db.execute(
            f"SELECT number, at, {_LIST} FROM rows LEFT JOIN seen ON seen.row = rows.number"  # noqa: S608 (names and marks of ours)
            f" WHERE number IN ({', '.join('?' * len(numbers))})",
            numbers,
        ):
            records[number] = record, seen
    return [row_of(hub, *records[number]) for _, hub, _, number in found]


def row_with(db: sqlite3.Connection, hubs: Sequence[Hub], instance_id: str) -> Row | None:
    """Return the row of that ID."""
    for hub in hubs:
        found = db.execute(
            "SELECT number FROM rows WHERE hub = ? AND id = ?", (hub.number, clean(instance_id))
        ).fetchone()
        if found is not None:
            return _rows(db, [(None, hub.key, instance_id, found[0])])[0]
    return None
