"""Changes of owner, seen over successive looks: too many in an hour are flapping.

A look every few seconds misses what happens in between, but an owner that has held a partition since a later
moment than before shows that it changed hands. A partition that is free for a moment while it changes hands
counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining.seen import Owner

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One partition: who had it last, since when by its row, and when it changed hands.

    *draining* is since when it is being given up, by the looks.
    """

    owner: str | None = None
    since: Ticks | None = None
    changes: tuple[Ticks, ...] = ()
    draining: Ticks | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """All partitions of a hub, by queue."""

    by_queue: Mapping[str, Hand] = field(default_factory=dict)

    def of(self, queue: str) -> Hand:
        """Return a partition."""
        return self.by_queue.get(queue, Hand())


def looked(hands: Hands, owners: Mapping[str, Owner], now: Ticks) -> Hands:
    """Return what is known after one more look."""
    return Hands({queue: _next(hands.of(queue), owner, now) for queue, owner in owners.items()})


def _next(hand: Hand, owner: Owner, now: Ticks) -> Hand:
    changes = tuple(at for at in hand.changes if seconds_between(at, now) < HOUR)
    draining = None
    if owner.holding.value == "draining":
        draining = hand.draining or now
    hand = replace(hand, changes=changes, draining=draining)
    if owner.owner is None:
        return hand  # between two owners, perhaps
    known = hand.owner is not None
    other = owner.owner != hand.owner
    anew = owner.since is not None and hand.since is not None and owner.since > hand.since
    if known and (other or anew):
        hand = replace(hand, changes=(*changes, now))
    return replace(hand, owner=owner.owner, since=owner.since or hand.since)
