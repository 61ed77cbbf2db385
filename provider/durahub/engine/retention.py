"""How long ended instances are kept, by status; as DTS's retention policy means it.

Counted from when the instance ended. An entry for a status beats the general one. 0 is "as soon as it
has ended", no entry is for ever. Entities and instances that have not ended are never due. Source:
scheduler protocol 4.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.model.history import TERMINAL, Status
from durahub.model.instance import Instance
from durahub.model.ticks import PER_SECOND, Ticks


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which instances to look at: of these statuses, created at this moment or before."""

    statuses: frozenset[Status]
    created_to: Ticks


@dataclass(frozen=True, slots=True)
class Retention:
    """Seconds that an instance is kept after its end; ``None`` is for ever."""

    general: float | None = None
    by_status: Mapping[Status, float | None] = field(default_factory=dict)

    def period(self, status: Status) -> float | None:
        """Return how long an instance with that status is kept; ``None``: for ever, or not ended."""
        if not status.is_terminal:
            return None
        return self.by_status.get(status, self.general)

    @property
    def purges(self) -> bool:
        """Whether anything is ever due."""
        return any(self.period(status) is not None for status in TERMINAL)

    def is_due(self, instance: Instance, now: Ticks) -> bool:
        """Tell whether *instance* is to be purged."""
        period = self.period(instance.status)
        if period is None or instance.instance_id.startswith("@"):
            return False
        return ended_at(instance) + round(period * PER_SECOND) <= now

    def candidates(self, now: Ticks) -> Candidates | None:
        """Return where due instances are to be looked for; ``None`` if there can be none.

        Nothing ends before it is created, so the creation time bounds the search.
        """
        periods = {status: self.period(status) for status in TERMINAL}
        finite = {status: period for status, period in periods.items() if period is not None}
        if not finite:
            return None
        newest = now - round(min(finite.values()) * PER_SECOND)
        return Candidates(frozenset(finite), Ticks(newest)) if newest >= 0 else None


KEEP = Retention()


def ended_at(instance: Instance) -> Ticks:
    """Return when an instance ended; rows of old writers tell only their last change."""
    return instance.completed if instance.completed is not None else instance.last_updated
