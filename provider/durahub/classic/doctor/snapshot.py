"""What the rules look at: a hub's queues and leases, and one instance at a time, as they were read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from durahub.classic import instance_rows
from durahub.classic.columns import Columns, DateTime
from durahub.classic.envelope import Envelope
from durahub.classic.history_rows import SENTINEL, HistoryRow, decode
from durahub.classic.keys import unescape
from durahub.classic.names import HubNames
from durahub.classic.partitioning.app_lease import AppLeaseInfo
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.table import is_alive
from durahub.classic.routing import control_index
from durahub.classic.unposted import Unposted, outstanding
from durahub.classic.unposted import decode as decode_unposted
from durahub.engine import state as states
from durahub.engine.state import State
from durahub.errors import BadPartitionKey, BadRow, Malformed
from durahub.model.history import Event, EventType
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message that was peeked at. ``problem``, the sentence of ``error``, says why it has no ``envelope``.

    ``blob`` is the blob that holds it, ``head`` the beginning of what cannot be read. ``is_plain`` tells that
    its text is not in Base64. ``text`` is what lay in the queue.
    """

    queue: str
    message_id: str
    deliveries: int
    envelope: Envelope | None
    inserted: Ticks | None = None  # to the second
    blob: str | None = None
    problem: str | None = None
    head: str = ""
    is_plain: bool | None = None
    text: str = field(default="", repr=False)
    error: Malformed | None = None

    @property
    def place(self) -> str:
        """Where it lies, as `durahub.classic.aside` writes it."""
        return f"queue {self.queue} message {self.message_id}"

    @property
    def event(self) -> Event | None:
        """What it brings."""
        return self.envelope.message.event if self.envelope is not None else None

    @property
    def target(self) -> str | None:
        """The instance that it is for."""
        return self.envelope.message.target.instance_id if self.envelope is not None else None


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue: ``depth`` counts hidden messages too, about; at most 32 visible ones are ``seen``."""

    name: str
    depth: int
    seen: tuple[SeenMessage, ...] = ()

    @property
    def unseen(self) -> int:
        """How many messages are hidden, or stand behind those that can be peeked at."""
        return max(0, self.depth - len(self.seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFacts:
    """A hub but for its instances. ``set_aside`` are the places that are set aside already."""

    names: HubNames
    partitions: int
    now: Ticks
    queues: Mapping[str, QueueFacts]
    leases: Evidence = field(default_factory=Evidence)
    app_lease: AppLeaseInfo = field(default_factory=AppLeaseInfo)
    app_lease_is_endless: bool = False
    task_hub_partitions: int | None = None  # by taskhub.json
    set_aside: frozenset[str] = frozenset()
    by_target: Mapping[str, tuple[SeenMessage, ...]] = field(default_factory=dict)

    def queue_of(self, instance_id: str) -> str:
        """Return the control queue that an instance's messages go to."""
        return self.names.control_queue(control_index(instance_id, self.partitions))

    def unseen(self, queues: Iterable[str]) -> int:
        """Return how many messages of *queues* cannot be seen."""
        return sum(self.queues[name].unseen for name in queues if name in self.queues)

    def messages_to(self, instance_id: str) -> tuple[SeenMessage, ...]:
        """Return the messages that are seen on their way to an instance, its activities among them."""
        return self.by_target.get(instance_id, ())

    @property
    def workers(self) -> tuple[str, ...]:
        """Who holds partitions now, by whichever manager."""
        rows = {str(row.current_owner) for row in self.leases.rows if is_alive(row, self.now)}
        blobs = (blob for found in self.leases.blobs.values() for blob in found)
        return tuple(sorted(rows | {blob.owner or "?" for blob in blobs if blob.leased}))


def hub_facts(
    names: HubNames, partitions: int, now: Ticks, queues: Sequence[QueueFacts], **others: object
) -> HubFacts:
    """Return the facts of a hub, its messages sorted by whom they are for."""
    targets: dict[str, list[SeenMessage]] = defaultdict(list)
    for queue in queues:
        for message in queue.seen:
            if message.target is not None:
                targets[message.target].append(message)
    facts = HubFacts(
        names=names,
        partitions=partitions,
        now=now,
        queues={queue.name: queue for queue in queues},
        by_target={target: tuple(found) for target, found in targets.items()},
    )
    return replace(facts, **others)  # type: ignore[arg-type]  # the fields above, by name


