"""An index in memory: every question looks at every row. For tests of what only needs some index."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from durahub.errors import BadRequest
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import matches
from durahub_migrate.monitor.row import Row, RowPage, Sort
from durahub_migrate.monitor.seam import Bucket
from durahub_migrate.watching.keeping import PartitionSum, SweepState

_FIELDS: Mapping[str, str] = {
    "id": "instance_id",
    "scheduled": "scheduled_start",
    "custom": "custom_status",
    "parent": "parent_id",
    "execution": "execution_id",
    "size": "bytes",
}


class MemoryQuestions:
    """A `durahub_migrate.monitor.seam.Index` of the rows that *rows* returns."""

    def __init__(self, rows: Callable[[], Iterable[Row]]) -> None:
        self._rows = rows

    def page(
        self, query: Query, sort: Sort, *, count: int, after: str | None = None, total: bool = False
    ) -> RowPage:
        """Return a page. Raises `BadRequest` for a cursor that is none."""
        found = sorted(self._found(query), key=lambda row: (row.hub, row.instance_id))
        found.sort(key=lambda row: _key(row, sort), reverse=sort.descending)
        start = _start(found, after)
        shown = tuple(found[start : start + count])
        more = start + count < len(found)
        cursor = json.dumps([shown[-1].hub, shown[-1].instance_id]) if more and shown else None
        return RowPage(shown, cursor, len(found) if total else None)

    def counts(self, query: Query) -> dict[str, int]:
        """Return how many rows a query finds, by status."""
        return dict(Counter(row.status for row in self._found(query)))

    def names(self, query: Query) -> dict[str, dict[str, int]]:
        """Return the same by name, then status."""
        found: dict[str, Counter[str]] = {}
        for row in self._found(query):
            found.setdefault(row.name or "", Counter())[row.status] += 1
        return {name: dict(counts) for name, counts in found.items()}

    def histogram(self, query: Query, buckets: int) -> tuple[Bucket, ...]:
        """Return how many were created when."""
        rows = [(row.created, row.status) for row in self._found(query) if row.created is not None]
        if not rows or buckets < 1:
            return ()
        first, last = min(rows)[0], max(rows)[0]
        step = (last - first) // buckets + 1
        found: list[Counter[str]] = [Counter() for _ in range(buckets)]
        for created, status in rows:
            found[(created - first) // step][status] += 1
        return tuple(
            Bucket(start=Ticks(first + n * step), counts=dict(one)) for n, one in enumerate(found)
        )

    def ids(self, prefix: str, count: int = 20) -> tuple[str, ...]:
        """Return IDs that begin so."""
        found = {row.instance_id for row in self._rows() if row.instance_id.startswith(prefix)}
        return tuple(sorted(found)[:count])

    def _found(self, query: Query) -> Iterator[Row]:
        return (row for row in self._rows() if matches(query, row))


class MemoryHub(MemoryQuestions):
    """A `durahub_migrate.watching.keeping.HubIndex`."""

    def __init__(self) -> None:
        super().__init__(lambda: self._kept.values())
        self._kept: dict[str, Row] = {}
        self._seen: set[str] = set()
        self._sweep = SweepState()

    def sweep(self) -> SweepState:
        """Return how far its sweeps are."""
        return self._sweep

    def begin_sweep(self, at: Ticks, mark: str | None) -> None:
        """Begin a sweep."""
        self._seen = set()
        self._sweep = replace(
            self._sweep, under_way=True, position=None, begun=at, mark=mark, seen=0
        )

    def put(
        self, rows: Sequence[Row], *, position: str | None = None, swept: bool = False
    ) -> frozenset[str]:
        """Put rows in the place of those of the same IDs."""
        changed = set()
        for row in rows:
            before = self._kept.get(row.instance_id)
            if before is not None and row.parent_id is None:
                row = replace(row, parent_id=before.parent_id)
            if before is None or replace(before, seen=row.seen) != row:
                changed.add(row.instance_id)
            self._kept[row.instance_id] = row
            self._seen.add(row.instance_id)
        if swept:
            seen = self._sweep.seen + len(rows)
            self._sweep = replace(self._sweep, position=position, seen=seen)
        return frozenset(changed)

    def end_sweep(self, at: Ticks) -> frozenset[str]:
        """End the sweep, and remove rows that it did not see."""
        gone = frozenset(self._kept.keys() - self._seen)
        self.remove(gone)
        self._sweep = replace(
            self._sweep, under_way=False, position=None, complete=at, last_count=len(self._kept)
        )
        return gone

    def mark(self, changes: str | None) -> None:
        """Note from where on changes have to be asked for."""
        self._sweep = replace(self._sweep, changes=changes)

    def remove(self, instance_ids: Iterable[str]) -> frozenset[str]:
        """Remove rows."""
        return frozenset(one for one in instance_ids if self._kept.pop(one, None) is not None)

    def learn(self, parents: Mapping[str, str]) -> frozenset[str]:
        """Note the parents of instances that are there."""
        changed = set()
        for child, parent in parents.items():
            row = self._kept.get(child)
            if row is not None and row.parent_id != parent:
                self._kept[child] = replace(row, parent_id=parent)
                changed.add(child)
        return frozenset(changed)

    def row(self, instance_id: str) -> Row | None:
        """Return a row."""
        return self._kept.get(instance_id)

    def partitions(self) -> dict[int, PartitionSum]:
        """Return what each partition has."""
        found: dict[int, PartitionSum] = {}
        for row in self._kept.values():
            if row.partition is not None:
                one = found.get(row.partition, PartitionSum(instances=0, running=0, bytes=0))
                found[row.partition] = PartitionSum(
                    instances=one.instances + 1,
                    running=one.running + (not row.is_ended),
                    bytes=one.bytes + (row.bytes or 0),
                )
        return found

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._kept)

    def drop(self) -> None:
        """Forget the hub."""
        self._kept.clear()
        self._seen.clear()
        self._sweep = SweepState()


class MemoryIndexes:
    """A `durahub_migrate.watching.keeping.Indexes`."""

    def __init__(self) -> None:
        self._hubs: dict[str, MemoryHub] = {}
        self._whole = MemoryQuestions(
            lambda: (row for hub in self._hubs.values() for row in hub._kept.values())
        )

    @property
    def whole(self) -> MemoryQuestions:
        """All hubs together."""
        return self._whole

    def of(self, hub: str) -> MemoryHub:
        """Return a hub's part."""
        return self._hubs.setdefault(hub, MemoryHub())

    def close(self) -> None:
        """Do nothing."""


def _key(row: Row, sort: Sort) -> tuple[bool, object]:
    value = getattr(row, _FIELDS.get(sort.field, sort.field), None)
    return value is not None, value if value is not None else 0


def _start(found: Sequence[Row], after: str | None) -> int:
    if after is None:
        return 0
    try:
        hub, instance_id = json.loads(after)
    except (ValueError, TypeError):
        raise BadRequest("the cursor is not one of this index") from None
    for number, row in enumerate(found, 1):
        if (row.hub, row.instance_id) == (hub, instance_id):
            return number
    return len(found)
