"""How a hub dispatches."""

from dataclasses import dataclass

from durahub.dispatch.gathering import USUAL, Patience
from durahub.engine.limits import CLASSIC, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings:
    """Bounds and times of one hub; all times in seconds."""

    message_buffer: int = 2_000  # instance messages in memory
    message_bytes: int = 64 * 1024 * 1024  # of these, and as many of the activities in hand
    history_cache_bytes: int = 64 * 1024 * 1024
    disconnect_grace: float = 10.0  # a lost worker's items stay its own so long
    entity_operations: int = 5_000  # of one batch, at most; Durable Functions' number
    linger: float = 30.0  # partitions are kept so long after the last worker left
    storage_pause: float = 5.0  # before an episode that storage refused is tried again
    drain: float = 20.0  # turns in flight may end within this when a partition is let go
    filtered_patience: float = (
        30.0  # an activity that no connected worker takes goes back after this
    )
    patience: Patience = USUAL  # of a turn, for more answers of activities
    limits: Limits = CLASSIC
    max_orchestrations: int | None = None  # turns out at once, whatever the workers take
    max_activities: int | None = None  # the same of activities
    max_entities: int | None = None  # the same of batches
