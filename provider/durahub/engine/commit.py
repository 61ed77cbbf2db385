"""What one episode changes in storage, as a value whose fields stand in the order of writing."""

from dataclasses import dataclass, replace

from durahub.model.history import Event, Execution, ExecutionStarted, Status, Tags
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in this server's hands.

    ``key`` names the stored message and stays the same when it is delivered again; ``deliveries``
    counts from 1. ``partition`` is the control queue it came from, ``""`` for an activity.
    """

    key: str
    partition: str
    message: Message
    deliveries: int = 1


@dataclass(frozen=True, slots=True)
class HistoryVersion:
    """Which history was read: its execution, its length in events, and the store's token for it."""

    execution_id: str | None
    length: int
    token: str | None


NO_HISTORY = HistoryVersion(None, 0, None)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an execution stands by its history, for a row that a crash may have left behind it."""

    started: ExecutionStarted
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceUpdate:
    """What an episode changes in the instance row.

    ``started`` is there when the episode holds the start of the execution (its fields go to the
    row), ``status`` and ``completed`` when they change. ``output`` is written only if ``sets_output``.
    ``standing`` is what the episode has not changed.
    """

    execution_id: str
    last_updated: Ticks
    custom_status: str | None
    tags: Tags | None = None
    started: ExecutionStarted | None = None
    status: Status | None = None
    completed: Ticks | None = None
    sets_output: bool = False
    output: str | None = None
    standing: Standing | None = None

    @property
    def caught_up(self) -> "InstanceUpdate":
        """What has to be in the row whatever is there now."""
        if self.standing is None or self.started is not None:
            return self
        return replace(
            self,
            started=self.standing.started,
            status=self.standing.status if self.status is None else self.status,
            sets_output=self.sets_output and self.output is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One episode, field by field in the order of writing.

    A crash after any step is safe: the messages that caused the episode are still queued, so it
    runs again; a receiver drops what it has already had, and an answer that overtakes the checkpoint
    waits for it.
    """

    instance_id: str
    outbound: tuple[Message, ...]
    activities: tuple[Message, ...]
    execution_id: str
    base: HistoryVersion  # what was read; the checkpoint fails if it is no longer so
    events: tuple[Event, ...]  # the checkpoint: appended to the history …
    replaces: bool  # … or, with a new generation, put in its place from row 0
    instance: InstanceUpdate
    consumed: tuple[Delivery, ...]  # deleted last
    causes: int = 0  # how many of the events, from the front, are what was consumed; 0: not known
    outlived: tuple[str, ...] = ()  # whose children this one follows; in the checkpoint

    @property
    def execution(self) -> Execution:
        """The execution that is written."""
        return Execution(self.instance_id, self.execution_id)
