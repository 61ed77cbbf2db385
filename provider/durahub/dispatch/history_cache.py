"""Histories kept in memory between episodes, so that a turn costs no read; bounded by size.

An entry is good only while this server owns the instance's partition: `drop_partition` forgets the rest.
A stale entry could not do harm (the checkpoint would fail), only cost a lost episode.
"""

from collections import OrderedDict
from dataclasses import dataclass

from durahub.dispatch.known_history import KnownHistory


@dataclass(slots=True)
class _Entry:
    history: KnownHistory
    partition: str
    size: int


class HistoryCache:
    """The most recently used histories, up to *limit* bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return self._size

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, instance_id: str) -> KnownHistory | None:
        """Return the history of an instance, if it is known."""
        entry = self._entries.get(instance_id)
        if entry is None:
            return None
        self._entries.move_to_end(instance_id)
        return entry.history

    def put(self, instance_id: str, partition: str, history: KnownHistory) -> None:
        """Keep *history*."""
        self.drop(instance_id)
        size = history.size  # what the edge adds to it later is counted at the next turn
        self._size += size
        self._entries[instance_id] = _Entry(history, partition, size)
        while self._size > self._limit and self._entries:
            _, dropped = self._entries.popitem(last=False)
            self._size -= dropped.size

    def drop(self, instance_id: str) -> None:
        """Forget an instance."""
        entry = self._entries.pop(instance_id, None)
        if entry is not None:
            self._size -= entry.size

    def drop_partition(self, partition: str) -> None:
        """Forget all instances of a partition."""
        for instance_id in [i for i, e in self._entries.items() if e.partition == partition]:
            self.drop(instance_id)
