"""How much work a hub has: what waits in storage, what waits here for a worker, what is with workers."""

from dataclasses import dataclass

from durahub.model.ticks import Ticks, seconds_between
from durahub.store import Waiting


@dataclass(frozen=True, slots=True)
class WorkNumbers:
    """The work of one kind; ``oldest_age`` is in seconds, 0 where nothing waits."""

    pending: int = 0
    active: int = 0
    oldest_age: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work of a hub, as this server sees it, and how many workers it has."""

    orchestrations: WorkNumbers
    activities: WorkNumbers
    entities: WorkNumbers
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a hub keeps of its instances: those that have messages here, and histories for the next turns."""

    sessions: int
    histories: int
    history_bytes: int  # about; bounded by a setting


def numbers(stored: Waiting, held: Waiting, active: int, now: Ticks) -> WorkNumbers:
    """Return what waits, in storage and in this server's hands, and what is *active*."""
    times = [one.since for one in (stored, held) if one.count and one.since is not None]
    age = max(0.0, seconds_between(min(times), now)) if times else 0.0
    return WorkNumbers(stored.count + held.count, active, age)
