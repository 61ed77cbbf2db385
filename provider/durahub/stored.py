"""The reading seam: what storage holds of a hub's instances, as it is, for whoever compares or copies.

`durahub.store` serves clients and workers and gives them durahub's own reading of a row. A `HubReader`
keeps what other programs would see of it, takes nothing, and writes nothing: not even a note of what
it could not read.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from durahub.errors import DurahubError
from durahub.model.history import Event, Tags
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event. *lacks* names members that its writer did not know yet, and so neither does its reader."""

    event: Event
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """An instance as its row tells it, its large payloads in place, and its current history.

    ``status`` is the row's own word. ``custom_status`` is the text ``null`` behind a checkpoint that
    set none. ``completed`` may be left over from an end that a rewind has undone.
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


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something of which no instance could be made: where it is, and why."""

    place: str  # e.g. "table myhubHistory, instance 'order/7'"
    error: DurahubError


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
