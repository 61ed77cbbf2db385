"""What cleaning does with an entity: remove it when nothing is left of it, or free it of a dead lock.

Source: orchestration semantics 5.8; DurableTask.AzureStorage, ``EntityTrackingStoreQueries.cs``.
"""

from enum import Enum, auto

from durahub.engine.entities.scheduler_state import status_of
from durahub.engine.entities.sorter import REORDER_WINDOW
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, later


class Cleaning(Enum):
    """What is to be done with an entity."""

    REMOVE = auto()
    CHECK_LOCK = auto()  # its holder may have ended: `is_orphaned`
    KEEP = auto()


def cleaning_of(row: Instance, now: Ticks, *, window: float = REORDER_WINDOW) -> Cleaning:
    """Return what is to be done with the entity of *row*.

    An empty one is kept until the sorter's *window* (seconds) is over: it still knows what has come.
    """
    status = status_of(row.custom_status)
    if status.locked_by is not None:
        return Cleaning.CHECK_LOCK
    if status.exists or status.backlog or later(row.last_updated, window) >= now:
        return Cleaning.KEEP
    return Cleaning.REMOVE


def is_orphaned(holder: Instance | None) -> bool:
    """Tell whether a lock's holder, as its row shows it, will never release it.

    A Pending one may be between two generations; DTFx takes it for dead.
    """
    alive = (Status.Running, Status.Suspended, Status.Pending)
    return holder is None or holder.status not in alive
