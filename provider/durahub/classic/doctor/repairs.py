"""What a repair changes in storage, as values. ``live``: safe while workers hold partitions.

Every one can be done twice: what it changes is conditional, or without effect on one who has had it.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.engine.rewind_in_place import Mark
from durahub.model.history import EventType, Status
from durahub.model.message import Message


@dataclass(frozen=True, slots=True)
class DeleteBlob:
    """Delete a blob of the large-message container that nothing names."""

    live: ClassVar[bool] = True

    name: str

    def __str__(self) -> str:
        """Return what is done."""
        return f"delete blob {self.name}"


@dataclass(frozen=True, slots=True)
class ClearOwner:
    """Clear the owner in a row of the Partitions table, if it still has that ETag."""

    live: ClassVar[bool] = True

    partition: str
    etag: str

    def __str__(self) -> str:
        """Return what is done."""
        return f"clear the owner of {self.partition}"


@dataclass(frozen=True, slots=True)
class ClearBlobOwner:
    """Clear owner and token in a lease blob that nobody leases, if it still says what it said."""

    live: ClassVar[bool] = True

    folder: str
    blob: LeaseBlob

    @property
    def name(self) -> str:
        """The blob's name in the leases container."""
        return f"{self.folder}/{self.blob.partition}"

    def __str__(self) -> str:
        """Return what is done."""
        return f"clear the owner in lease blob {self.name}"


@dataclass(frozen=True, slots=True)
class RewriteRow:
    """Write an instance row as its history tells it; ``etag`` is that of the row, ``None``: there is none."""

    live: ClassVar[bool] = True  # by its ETag: a checkpoint that comes between wins

    instance_id: str
    status: Status
    etag: str | None

    def __str__(self) -> str:
        """Return what is done."""
        return f"write the instance row from the history ({self.status.name})"


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Send a message that is lost, as the engine would: whoever has had it drops it."""

    live: ClassVar[bool] = False  # a worker may have it in memory

    message: Message

    def __str__(self) -> str:
        """Return what is done."""
        return f"send {self.message.event.type.name} to {self.message.target.instance_id} again"


@dataclass(frozen=True, slots=True)
class StartAgain:
    """Send a start message again, made of the instance row; a second start of an execution is dropped."""

    live: ClassVar[bool] = False

    instance_id: str
    execution_id: str

    def __str__(self) -> str:
        """Return what is done."""
        return f"send ExecutionStarted to {self.instance_id} again, from its row"


@dataclass(frozen=True, slots=True)
class AnswerParent:
    """Send the result of a child that has ended again, made of its history; the first one counts."""

    live: ClassVar[bool] = False

    child_id: str
    parent_id: str

    def __str__(self) -> str:
        """Return what is done."""
        return f"send the result of {self.child_id} to {self.parent_id} again"


@dataclass(frozen=True, slots=True)
class ScheduleAgain:
    """Let an orchestrator schedule again what is lost: its input is known to the orchestrator alone.

    Done as DTFx rewinds: the row becomes a generic event, and a wake-up runs the orchestrator, whose
    replay then finds that it has not scheduled this yet. The wake-up is sent first: without the mark it
    does nothing, and the mark without it would leave nothing that shows what is missing.
    """

    live: ClassVar[bool] = False  # a worker that has the history in memory would not see the mark

    instance_id: str
    execution_id: str
    mark: Mark
    event_type: EventType
    event_id: int
    wake_up: Message

    def __str__(self) -> str:
        """Return what is done."""
        return (
            f"mark {self.event_type.name} {self.event_id} as rewound and wake the orchestrator, "
            "which schedules it again"
        )


@dataclass(frozen=True, slots=True)
class ReleaseLock:
    """Send an entity the release that its dead lock holder owes it."""

    live: ClassVar[bool] = True  # a client's message

    entity_id: str
    holder: str
    message: Message

    def __str__(self) -> str:
        """Return what is done."""
        return f"release the lock of {self.holder}"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Take note of what cannot be read, among the things that ``durahub hub set-aside`` lists."""

    live: ClassVar[bool] = True

    location: str
    problem: str
    head: str

    def __str__(self) -> str:
        """Return what is done."""
        return "set it aside: keep its place and its beginning for 'durahub hub set-aside'"


Repair: TypeAlias = (
    DeleteBlob
    | ClearOwner
    | ClearBlobOwner
    | RewriteRow
    | StartAgain
    | SendAgain
    | AnswerParent
    | ScheduleAgain
    | ReleaseLock
    | SetAside
)
