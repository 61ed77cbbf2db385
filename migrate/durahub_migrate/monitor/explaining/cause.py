"""One reason why something does not move, with all that belongs to it; and which of several is told first."""

from collections.abc import Iterable
from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.waiting import (
    Evidence,
    Explanation,
    NextStep,
    Pending,
    Reason,
    Weight,
)

MOST_TELLING = (
    Reason.STATUS_DISAGREES,
    Reason.MESSAGE_POISON,
    Reason.ACTIVITY_POISON,
    Reason.NEVER_STARTED,
    Reason.CHILD_MISSING,
    Reason.MESSAGE_LOST,
    Reason.HUB_FROZEN,
    Reason.NO_WORKERS,
    Reason.NO_OWNER,
    Reason.OWNER_NOT_RENEWING,
    Reason.ENTITY_LOCK_HELD_BY,
    Reason.CHECKPOINT_STALE,
    Reason.ACTIVITY_RUNNING_LONG,
    Reason.QUEUED_BEHIND_BACKLOG,
    Reason.ACTIVITY_QUEUED,
    Reason.ACTIVITY_RUNNING,
    Reason.CHILD_RUNNING,
    Reason.RETRY_UNTIL,
    Reason.WORKING,
    Reason.TIMER_UNTIL,
    Reason.EVENT_OR_ENTITY,
    Reason.SCHEDULED,
    Reason.SUSPENDED,
    Reason.ENDED,
    Reason.UNKNOWN,
)
"""The first of those that apply is told: what stands still by a fault comes before what takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A reason with a whole *sentence*. *stuck*: it will not pass by itself.

    *beside*: it does not keep the instance now, but will. *chain* leads on to another instance.
    """

    reason: Reason
    sentence: str
    stuck: bool = False
    beside: bool = False
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[NextStep, ...] = ()
    pending: Pending | None = None
    chain: tuple[Explanation, ...] = ()

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Where it stands among others: what keeps it first, of these what is stuck."""
        return self.beside, not self.stuck, MOST_TELLING.index(self.reason)


def ordered(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return causes, the most telling first."""
    return tuple(sorted(causes, key=lambda one: one.rank))


def fact(sentence: str, place: str | None = None, since: Ticks | None = None) -> Evidence:
    """Return evidence that stands in storage."""
    return Evidence(sentence=sentence, weight=Weight.FACT, place=place, since=since)


def likely(sentence: str, place: str | None = None) -> Evidence:
    """Return evidence that follows from what stands there."""
    return Evidence(sentence=sentence, weight=Weight.LIKELY, place=place)


def not_read(sentence: str, place: str | None = None) -> Evidence:
    """Return evidence that something was not read."""
    return Evidence(sentence=sentence, weight=Weight.NOT_READ, place=place)
