"""What the index of a hub takes, beside answering questions: rows as they are read, and what was swept.

A full sweep has a number of its own. Rows that were put since it began are of it; when it ends, rows that are
not were deleted meanwhile. How far it came stands in the index beside the rows, so that a sweep that was
interrupted goes on where it stood.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.seam import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepState:
    """How far the sweeps of a hub are.

    *position* is where the sweep under way goes on, in its source's own form; *under_way* whether there is
    one. *begun* and *mark* are of that sweep: when it began, and from where on changes have to be asked for
    once it is whole. *seen* are the rows that it has put so far, *last_count* those of the last whole one,
    which ended at *complete*. *changes* is from where on changes have to be asked for now.
    """

    under_way: bool = False
    position: str | None = None
    begun: Ticks | None = None
    mark: str | None = None
    seen: int = 0
    complete: Ticks | None = None
    last_count: int | None = None
    changes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionSum:
    """What a partition has: *running* are the instances that have not ended, *bytes* those that are known."""

    instances: int
    running: int
    bytes: int


class HubIndex(Index, Protocol):
    """A hub's part of the index. What changes returns the IDs of the rows that are others than before."""

    def sweep(self) -> SweepState:
        """Return how far its sweeps are."""

    def begin_sweep(self, at: Ticks, mark: str | None) -> None:
        """Begin a sweep; one under way is given up."""

    def put(
        self, rows: Sequence[Row], *, position: str | None = None, swept: bool = False
    ) -> frozenset[str]:
        """Put rows in the place of those of the same IDs.

        With *swept* they are a page of the sweep under way, which goes on at *position*. What was learned of
        a row stays where the new one does not know it.
        """

    def end_sweep(self, at: Ticks) -> frozenset[str]:
        """End the sweep, and remove rows that it did not see: their IDs."""

    def mark(self, changes: str | None) -> None:
        """Note from where on changes have to be asked for."""

    def remove(self, instance_ids: Iterable[str]) -> frozenset[str]:
        """Remove rows."""

    def learn(self, parents: Mapping[str, str]) -> frozenset[str]:
        """Note the parents of instances, by ID, of those that are there."""

    def row(self, instance_id: str) -> Row | None:
        """Return a row."""

    def partitions(self) -> Mapping[int, PartitionSum]:
        """Return what each partition has, by its number; one without instances is missing."""

    def count(self) -> int:
        """Return how many rows there are."""

    def drop(self) -> None:
        """Forget the hub."""


class Indexes(Protocol):
    """The index of all hubs that are watched."""

    @property
    def whole(self) -> Index:
        """All hubs together."""

    def of(self, hub: str) -> HubIndex:
        """Return a hub's part, by its key; empty for a new one."""

    def close(self) -> None:
        """Write what was handed over, and close it; calling it twice is fine."""
