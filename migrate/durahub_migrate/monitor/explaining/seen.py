"""The facts that an explanation is made of, whatever store they were read from.

What a store does not have or did not tell is ``None`` or empty, and `InstanceSeen.unread` and
`HubSeen.unread` say in sentences what could not be read. Queues of Azure Storage show 32 visible messages;
those that a worker has taken and those that are not due are hidden, and only counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from durahub.engine.entities.messages import due_of_name
from durahub.model.history import Event, EventRaised, ExecutionStarted, TaskScheduled, TimerFired
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.explaining.thresholds import Thresholds
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message that was seen. Without *event* it was not read, or cannot be: *problem* says why.

    *deliveries* are those so far, *target* and *execution_id* whom it is for. *taken* tells that a worker has
    it (``None``: the store does not tell), *due* when it may be delivered, where the store tells. Of one
    in a *blob* that was not read *kind* is the type of its event, by the blob's name; *bytes* is its size in
    the queue.
    """

    queue: str
    message_id: str
    event: Event | None
    target: str | None = None
    execution_id: str | None = None
    deliveries: int = 0
    inserted: Ticks | None = None
    due: Ticks | None = None
    taken: bool | None = False
    problem: str | None = None
    blob: str | None = None
    kind: str | None = None
    bytes: int = 0

    def is_due(self, now: Ticks) -> bool:
        """Tell whether its time has come: a message of a late time may be delivered early, and put back."""
        due = self._due()
        return due is None or due <= now

    @property
    def since(self) -> Ticks | None:
        """Since when it waits to be taken: a timer since its time, not since it was put there."""
        return self.inserted and max(self.inserted, self._due() or self.inserted)

    def _due(self) -> Ticks | None:
        due = self.due
        match self.event:
            case TimerFired():
                due = self.event.fire_at
            case ExecutionStarted():
                due = due or self.event.scheduled_start
            case EventRaised():
                due = due or due_of_name(self.event.name)
            case _:
                pass
        return due

    @property
    def place(self) -> str:
        """Where it lies."""
        return f"queue {self.queue}, message {self.message_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenQueue:
    """A queue. *hidden* counts messages that may be anybody's: taken, not due, or behind those seen.

    *cut* tells that more visible messages may stand behind the last one that was seen.
    """

    name: str
    depth: int
    messages: tuple[SeenMessage, ...] = ()
    hidden: int = 0
    cut: bool = False

    @property
    def oldest(self) -> Ticks | None:
        """Since when the visible message waits that has waited longest."""
        return min((m.since for m in self.messages if m.since is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds a partition, and how."""

    holding: Holding
    owner: str | None = None
    next_owner: str | None = None
    since: Ticks | None = None
    renewed: Ticks | None = None
    expires: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A freeze that holds the hub."""

    holder: str
    since: Ticks | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSeen:
    """A hub, as one look found it. *name* is its key, *address* what commands call it.

    *queues* and *owners* are by the names of queues. *work_items* is the queue of activities. *workers* are
    those that hold a partition now; ``None``: nobody can tell. *server* is the process that has the hub's
    file, where nothing tells which workers are connected to it. *mends* tells that the doctor can send lost
    messages again. *unread* are sentences about what could not be read.
    """

    name: str
    address: str
    now: Ticks
    queues: Mapping[str, SeenQueue] = field(default_factory=dict)
    owners: Mapping[str, Owner] = field(default_factory=dict)
    work_items: str | None = None
    workers: tuple[str, ...] | None = None
    server: str | None = None
    frozen: Frozen | None = None
    mends: bool = False
    unread: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)

    def messages_to(self, instance_id: str, *, activities: bool) -> Iterator[SeenMessage]:
        """Yield the messages to an instance that are seen: its activities, or all others."""
        for queue in self.queues.values():
            for message in queue.messages:
                is_activity = isinstance(message.event, TaskScheduled)
                if message.target == instance_id and is_activity is activities:
                    yield message

    def hidden(self, *queues: str | None) -> int | None:
        """Return how many messages of *queues* cannot be seen; ``None`` if one was not looked at."""
        found = [self.queues.get(name) if name is not None else None for name in queues]
        return None if None in found else sum(one.hidden for one in found if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSeen:
    """An instance as it was found; without row and without history it is not there.

    *history* is that of the current execution, ``None`` where it was not read, *execution_id* that execution.
    *queue* is its control queue, *checkpoint* when its last episode was written. *unposted* are activities
    that wait for no message, for a server of ours has them in memory. *rewound* tells that it was rewound in
    its rows and waits for a wake-up. *backlog* are operations that an entity keeps until a lock is released,
    ``None`` where that is not known. *problems* are rows that cannot be read, *unread* what was not asked.
    """

    instance_id: str
    row: Row | None = None
    history: tuple[Event, ...] | None = None
    execution_id: str | None = None
    queue: str | None = None
    checkpoint: Ticks | None = None
    unposted: frozenset[int] = frozenset()
    rewound: bool = False
    backlog: int | None = None
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether anything of it was found."""
        return self.row is not None or bool(self.history) or bool(self.problems)
