"""The store seam: what a server needs of a task hub's storage, whatever the storage is.

One protocol, one conformance suite (``tests/conformance``). The classic store keeps a hub in queues,
tables and blobs as DTFx lays them out; the scheduler store keeps it in one SQLite file.

A store has two sides. The *client* side works at once after `HubStore.open`. The *worker* side works
while `HubStore.serve` runs: the store takes partitions, receives their messages and hands them to the
`Listener`, which must come back for each with exactly one of ``commit``, ``discard`` or ``release``.
Until then the store keeps the message hidden from others (and renews that by itself). A message that
the store receives a second time while the listener still has it is not handed over twice.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.rewind_in_place import Mark
from durahub.model.history import Event, ExecutionStarted, Status
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """The events of an instance's current execution, in order, and the version to write against.

    ``consumed`` are the keys of messages whose events are in this history (or an earlier one) but whose
    deletion was not confirmed when it was written: if they come again, they are dropped. ``outlived`` names
    whose children were there before (`durahub.engine.outlived`).
    """

    version: HistoryVersion
    events: Sequence[Event]
    consumed: frozenset[str] = frozenset()
    outlived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceQuery:
    """Which instances to list. Empty fields do not restrict; bounds are inclusive."""

    statuses: frozenset[Status] = frozenset()
    created_from: Ticks | None = None
    created_to: Ticks | None = None
    prefix: str = ""
    entities: bool = False  # entities instead of orchestrations
    payloads: bool = True  # with input and output
    page_size: int = 100
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some instances, and the token of the next page; ``None`` at the end, never empty."""

    instances: tuple[Instance, ...]
    token: str | None


@dataclass(frozen=True, slots=True, order=True)
class Ended:
    """An orchestration that has ended: when, and its ID."""

    completed: Ticks
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedQuery:
    """Which ended orchestrations to list: *count* at most, those behind *after* in the order of `Ended`."""

    statuses: frozenset[Status]
    completed_from: Ticks | None = None
    completed_to: Ticks | None = None  # exclusive
    after: Ended | None = None
    count: int = 100


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge deleted."""

    instances: int
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many pieces of work wait, and since when the oldest does; ``None`` if that is not known."""

    count: int = 0
    since: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Work in storage that is due and that this server does not have in its hands.

    Instances, not their messages, are what is counted of orchestrations and entities.
    """

    orchestrations: Waiting = Waiting()
    entities: Waiting = Waiting()
    activities: Waiting = Waiting()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A stored thing that could not be read: where it is, why, since when, and its first characters."""

    location: str  # e.g. "queue myhub-control-01 message 1b6f…" or "table myhubHistory a/0000000000000003"
    error: str
    first_seen: Ticks
    head: str = ""


@dataclass(frozen=True, slots=True)
class HubInfo:
    """What a hub consists of, for ``durahub hub show``."""

    name: str
    store: str  # "classic" or "scheduler"
    partitions: int
    manager: str = ""
    queues: dict[str, int] = field(default_factory=dict)  # messages, about
    owners: dict[str, str | None] = field(default_factory=dict)
    app_lease: str | None = None  # the ID under which an app has it now
    resources: tuple[str, ...] = ()


class Listener(Protocol):
    """What a store hands its messages to. Calls come from the event loop and return at once."""

    def on_messages(self, deliveries: Sequence[Delivery]) -> None:
        """Take over messages to instances, in queue order."""

    def on_activities(self, deliveries: Sequence[Delivery]) -> None:
        """Take over activities; never more than `activity_room` allowed."""

    async def on_partition_closing(self, partition: str) -> None:
        """Finish or release what came from *partition*; return when nothing of it is left."""

    def message_room(self) -> int:
        """Return how many more instance messages may be handed over now."""

    def activity_room(self) -> int:
        """Return how many more activities may be handed over now; what was handed over counts at once."""