@dataclass(frozen=True, slots=True)
class Sentinel:
    """The row that guards a history."""

    execution_id: str | None
    complete: bool | None
    completed: Ticks | None
    unposted: Unposted | None = None  # activities that have no message
    problem: str | None = None  # why that cannot be told


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """One instance: its row, and the rows of its current execution, large values left in their blobs.

    ``unreadable`` are rows that no writer of the layout produces, with the reason; with any of them
    ``rows`` and ``state`` are not complete. ``older`` are the keys of rows left of older executions.
    ``related`` are the instances that this one waits for, or that hold its lock, if they were asked for.
    """

    key: str
    instance_id: str
    row: Instance | None = None
    row_columns: Columns = field(default_factory=dict)
    row_problem: str | None = None
    sentinel: Sentinel | None = None
    rows: tuple[HistoryRow, ...] = ()
    row_keys: tuple[str, ...] = ()  # of the current execution, readable or not
    unreadable: tuple[tuple[str, str], ...] = ()
    older: tuple[str, ...] = ()
    older_columns: tuple[Columns, ...] = ()  # those of their columns that name blobs
    state: State = field(default_factory=State)
    related: Mapping[str, "InstanceFacts"] = field(default_factory=dict)

    def beside(self, related: "Mapping[str, InstanceFacts]") -> "InstanceFacts":
        """Return the same with the instances that it is to be looked at beside."""
        return replace(self, related=related)

    @property
    def execution_id(self) -> str | None:
        """The current execution, by the history."""
        if self.sentinel is not None and self.sentinel.execution_id is not None:
            return self.sentinel.execution_id
        return self.rows[0].execution_id if self.rows else None

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the current execution."""
        return tuple(row.event for row in self.rows)

    @property
    def unposted(self) -> tuple[int, ...]:
        """The task IDs of activities that wait for no message: a server of the level exclusive has them."""
        left = self.sentinel.unposted if self.sentinel is not None else None
        if left is None:
            return ()
        messages = outstanding(self.instance_id, self.events, left)
        return tuple(message.event.event_id for message in messages)

    @property
    def is_there(self) -> bool:
        """Whether anything is stored of it in tables."""
        return bool(self.row or self.row_problem or self.row_keys or self.sentinel or self.older)

    @property
    def is_readable(self) -> bool:
        """Whether every row could be read."""
        return not self.unreadable and self.row_problem is None

    @property
    def is_live(self) -> bool:
        """Whether its execution has begun and not ended."""
        return self.state.is_live

    @property
    def waits_for_wake_up(self) -> bool:
        """Whether it was rewound in place and has not run since."""
        ends = [
            index
            for index, row in enumerate(self.rows)
            if str(row.extra.get("Reason", "")).startswith("Rewound: ExecutionCompleted")
        ]
        if not ends or self.state.completed is not None:
            return False
        after = self.rows[ends[-1] :]
        return all(row.event.type is not EventType.OrchestratorStarted for row in after)


def instance_facts(
    key: str, row: Columns | None, history: Sequence[Columns], etag: str | None = None
) -> InstanceFacts:
    """Return the facts of the instance with partition *key*, of its row and its rows of History."""
    try:
        instance_id = unescape(key)
    except BadPartitionKey:
        instance_id = key
    instance, problem = None, None
    if row is not None:
        try:
            instance = instance_rows.decode(row, etag).instance
        except Malformed as error:
            problem = error.sentence
    guard = next((one for one in history if one.get("RowKey") == SENTINEL), None)
    rest = [one for one in history if one is not guard]
    sentinel = _sentinel(guard) if guard is not None else None
    current = (sentinel.execution_id if sentinel else None) or _execution(rest[:1])
    length = next((n for n, one in enumerate(rest) if one.get("ExecutionId") != current), len(rest))
    read = [_read(one) for one in rest[:length]]
    decoded = tuple(one for one in read if isinstance(one, HistoryRow))
    return InstanceFacts(
        key=key,
        instance_id=instance_id,
        row=instance,
        row_columns=row or {},
        row_problem=problem,
        sentinel=sentinel,
        rows=decoded,
        row_keys=tuple(str(one.get("RowKey")) for one in rest[:length]),
        unreadable=tuple(one for one in read if not isinstance(one, HistoryRow)),
        older=tuple(str(one.get("RowKey")) for one in rest[length:]),
        older_columns=tuple(
            {name: value for name, value in one.items() if name.endswith("BlobName")}
            for one in rest[length:]
        ),
        state=states.read(one.event for one in decoded),
    )


def _read(columns: Columns) -> HistoryRow | tuple[str, str]:
    """Return the row, or the row key and the reason why it cannot be read."""
    try:
        return decode(columns)
    except Malformed as error:
        return str(columns.get("RowKey")), error.sentence


def _sentinel(columns: Columns) -> Sentinel:
    complete = columns.get("IsCheckpointComplete")
    completed = columns.get("CheckpointCompletedTimestamp")
    execution = columns.get("ExecutionId")
    unposted, problem = _unposted(columns)
    return Sentinel(
        execution_id=execution if isinstance(execution, str) else None,
        complete=complete if isinstance(complete, bool) else None,
        completed=completed.ticks if isinstance(completed, DateTime) else None,
        unposted=unposted,
        problem=problem,
    )


def _unposted(columns: Columns) -> tuple[Unposted | None, str | None]:
    try:
        return decode_unposted(columns), None
    except BadRow as error:
        return None, error.problem


def _execution(rows: Sequence[Columns]) -> str | None:
    value = rows[0].get("ExecutionId") if rows else None
    return value if isinstance(value, str) else None
