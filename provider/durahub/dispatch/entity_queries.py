"""What is asked about entities, and what is answered, as values."""

from dataclasses import dataclass

from durahub.engine.entities.work import Entity
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityQuery:
    """Which entities to list; bounds are inclusive. ``transient`` ones have no state."""

    prefix: str = ""  # of the ID; its "@" may be left out
    modified_from: Ticks | None = None
    modified_to: Ticks | None = None
    with_state: bool = False
    transient: bool = False
    page_size: int = 100
    token: str | None = None


@dataclass(frozen=True, slots=True)
class EntityPage:
    """Some entities, and the token of the next page; ``None`` at the end, never empty."""

    entities: tuple[Entity, ...]
    token: str | None


@dataclass(frozen=True, slots=True)
class EntityCleaning:
    """What was cleaned up, and where to go on; ``None`` if all was looked at."""

    removed: int
    released: int
    token: str | None
