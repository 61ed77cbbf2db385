"""The table partition manager, as one function of values: who may serve which control queue.

One row a queue, changed only by a replace under its ETag, so that of two who act at once one loses.
A worker claims what is free or has run out, asks for others' surplus by writing itself into
``NextOwner``, and hands over what is asked of it, after the queue's sessions have drained.

Source: DurableTask.AzureStorage, ``Partitioning/TablePartitionManager.cs``; classic layout 5.5.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from durahub.model.ticks import Ticks, later

LEASE = 30.0  # seconds
INTERVAL = 10.0  # seconds between passes
HURRY = 1.0  # seconds between passes while a partition changes hands
TRUST = 25.0  # seconds after the last renewal was asked for in which a partition is acted on


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """A row of the Partitions table; *queue* is its row key."""

    queue: str
    etag: str
    owner: str | None = None
    next_owner: str | None = None
    owned_since: Ticks | None = None
    last_renewal: Ticks | None = None
    expires: Ticks | None = None
    draining: bool = False


class Local(Enum):
    """What this worker does with a queue it knows; one that it does not know is absent."""

    LISTENING = auto()
    DRAINING = auto()
    DRAINED = auto()


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look at the table comes to.

    ``writes`` are the rows to replace under their old ETags, one after another; ``listen`` the queues to
    serve, ``drain`` those to stop receiving from, ``drop`` those that are not ours at all any more.
    """

    writes: tuple[PartitionRow, ...]
    listen: frozenset[str]
    drain: frozenset[str]
    drop: frozenset[str]
    pause: float  # seconds until the next look


def decide(
    rows: Sequence[PartitionRow],
    me: str,
    local: Mapping[str, Local],
    now: Ticks,
    *,
    stopping: bool = False,
) -> Pass:
    """Return what worker *me* does about *rows* at *now*; when *stopping* it lets everything go."""
    decision = _Decision(me, local, now)
    for row in rows:
        if stopping:
            decision.let_go(row)
        else:
            decision.look_at(row)
    if not stopping:
        decision.balance(len(rows))
    listed = {row.queue for row in rows}
    mine = decision.listen | decision.drain
    return Pass(
        writes=tuple(decision.writes),
        listen=frozenset(decision.listen),
        drain=frozenset(decision.drain),
        drop=frozenset(queue for queue in local if queue not in mine)
        | frozenset(queue for queue in local if queue not in listed),
        pause=HURRY if decision.hurry else INTERVAL,
    )


class _Decision:
    def __init__(self, me: str, local: Mapping[str, Local], now: Ticks) -> None:
        self.me = me
        self.local = local
        self.now = now
        self.writes: list[PartitionRow] = []
        self.listen: set[str] = set()
        self.drain: set[str] = set()
        self.hurry = False
        self.mine = 0
        self.others: Counter[str] = Counter()
        self.stealable: dict[str, list[PartitionRow]] = {}

    def look_at(self, row: PartitionRow) -> None:
        """Deal with one row: claim, then others', then mine."""
        if self._is_free(row):
            self.writes.append(self._renewed(row, owner=self.me, next_owner=None, since=self.now))
            self.listen.add(row.queue)
            self.mine += 1
        elif row.owner != self.me:
            self._look_at_foreign(row)
        elif row.next_owner is None:
            self.writes.append(self._renewed(row, owner=self.me, next_owner=None))
            self.listen.add(row.queue)
            self.mine += 1
        else:
            self._hand_over(row)
            self.others[row.next_owner] += 1

    def _is_free(self, row: PartitionRow) -> bool:
        if row.expires is not None and self.now >= row.expires:
            return True
        return row.owner is None and row.next_owner in (None, self.me)

    def _look_at_foreign(self, row: PartitionRow) -> None:
        holder = row.owner or row.next_owner or ""
        if row.next_owner == self.me:
            self.mine += 1
            self.hurry = True
        elif row.next_owner is not None:
            self.others[row.next_owner] += 1
        elif row.draining:  # its owner is shutting down
            self.writes.append(replace(row, next_owner=self.me))
            self.mine += 1
            self.hurry = True
        else:
            self.others[holder] += 1
            self.stealable.setdefault(holder, []).append(row)

    def _hand_over(self, row: PartitionRow) -> None:
        if self._is_drained(row):
            self.writes.append(replace(row, owner=None, draining=False))
            return
        self.writes.append(
            self._renewed(row, owner=self.me, next_owner=row.next_owner, draining=True)
        )
        self.drain.add(row.queue)
        self.hurry = True

    def _is_drained(self, row: PartitionRow) -> bool:
        return self.local.get(row.queue, Local.DRAINED) is Local.DRAINED

    def let_go(self, row: PartitionRow) -> None:
        """Deal with one row while stopping."""
        if row.owner == self.me:
            self._hand_over(row)

    def balance(self, count: int) -> None:
        """Ask others for what they have above the average."""
        average = count // (len(self.others) + 1)
        for other, held in self.others.most_common():
            deficit = average - self.mine
            excess = held - average
            if deficit < 0:
                return
            if excess <= 0:
                continue
            if deficit == 0 and excess > 1:
                deficit = 1
            for row in self.stealable.get(other, [])[: min(deficit, excess)]:
                self.writes.append(replace(row, next_owner=self.me))
                self.mine += 1
                self.hurry = True

    def _renewed(
        self,
        row: PartitionRow,
        *,
        owner: str | None,
        next_owner: str | None,
        since: Ticks | None = None,
        draining: bool = False,
    ) -> PartitionRow:
        return replace(
            row,
            owner=owner,
            next_owner=next_owner,
            owned_since=since if since is not None else row.owned_since,
            last_renewal=self.now,
            expires=later(self.now, LEASE),
            draining=draining,
        )
