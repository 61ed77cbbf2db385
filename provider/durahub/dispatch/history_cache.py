"""Histories kept in memory between episodes, so that a turn costs no read; bounded by size.

An entry is good only while this server owns the instance's partition: `drop_partition` forgets the rest.
A stale entry could not do harm (the checkpoint would fail), only cost a lost episode.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from durahub.model.failure import Failure
from durahub.model.history import Event
from durahub.store import StoredHistory

EVENT_SIZE = 400  # bytes an event takes apart from its texts, about


def size_of(events: Iterable[Event]) -> int:
    """Return about how many bytes *events* take, in memory as on the wire."""
    total = 0
    for event in events:
        total += EVENT_SIZE
        for name in ("input", "result", "data", "reason", "details"):
            total += _length(getattr(event, name, None))
        failure = getattr(event, "failure", None)
        while isinstance(failure, Failure):
            total += _length(failure.message) + _length(failure.stack_trace)
            failure = failure.inner
    return total


def _length(text: object) -> int:
    if not isinstance(text, str):
        return 0
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


@dataclass(slots=True)
class _Entry:
    history: StoredHistory
    partition: str
    size: int


class HistoryCache:
    """The most recently used histories, up to *limit* bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, instance_id: str) -> StoredHistory | None:
        """Return the history of an instance, if it is known."""
        entry = self._entries.get(instance_id)
        if entry is None:
            return None
        self._entries.move_to_end(instance_id)
        return entry.history

    def put(self, instance_id: str, partition: str, history: StoredHistory, added: int) -> None:
        """Keep *history*, which is *added* bytes larger than what was kept; counted if nothing was."""
        old = self._entries.pop(instance_id, None)
        size = old.size + added if old else size_of(history.events)
        self._size += size - (old.size if old else 0)
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
