"""The reading seam: what storage holds of a hub's instances, as it is, for whoever compares or copies.

`durahub.store` serves clients and workers and gives them durahub's own reading of a row. A `HubReader`
keeps what other programs would see of it, takes nothing, and writes nothing: not even a note of what
it could not read.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from durahub.errors import DurahubError
from durahub.model.history import Event, Tags
from durahub.model.message import Message
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event. *lacks* names members that its writer did not know yet, and so neither does its reader.

    *beside* is what else its row tells, as JSON takes it: ``blobs``, the columns that stand in blobs with the
    blobs' names; ``columns``, those that such an event does not have.
    """

    event: Event
    lacks: frozenset[str] = frozenset()
    beside: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """An instance as its row tells it, its large payloads in place, and its current history.

    ``status`` is the row's own word. ``custom_status`` is the text ``null`` behind a checkpoint that
    set none. ``completed`` may be left over from an end that a rewind has undone. ``beside`` is what else its
    rows tell, as JSON takes it: ``blobs``, ``bytes`` for what they take in storage.
    """

    instance_id: str
    execution_id: str | None
    name: str | None
    version: str | None
    status: str
    created: Ticks | None
    last_updated: Ticks | None
    completed: Ticks | None
    scheduled_start: Ticks | None
    input: str | None
    output: str | None
    custom_status: str | None
    tags: Tags | None
    generation: int | None
    history: tuple[StoredEvent, ...] = ()
    beside: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something of which no instance or message could be made: where it is, why, and what lies there.

    *raw* is that as it was read, where a reader has it: a message's text, rows as JSON.
    """

    place: str  # e.g. "table myhubHistory, instance 'order/7'"
    error: DurahubError
    raw: bytes = b""
    instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message as it was seen on its way. ``deliveries`` counts those before.

    *raw* is what lay in the queue, *blob* the large payload that it names; *due* is when it becomes visible,
    ``None`` if it is or if nobody tells.
    """

    queue: str
    message_id: str
    message: Message
    deliveries: int = 0
    due: Ticks | None = None
    raw: bytes = b""
    blob: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What an instance takes: rows, of history above all, blobs and the bytes of both, about.

    *reading* is how many requests it takes to read its history, *deleting* to delete it.
    """

    rows: int = 0
    blobs: int = 0
    bytes: int = 0
    reading: int = 0
    deleting: int = 0


class HubReader(Protocol):
    """Reads one hub, while workers may be at work on it."""

    async def open(self) -> None:
        """Find the hub. Raises `HubNotFound`, `Unavailable`."""

    async def close(self) -> None:
        """Release what was opened; calling it twice is fine."""

    async def is_of_functions(self) -> bool:
        """Tell whether what is there shows that Durable Functions writes this hub."""

    def instances(self, *, entities: bool = False) -> AsyncIterator[StoredInstance | NotRead]:
        """Yield all instances with their histories, or entities alone and without."""
