"""The seam between what knows a hub and what shows it: one protocol for every kind of store.

`HubWatch` answers every question about one hub; whoever implements it keeps to the hub's budget of requests.
What a store cannot tell, it says by `Ability`: a page then says what is missing instead of guessing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from durahub.model.history import Event
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible
from durahub_migrate.monitor.histories import FamilyNode
from durahub_migrate.monitor.hub import HubRef, HubStanding
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.row import Row, RowPage, Sort
from durahub_migrate.monitor.waiting import Explanation, Stuck


class Ability(Enum):
    """What a hub's store lets be seen or done."""

    QUEUES = "queues"
    LEASES = "leases"
    BLOBS = "blobs"
    MESSAGES = "messages"
    HISTORY = "history"
    ENTITIES = "entities"
    ACT = "act"
    SET_CUSTOM_STATUS = "set-custom-status"
    DELETE_HUB = "delete-hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """An instance with everything in its row. *input*, *output* and *custom_status* are whole.

    *state*, *operations* (waiting ones) and *locked_by* are an entity's. *failure* is that of a failed one.
    *missing* are texts that were not read: the member, and why.
    """

    row: Row
    input: str | None = None
    output: str | None = None
    custom_status: str | None = None
    failure: str | None = None
    state: str | None = None
    operations: tuple[str, ...] = ()
    locked_by: str | None = None
    lock_is_orphaned: bool | None = None
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHistory:
    """The history of an instance's current execution, large payloads in place.

    *etag* changes when it does. *problems* are rows that cannot be read, a sentence each. *total* is how many
    events there are where not all were read: *events* are then the first of them. *checkpoint* is when the
    last episode was written, where the store tells. *beside* is what else the rows of events tell, by their
    number: `durahub.stored.StoredEvent.beside`.
    """

    execution_id: str | None
    events: Sequence[Event]
    etag: str | None = None
    problems: tuple[str, ...] = ()
    missing: tuple[
        tuple[int, str, str], ...
    ] = ()  # number of the event, its member, why it is not there
    total: int | None = None
    checkpoint: Ticks | None = None
    beside: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bar of the histogram: instances that were created from *start* on, by status."""

    start: Ticks
    counts: dict[str, int]


class Index(Protocol):
    """The local index of one hub, or of all: every answer comes from it alone, and costs no request."""

    def page(
        self, query: Query, sort: Sort, *, count: int, after: str | None = None, total: bool = False
    ) -> RowPage:
        """Return a page by keyset: its cost does not depend on how far it is. Raises `BadRequest`."""

    def counts(self, query: Query) -> dict[str, int]:
        """Return how many rows a query finds, by status."""

    def names(self, query: Query) -> dict[str, dict[str, int]]:
        """Return the same by name, then status."""

    def histogram(self, query: Query, buckets: int) -> tuple[Bucket, ...]:
        """Return how many were created when, in so many steps of the same length."""

    def ids(self, prefix: str, count: int = 20) -> tuple[str, ...]:
        """Return IDs that begin so, for completion."""


class HubWatch(Protocol):
    """One hub that is watched. Raises `Unavailable` and `HubNotFound` where storage does."""

    @property
    def ref(self) -> HubRef:
        """How it is called."""

    @property
    def index(self) -> Index:
        """Its part of the index."""

    def standing(self) -> HubStanding:
        """Return how it stands; from memory."""

    async def refresh(self) -> None:
        """Look for changes now, within the budget."""

    def changes(self) -> AsyncIterator[frozenset[str]]:
        """Yield the IDs of rows as they change in the index; an empty set says that anything may have."""

    # -- one instance --------------------------------------------------------------------------

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance as it is now."""

    async def history(self, instance_id: str) -> LiveHistory:
        """Return its history as it is now, from a cache while its ETag is the same."""

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole, also one that `history` tells as missing for its size.

        *member* is an attribute of the event, like ``input``. Raises `InstanceNotFound`, `BadPayload`.
        """

    async def why(self, instance_id: str) -> Explanation:
        """Explain why it waits. Raises `InstanceNotFound`."""

    async def family(self, instance_id: str, *, depth: int = 3) -> FamilyNode:
        """Return its parents, children and generations, the topmost first. Raises `InstanceNotFound`."""

    # -- the hub -------------------------------------------------------------------------------

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        """Return instances that have not moved for so many seconds though they should."""

    async def partitions(self) -> PartitionsView:
        """Look at queues and leases; at most every few seconds, in between the last look is returned."""

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        """Return the messages of a queue that can be seen, 32 at most."""

    async def storage(self) -> StorageView:
        """Return what the hub takes; measured in the background, so it may be some time old."""

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        """Return blobs that nothing names, of those that are old enough."""

    # -- acting --------------------------------------------------------------------------------

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance in its state."""

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do, without doing it. Raises `InstanceNotFound`, `WrongStatus`."""

    async def do(self, command: Command) -> Done:
        """Do it. Raises what the store raises: `WrongStatus`, `InstanceNotFound`, `OverLimit`."""


class Actor(Protocol):
    """What acts on one hub: a `HubWatch` is handed one, and passes its last three questions on to it."""

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        """Return which actions make sense for an instance in its state. Raises `InstanceNotFound`."""

    async def cost(self, command: Command) -> Cost:
        """Return what a command would do, without doing it. Raises `InstanceNotFound`, `WrongStatus`."""

    async def do(self, command: Command) -> Done:
        """Do it. Raises what the store raises: `WrongStatus`, `InstanceNotFound`, `OverLimit`."""


class Monitor(Protocol):
    """All hubs that are watched."""

    def hubs(self) -> tuple[HubWatch, ...]:
        """Return them by key."""

    def hub(self, key: str) -> HubWatch:
        """Return one. Raises `HubNotFound`."""

    @property
    def index(self) -> Index:
        """The index of all hubs together."""
