"""Storage as the services have it, at the moment a request arrives: rows, lease blobs, queues, histories.

Everything here happens at once and without fail; `network` is what makes it late or goes wrong.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from durahub.classic.columns import Columns
from durahub.classic.partitioning.table import LeaseRow, encode
from durahub.classic.tables import Row

OK, NO_BLOB, CONFLICT, FAILED = 200, 404, 409, 412  # statuses


class LeaseTable:
    """The Partitions table. A row is replaced only by who knows its ETag."""

    def __init__(self, partitions: tuple[str, ...]) -> None:
        self._versions = itertools.count(1)
        self._rows = {one: Row(encode(LeaseRow(partition=one)), "0") for one in partitions}

    def rows(self) -> list[Row]:
        return list(self._rows.values())

    def replace(self, columns: Columns, etag: str) -> str | None:
        """Replace a row; ``None`` (412) if it has another ETag."""
        name = str(columns["RowKey"])
        if self._rows[name].etag != etag:
            return None
        new = str(next(self._versions))
        self._rows[name] = Row(dict(columns), new)
        return new


@dataclass(slots=True)
class Blob:
    """A blob and its lease: whose ID, and until when."""

    content: bytes
    lease: str | None = None
    until: float = 0.0
    seconds: float = 0.0


class LeaseContainer:
    """Blobs with leases. Methods return the service's status."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._blobs: dict[str, Blob] = {}

    def create(self, name: str, content: bytes) -> None:
        self._blobs.setdefault(name, Blob(content))

    def names(self, folder: str) -> list[str]:
        return sorted(name for name in self._blobs if name.startswith(f"{folder}/"))

    def read(self, name: str) -> tuple[bytes, bool]:
        """Return the content, and whether the blob is leased."""
        return self._blobs[name].content, self.holder(name) is not None

    def holder(self, name: str) -> str | None:
        """Return the ID of the lease that holds now."""
        blob = self._blobs[name]
        return blob.lease if blob.lease is not None and self._clock() < blob.until else None

    def acquire(self, name: str, token: str, seconds: float) -> int:
        blob = self._blobs[name]
        if self.holder(name) not in (None, token):
            return CONFLICT
        blob.lease, blob.until, blob.seconds = token, self._clock() + seconds, seconds
        return OK

    def renew(self, name: str, token: str) -> int:
        """Renew a lease; one that ran out, too, if nobody had it since."""
        blob = self._blobs[name]
        if blob.lease != token:
            return CONFLICT
        blob.until = self._clock() + blob.seconds
        return OK

    def change(self, name: str, token: str, new: str) -> int:
        """Change the ID of a lease that holds; its term stays."""
        blob = self._blobs[name]
        if self.holder(name) not in (token, new) or self.holder(name) is None:
            return CONFLICT
        blob.lease = new
        return OK

    def release(self, name: str, token: str) -> int:
        blob = self._blobs[name]
        if blob.lease != token:
            return CONFLICT
        blob.lease, blob.until = None, 0.0
        return OK

    def write(self, name: str, content: bytes, token: str) -> int:
        blob = self._blobs[name]
        if self.holder(name) != token:
            return FAILED
        blob.content = content
        return OK


@dataclass(slots=True)
class Stored:
    """A message in a queue."""

    message_id: str
    text: str
    inserted: float
    visible_at: float
    receipt: str = ""
    deliveries: int = 0
    hidden_by: str = ""


class Queue:
    """One queue: what is received is hidden for a while, and only its newest receipt counts."""

    def __init__(self, name: str, clock: Callable[[], float], numbers: "itertools.count[int]"):
        self.name = name
        self.messages: dict[str, Stored] = {}
        self.on_delete: Callable[[Stored], None] = lambda _: None
        self._clock = clock
        self._numbers = numbers

    def put(self, text: str, delay: float, by: str) -> Stored:
        now, number = self._clock(), next(self._numbers)
        message = Stored(f"id-{number}", text, now, now + delay, f"receipt-{number}", hidden_by=by)
        self.messages[message.message_id] = message
        return replace(message)

    def receive(self, most: int, visibility: float, by: str) -> list[Stored]:
        now = self._clock()
        found = [one for one in self.messages.values() if one.visible_at <= now][:most]
        for message in found:
            message.visible_at = now + visibility
            message.receipt = f"receipt-{next(self._numbers)}"
            message.deliveries += 1
            message.hidden_by = by
        return [replace(one) for one in found]

    def update(self, message_id: str, receipt: str, visibility: float, by: str) -> str | None:
        """Hide a message for so long; return its new receipt, ``None`` if this one does not count."""
        message = self.messages.get(message_id)
        if message is None or message.receipt != receipt:
            return None
        message.visible_at = self._clock() + visibility
        message.receipt = f"receipt-{next(self._numbers)}"
        message.hidden_by = by
        return message.receipt

    def delete(self, message_id: str, receipt: str) -> bool:
        message = self.messages.get(message_id)
        if message is None or message.receipt != receipt:
            return False
        self.on_delete(self.messages.pop(message_id))
        return True

    def hidden_by(self, worker: str, seconds: float) -> list[Stored]:
        """Return the messages that *worker* has hidden, for more than so many seconds from now."""
        until = self._clock() + seconds
        return [
            one
            for one in self.messages.values()
            if one.visible_at > until and one.hidden_by == worker
        ]


@dataclass(slots=True)
class History:
    """What has happened to an instance, guarded by its sentinel's ETag, ``None`` before the first."""

    etag: str | None = None
    events: tuple[str, ...] = ()
    consumed: frozenset[str] = frozenset()
    writers: list[str] = field(default_factory=list)


class Histories:
    """The History table, an instance a value. A checkpoint counts only against what was read."""

    def __init__(self) -> None:
        self.of: dict[str, History] = {}
        self._versions = itertools.count(1)

    def read(self, instance_id: str) -> History:
        return replace(self.of.get(instance_id, History()))

    def append(
        self,
        instance_id: str,
        etag: str | None,
        events: tuple[str, ...],
        consumed: frozenset[str],
        writer: str,
    ) -> str | None:
        """Append *events* and return the new ETag; ``None`` if the history is not as it was read."""
        history = self.of.setdefault(instance_id, History())
        if history.etag != etag:
            return None
        history.etag = str(next(self._versions))
        history.events += events
        history.consumed |= consumed
        history.writers.append(writer)
        return history.etag


class Hub:
    """A task hub's storage. Queues are named ``hub-control-00`` and so on."""

    def __init__(self, partitions: int, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.partitions = tuple(f"hub-control-{index:02d}" for index in range(partitions))
        numbers = itertools.count(1)
        self.queues = {
            name: Queue(name, clock, numbers) for name in (*self.partitions, "hub-workitems")
        }
        self.lease_table = LeaseTable(self.partitions)
        self.lease_blobs = LeaseContainer(clock)
        self.histories = Histories()
