"""Counts of what a query finds: by status, by name, by time of creation; and how a name went lately."""

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from durahub.model.ticks import PER_SECOND, Ticks
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import narrow
from durahub_migrate.monitor.querying.folding import clean, fold
from durahub_migrate.monitor.seam import Bucket
from durahub_migrate.monitor.series import Series
from durahub_migrate.watching.index.conditions import ENDED_SQL, Sql, begins, joined, where
from durahub_migrate.watching.index.paging import Hub
from durahub_migrate.watching.index.planning import FEW, Way, few_way, whole_way
from durahub_migrate.watching.index.totals import known, totals_of
from durahub_migrate.watching.keeping import PartitionSum

STEPS = 48  # of a series


def counts(
    db: sqlite3.Connection, hubs: Sequence[Hub], query: Query, few: int = FEW
) -> dict[str, int]:
    """Return how many rows a query finds, by status."""
    found: Counter[str] = Counter()
    for by_status in names(db, hubs, query, few).values():
        found.update(by_status)
    return dict(found)


def names(
    db: sqlite3.Connection, hubs: Sequence[Hub], query: Query, few: int = FEW
) -> dict[str, dict[str, int]]:
    """Return how many rows a query finds, by name and status; those without a name have ``""``."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for hub in hubs:
        what = known(query.node, hub.key, totals_of(db, hub.number))
        if what.is_decided:
            for total in what.possible:
                found[total.name or ""][total.status] += total.n
            continue
        way = few_way(db, hub.number, query.node, query.now, what, few) or whole_way(db, what)
        sql = _of(hub, query, way)
        for name, status, n in db.execute(
            f"SELECT ifnull(name, ''), status, count(*) FROM rows {way.by} WHERE {sql.text} GROUP BY 1, 2",  # noqa: S608 (names and marks of ours)
            sql.values,
        ):
            found[name][status] += n
    return {name: dict(by_status) for name, by_status in found.items()}


def histogram(
    db: sqlite3.Connection, hubs: Sequence[Hub], query: Query, buckets: int, few: int = FEW
) -> tuple[Bucket, ...]:
    """Return how many were created when, in *buckets* steps of the same length, by status.

    They reach from the query's own bounds of creation, or else from the first row that it finds, to the last.
    """
    buckets = max(1, min(buckets, 1_000))
    ways = []
    for hub in hubs:
        what = known(query.node, hub.key, totals_of(db, hub.number))
        if what.possible:
            way = few_way(db, hub.number, query.node, query.now, what, few) or whole_way(db, what)
            ways.append((way, _of(hub, query, way)))
    narrowed = narrow(query)
    start, before = narrowed.created_from, narrowed.created_before
    if start is None or before is None:
        ends = [
            db.execute(
                f"SELECT min(created), max(created) FROM rows {way.by} WHERE {sql.text}",  # noqa: S608 (names and marks of ours)
                sql.values,
            ).fetchone()
            for way, sql in ways
        ]
        first = min((one for one, _ in ends if one is not None), default=None)
        last = max((one for _, one in ends if one is not None), default=None)
        if first is None or last is None:
            return ()
        start = Ticks(first) if start is None else start
        before = Ticks(last + 1) if before is None else before
    width = max(1, math.ceil((before - start) / buckets))
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for way, sql in ways:
        for bucket, status, n in db.execute(
            f"SELECT (created - ?) / ?, status, count(*) FROM rows {way.by} WHERE {sql.text}"  # noqa: S608 (names and marks of ours)
            " AND created IS NOT NULL GROUP BY 1, 2",
            (start, width, *sql.values),
        ):
            found[bucket][status] += n
    return tuple(
        Bucket(start=Ticks(start + at * width), counts=dict(found[at])) for at in range(buckets)
    )


def ids(db: sqlite3.Connection, hubs: Sequence[Hub], prefix: str, count: int) -> tuple[str, ...]:
    """Return IDs that begin so, in order."""
    sql = begins("id", clean(prefix)) if prefix else Sql("1")
    found: set[str] = set()
    for hub in hubs:
        found.update(
            one
            for (one,) in db.execute(
                f"SELECT id FROM rows INDEXED BY rows_by_id WHERE hub = ? AND {sql.text}"  # noqa: S608 (names and marks of ours)
                " ORDER BY id LIMIT ?",
                (hub.number, *sql.values, max(0, count)),
            )
        )
    return tuple(sorted(found)[: max(0, count)])


def children(
    db: sqlite3.Connection, hubs: Sequence[Hub], parent_id: str, count: int
) -> tuple[str, ...]:
    """Return the IDs of those whose parent this is known to be, in order."""
    found: list[str] = []
    for hub in hubs:
        found += (
            one
            for (one,) in db.execute(
                "SELECT id FROM rows INDEXED BY rows_by_parent WHERE hub = ? AND parent = ?"
                " AND parent IS NOT NULL ORDER BY id LIMIT ?",
                (hub.number, clean(parent_id), count),
            )
        )
    return tuple(found)


def partitions(db: sqlite3.Connection, hubs: Sequence[Hub]) -> dict[int, PartitionSum]:
    """Return what each partition has, by its number."""
    found: dict[int, PartitionSum] = {}
    for hub in hubs:
        for number, running, rows, size in db.execute(
            f"SELECT partition, sum(CASE WHEN {ENDED_SQL} THEN 0 ELSE n END), sum(n), sum(size)"  # noqa: S608 (names and marks of ours)
            " FROM partitions WHERE hub = ? GROUP BY partition",
            (hub.number,),
        ):
            found[number] = PartitionSum(instances=rows, running=running, bytes=size)
    return found


def count(db: sqlite3.Connection, hubs: Sequence[Hub]) -> int:
    """Return how many rows there are."""
    return sum(total.n for hub in hubs for total in totals_of(db, hub.number))


def series(
    db: sqlite3.Connection, hubs: Sequence[Hub], name: str | None, hours: float, now: Ticks
) -> Series:
    """Return how often a name was started and ended in the last *hours*, and how long it lasted."""
    width = max(1, round(hours * 3600 * PER_SECOND / STEPS))
    start = Ticks(max(0, now + 1 - STEPS * width))
    started, failed = [0] * STEPS, [0] * STEPS
    lasted: list[list[float]] = [[] for _ in range(STEPS)]
    unknown = [0] * STEPS
    for hub in hubs:
        for bucket, n in _created(db, hub, name, start, width):
            if bucket < STEPS:
                started[bucket] += n
        for at, created, has_failed in _ended(db, hub, name, start):
            bucket = (at - start) // width
            if bucket >= STEPS:
                continue
            failed[bucket] += has_failed
            if created is None:
                unknown[bucket] += 1
            else:
                lasted[bucket].append((at - created) / PER_SECOND)
    for one in lasted:
        one.sort()
    return Series(
        times=tuple(Ticks(start + at * width) for at in range(STEPS)),
        started=tuple(started),
        ended=tuple(len(one) + more for one, more in zip(lasted, unknown, strict=True)),
        failed=tuple(failed),
        p50=tuple(_share(one, 0.50) for one in lasted),
        p95=tuple(_share(one, 0.95) for one in lasted),
    )


def _created(
    db: sqlite3.Connection, hub: Hub, name: str | None, start: Ticks, width: int
) -> Iterator[tuple[int, int]]:
    by, named = _named(name, "rows_by_created")
    yield from db.execute(
        f"SELECT (created - ?) / ?, count(*) FROM rows {by} WHERE hub = ? AND {named.text}"  # noqa: S608 (names and marks of ours)
        " AND created >= ? GROUP BY 1",
        (start, width, hub.number, *named.values, start),
    )


def _ended(
    db: sqlite3.Connection, hub: Hub, name: str | None, start: Ticks
) -> Iterator[tuple[int, int | None, int]]:
    _, named = _named(name, "")
    for column, has in (("completed", "1"), ("updated", "completed IS NULL")):
        yield from db.execute(
            f"SELECT {column}, created, status = 'Failed' FROM rows INDEXED BY rows_by_{column}"  # noqa: S608 (names and marks of ours)
            f" WHERE hub = ? AND {column} >= ? AND {ENDED_SQL} AND {has} AND {named.text}",
            (hub.number, start, *named.values),
        )


def _named(name: str | None, otherwise: str) -> tuple[str, Sql]:
    if name is None:
        return f"INDEXED BY {otherwise}", Sql("1")
    return "INDEXED BY rows_by_name", Sql("folded = ?", (fold(name),))


def _share(values: list[float], share: float) -> float | None:
    """Return the value that so large a share of *values*, which are in order, does not exceed."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _of(hub: Hub, query: Query, way: Way) -> Sql:
    return joined(
        " AND ",
        [Sql("hub = ?", (hub.number,)), way.extra, where(query.node, hub.key, query.now)],
    )