class HubStore(Protocol):
    """One task hub in storage. Errors are those of `durahub.errors`."""

    @property
    def hub(self) -> str:
        """The hub's name, as configured."""

    @property
    def set_aside_count(self) -> int:
        """How many stored things this process could not read and set aside."""

    @property
    def is_of_functions(self) -> bool:
        """Whether Durable Functions writes this hub, as it seemed when serving began."""

    async def open(self, *, create: bool) -> None:
        """Connect; with *create* make what is missing. Raises `HubNotFound`, `HubMismatch`, `Unavailable`."""

    async def close(self) -> None:
        """Release all connections; calling it twice is fine."""

    async def serve(self, listener: Listener) -> None:
        """Take partitions and hand over their messages until cancelled; then let all go in order.

        When it ends, every message not yet settled is visible to others again.
        """

    def wake(self) -> None:
        """Look for messages and activities now: there is room again."""

    def owns(self, instance_id: str) -> bool:
        """Tell whether this server holds the instance's partition: what happens to it passes here."""

    # -- the worker side -----------------------------------------------------------------------

    async def load(self, instance_id: str) -> StoredHistory:
        """Return the current history; of an unknown instance an empty one with `NO_HISTORY`.

        Raises `BadRow` or `BadPayload` where it cannot be read (and has set that aside).
        """

    async def commit(self, commit: Commit) -> HistoryVersion:
        """Write *commit* in its order and return the new version. Raises `CheckpointLost`.

        After `CheckpointLost` or `Unavailable` the consumed messages are still the caller's to release.
        """

    async def intervene(self, commit: Commit) -> HistoryVersion:
        """Write *commit* even if another server runs the instance, or none. Raises `CheckpointLost`.

        Only its ``base`` guards it: whoever runs the instance loses the next checkpoint.
        """

    async def complete_activity(self, activity: Delivery, result: Message) -> None:
        """Take over *activity* and its *result*, which is safe when this returns.

        Where this server holds the instance's partition and the listener has room, *result* is handed over
        in a `Delivery` of its own, as any message is, and what is stored of *activity* stays for it:
        ``commit`` and ``discard`` delete that with the rest. If the listener has it for long, ``release``s
        it, or lets go of the partition, the store puts *result* where messages are, then deletes *activity*.
        Elsewhere both happen at once: *result* is sent to its instance, then *activity* is deleted.
        After a crash the activity runs again, or its result is there (or both); never neither.
        Raises `Unavailable`; then *activity* is still the caller's, who may try again.
        """

    async def discard(self, deliveries: Sequence[Delivery]) -> None:
        """Delete messages that have no effect."""

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        """Put messages back, visible in *delay* seconds (0: now)."""

    async def repair(
        self,
        instance_id: str,
        update: InstanceUpdate,
        *,
        insert: bool,
        replaces: Instance | None = None,
        history: HistoryVersion | None = None,
    ) -> bool:
        """Write an instance row without a checkpoint: the one read as *replaces*, with *insert* a new one.

        Return whether it was written. It is not where that is not the row any more, or is not missing any
        more, or where the history is found not to be *history* any more, by which the row was judged.
        """

    async def set_custom_status(
        self, instance_id: str, text: str | None, replaces: Instance
    ) -> bool:
        """Write the custom status of an orchestration and nothing else, while its row is as it was read.

        Tell whether it still was. *text* is JSON; ``None`` for none.
        """

    # -- the client side -----------------------------------------------------------------------

    def tries_first(self, instance_id: str) -> bool:
        """Tell whether a start does best to go ahead without reading the row: see *unread* of `start`."""

    async def start(
        self, message: Message, replaces: Instance | None, *, unread: bool = False
    ) -> None:
        """Send an `ExecutionStarted` message, then write its Pending row.

        *replaces* is the row that was read before, ``None`` where there was none; with *unread* nobody
        has looked. Raises `InstanceExists` if the row has changed since, or is there though nobody looked:
        then nothing has happened.
        """

    async def send(self, message: Message) -> None:
        """Send *message* to its instance."""

    async def get(self, instance_id: str, *, payloads: bool = True) -> Instance | None:
        """Return an instance, its large payloads resolved."""

    async def row(self, instance_id: str) -> Instance | None:
        """Return what an episode has to know of an instance, without payloads.

        It comes from memory where that cannot differ from what is stored.
        """

    def is_fresh(self, instance_id: str) -> bool:
        """Tell whether an instance was started here and has certainly not begun: it will here."""

    def told(
        self,
        instance_id: str,
        started: ExecutionStarted,
        update: InstanceUpdate,
        *,
        payloads: bool,
    ) -> Instance | None:
        """Return what `get` finds behind a commit with that *update*; ``None`` where it has to be asked.

        *started* is the start of the execution.
        """

    async def query(self, query: InstanceQuery) -> Page:
        """Return a page of instances, ordered by the store."""

    async def ended(self, query: EndedQuery) -> tuple[Ended, ...]:
        """Return orchestrations that have ended, in the order of their ends."""

    def history(self, instance_id: str, execution_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the stored events of an instance's current execution; nothing for an unknown one."""

    async def purge(self, instance_id: str, expected: Instance | None = None) -> Purged:
        """Delete an instance with its history and payloads, whatever its state.

        With *expected* only while its row is still as it was read: nobody has started it anew.
        """

    # -- the hub -------------------------------------------------------------------------------

    async def claim(self, task: str, seconds: float) -> bool:
        """Tell whether this server may do *task* for so long, as no other does; it may ask again."""

    async def backlog(self) -> Backlog:
        """Return what waits; about, where exact numbers would cost too much."""

    async def info(self) -> HubInfo:
        """Return what the hub consists of."""

    async def set_aside(self) -> tuple[SetAside, ...]:
        """Return what could not be read and was set aside."""

    async def delete(self) -> None:
        """Delete the hub with everything in it."""


@runtime_checkable
class Partitioned(Protocol):
    """What a store has besides that takes a hub in parts."""

    @property
    def held_partitions(self) -> int:
        """How many partitions this process works on."""


@runtime_checkable
class SharedStore(Protocol):
    """What a store has besides if servers of other makes may work on the same hub."""

    async def is_held_elsewhere(self, instance_id: str) -> bool:
        """Tell whether another server holds the instance's partition at the moment."""

    async def mark_rows(self, instance_id: str, execution_id: str, marks: Sequence[Mark]) -> None:
        """Mark rows of a history as rewound. Raises `CheckpointLost` if it is not *execution_id*'s."""
