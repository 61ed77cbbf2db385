"""Queues, partitions, leases and workers of a hub, as one look found them."""

from dataclasses import dataclass
from enum import Enum

from durahub.model.ticks import Ticks


class Holding(Enum):
    """How a partition is held."""

    HELD = "held"
    EXPIRED = "expired"  # its owner does not renew
    FREE = "free"
    DRAINING = "draining"  # its owner lets go of it, for the next one
    FROZEN = "frozen"  # durahub hub freeze has it


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue. *depth* counts hidden messages too, about; *visible* those that can be seen, at most 32.

    *oldest* is since when the visible message waits that has waited longest (its age is the queue's latency;
    a timer waits since its time), *deliveries* the most that any of them had. *hidden* are taken by workers,
    or wait for their time. *growth* is messages a minute since the look before, ``None`` at the first.
    """

    name: str
    depth: int
    visible: int
    hidden: int
    oldest: Ticks | None = None
    deliveries: int = 0
    poison: int = 0
    growth: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionView:
    """A partition with its control queue. *manager* is ``table``, ``safe`` or ``legacy``.

    *owner* is who holds it, *next_owner* who asks for it; *changes* counts changes of owner in the last hour
    that the monitor saw, *flapping* tells that they are too many. *instances*, *running* and *bytes* are of
    the index; *share* is this partition's share of all instances that have not ended, *hot* tells that it has
    far more work than the others, *why_hot* in what.
    """

    index: int
    queue: QueueView
    holding: Holding
    manager: str | None = None
    owner: str | None = None
    next_owner: str | None = None
    owned_since: Ticks | None = None
    renewed: Ticks | None = None
    expires: Ticks | None = None
    changes: int = 0
    flapping: bool = False
    instances: int = 0
    running: int = 0
    bytes: int = 0
    share: float = 0.0
    hot: bool = False
    why_hot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker, by its leases or, at a server of ours, by its connection. *app* is who has the app lease."""

    name: str
    partitions: tuple[int, ...] = ()
    seen: Ticks | None = None
    has_app_lease: bool = False
    maker: str | None = None  # "durahub", ".NET" where that can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionsView:
    """All of a hub's. *problems* are sentences: a queue without a lease, two managers at once."""

    at: Ticks
    manager: str | None
    partitions: tuple[PartitionView, ...]
    work_items: QueueView | None
    workers: tuple[WorkerView, ...] = ()
    app_lease: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message that was peeked at.

    *verdict* is ``ok``, ``poison``, ``orphan`` (for no instance) or ``unreadable``; *why* says so in words.
    """

    queue: str
    message_id: str
    verdict: str
    why: str | None = None
    target: str | None = None
    event: str | None = None  # the type of what it brings
    name: str | None = None
    inserted: Ticks | None = None
    deliveries: int = 0
    blob: str | None = None
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobView:
    """A blob of large payloads that nothing names any more. *instance_id* is by its name."""

    name: str
    bytes: int
    changed: Ticks
    instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameShare:
    """What the instances of one name take: *instances*, *rows* of history, *bytes*."""

    name: str
    instances: int
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageView:
    """What a hub takes. *sampled* is the share of instances that were measured, the rest is by estimate.

    *growth_bytes* and *growth_instances* are per day, by the index; *cost_month* is in *currency*, by the
    prices that were given; *orphaned* are blobs that nothing names.
    """

    at: Ticks
    instances: int
    entities: int
    rows: int
    bytes_rows: int
    bytes_blobs: int
    blobs: int
    messages: int
    sampled: float
    orphaned: int = 0
    orphaned_bytes: int = 0
    growth_bytes: float | None = None
    growth_instances: float | None = None
    cost_month: float | None = None
    currency: str | None = None
    assumptions: tuple[str, ...] = ()
    names: tuple[NameShare, ...] = ()
