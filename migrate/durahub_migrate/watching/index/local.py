"""The index as its users see it: of one hub with the sweeper's writing side, or of several to read.

Every method may be called from any thread. Readers do not wait for the writer, nor for each other; a page
takes milliseconds, a search for a word that is in no index some tens at 200,000 rows. Who must not wait even
that long calls by `off_the_loop`.
"""

import functools
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ParamSpec, TypeVar

import anyio.to_thread

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying.ordering import told, value_of
from durahub_migrate.monitor.row import Row, RowPage, Sort
from durahub_migrate.monitor.seam import Bucket
from durahub_migrate.monitor.series import Series
from durahub_migrate.watching.index import counting, cursor, writing
from durahub_migrate.watching.index.file import MEMORY, IndexFile
from durahub_migrate.watching.index.paging import Asked, Hub, row_with, rows_after
from durahub_migrate.watching.index.planning import FEW
from durahub_migrate.watching.keeping import PartitionSum, SweepState

MOST = 10_000  # rows of a page

P = ParamSpec("P")
T = TypeVar("T")


async def off_the_loop(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Let a thread call a method of an index.

    As in ``await off_the_loop(index.page, query, sort, count=100)``.
    """
    return await anyio.to_thread.run_sync(functools.partial(call, *args, **kwargs))


class LocalIndex:
    """Some hubs of the index, read only: an `Index`. Its methods raise `FileUnavailable`."""

    def __init__(self, file: IndexFile, keys: Callable[[], Iterable[str]], few: int = FEW) -> None:
        self._file = file
        self._keys = keys
        self._few = few

    def page(
        self, query: Query, sort: Sort, *, count: int, after: str | None = None, total: bool = False
    ) -> RowPage:
        """Return a page by keyset. Raises `BadRequest` for a cursor or an order that there is not."""
        own = told(sort)
        count = max(1, min(count, MOST))
        place = None if after is None else cursor.from_text(after, query, sort)
        now = query.now if place is None else place.now
        asked = Asked(query.node, query.now, own, count + 1, place, self._few)
        with self._file.reading() as db:
            hubs = self._hubs(db)
            rows = rows_after(db, hubs, asked)
            n = sum(counting.counts(db, hubs, query, self._few).values()) if total else None
        is_last = len(rows) <= count
        rows = rows[:count]
        if is_last or not rows:
            return RowPage(tuple(rows), None, n)
        value = None if own.field == "hub" else value_of(rows[-1], own.field, now)
        last = cursor.Place(now, value, rows[-1].hub, rows[-1].instance_id)
        return RowPage(tuple(rows), cursor.to_text(last, query, sort), n)

    def counts(self, query: Query) -> dict[str, int]:
        """Return how many rows a query finds, by status."""
        with self._file.reading() as db:
            return counting.counts(db, self._hubs(db), query, self._few)

    def names(self, query: Query) -> dict[str, dict[str, int]]:
        """Return the same by name, then status; those without a name have ``""``."""
        with self._file.reading() as db:
            return counting.names(db, self._hubs(db), query, self._few)

    def histogram(self, query: Query, buckets: int) -> tuple[Bucket, ...]:
        """Return how many were created when, in so many steps of the same length."""
        with self._file.reading() as db:
            return counting.histogram(db, self._hubs(db), query, buckets, self._few)

    def ids(self, prefix: str, count: int = 20) -> tuple[str, ...]:
        """Return IDs that begin so, for completion."""
        with self._file.reading() as db:
            return counting.ids(db, self._hubs(db), prefix, count)

    def series(self, name: str | None, hours: float, now: Ticks) -> Series:
        """Return how a name, or all, went in the last *hours*."""
        with self._file.reading() as db:
            return counting.series(db, self._hubs(db), name, hours, now)

    def _hubs(self, db: sqlite3.Connection) -> list[Hub]:
        wanted = set(self._keys())
        found = db.execute("SELECT number, key FROM hubs ORDER BY key")
        return [Hub(number, key) for number, key in found if key in wanted]


class LocalHubIndex(LocalIndex):
    """One hub of the index, to read and to write: a `durahub_migrate.watching.keeping.HubIndex`."""

    def __init__(self, file: IndexFile, hub: str, few: int = FEW) -> None:
        super().__init__(file, lambda: (hub,), few)
        self._hub = hub

    def row(self, instance_id: str) -> Row | None:
        """Return a row."""
        with self._file.reading() as db:
            return row_with(db, self._hubs(db), instance_id)

    def children(self, parent_id: str, count: int = 1_000) -> tuple[str, ...]:
        """Return the IDs of those whose parent this is known to be, in order."""
        with self._file.reading() as db:
            return counting.children(db, self._hubs(db), parent_id, count)

    def partitions(self) -> dict[int, PartitionSum]:
        """Return how many rows each partition has, and how many bytes of them are known."""
        with self._file.reading() as db:
            return counting.partitions(db, self._hubs(db))

    def count(self) -> int:
        """Return how many rows there are."""
        with self._file.reading() as db:
            return counting.count(db, self._hubs(db))

    def sweep(self) -> SweepState:
        """Return how far its sweeps are."""
        with self._file.reading() as db:
            return writing.sweep_of(db, self._hub)

    def begin_sweep(self, at: Ticks, mark: str | None) -> None:
        """Begin a sweep; one under way is given up."""
        with self._file.writing() as db:
            writing.begin_sweep(db, self._hub, at, mark)

    def put(
        self, rows: Sequence[Row], *, position: str | None = None, swept: bool = False
    ) -> frozenset[str]:
        """Put rows in the place of those of the same IDs; return the IDs of those that are others now.

        With *swept* they are a page of the sweep under way, which goes on at *position*. A parent and a size
        that were learned stay where the new row does not know them.
        """
        with self._file.writing() as db:
            changed = writing.put(db, self._hub, rows)
            if swept:
                writing.came_to(db, self._hub, position, len(rows))
        return changed

    def end_sweep(self, at: Ticks) -> frozenset[str]:
        """End the sweep, and remove rows that it did not see: their IDs."""
        with self._file.writing() as db:
            return writing.end_sweep(db, self._hub, at)

    def mark(self, changes: str | None) -> None:
        """Note from where on changes have to be asked for."""
        with self._file.writing() as db:
            writing.note_changes(db, self._hub, changes)

    def remove(self, instance_ids: Iterable[str]) -> frozenset[str]:
        """Remove rows; return the IDs of those that were there."""
        with self._file.writing() as db:
            return writing.remove(db, self._hub, instance_ids)

    def learn(
        self, parents: Mapping[str, str], sizes: Mapping[str, int] | None = None
    ) -> frozenset[str]:
        """Note the parents, and the bytes, of instances that are there; return the IDs that changed."""
        with self._file.writing() as db:
            return writing.learn(db, self._hub, parents, sizes or {})

    def drop(self) -> None:
        """Forget the hub."""
        with self._file.writing() as db:
            writing.drop(db, self._hub)


class LocalIndexes:
    """The index of all hubs that are watched, in a file or in memory. Raises `FileUnavailable`.

    So many rows as *few* are gathered and sorted without looking for a better way to a page. Who measures
    hangs on to every connection in *prepare*.
    """

    def __init__(
        self,
        place: str = MEMORY,
        *,
        few: int = FEW,
        prepare: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self._few = few
        self._file = IndexFile(place, prepare)
        self._hubs: dict[str, LocalHubIndex] = {}

    @property
    def whole(self) -> LocalIndex:
        """All hubs together that were asked for by `of`; others may be in the file from earlier."""
        return LocalIndex(self._file, lambda: tuple(self._hubs), self._few)

    def of(self, hub: str) -> LocalHubIndex:
        """Return a hub's part, by its key; empty for a new one."""
        if hub not in self._hubs:
            self._hubs[hub] = LocalHubIndex(self._file, hub, self._few)
        return self._hubs[hub]

    def some(self, hubs: Iterable[str]) -> LocalIndex:
        """Return some hubs together, by their keys."""
        keys = tuple(hubs)
        return LocalIndex(self._file, lambda: keys, self._few)

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        self._file.close()
