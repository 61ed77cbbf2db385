"""How workers share a hub's partitions: the table manager's rules, as a function of what is read.

One row a partition. A *pass* reads all rows and replaces, each by its ETag, those that `plan` changes:

- free or run out: it is claimed; mine: it is renewed, 30 s from now by the clock of the one who renews;
- who has too few asks for another's partition by writing itself into ``next_owner``;
- an owner who is asked *drains*: it takes no more messages, finishes what runs, renews all the while,
  and then clears ``current_owner``, which lets the asker claim it.

Source: DurableTask.AzureStorage, ``Partitioning/TablePartitionManager.cs``; classic layout 5.5.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from durahub.classic.columns import Columns, DateTime, Value
from durahub.errors import BadRow
from durahub.model.ticks import Ticks, later

LEASE = 30.0  # seconds
PASS_EVERY = 10.0  # seconds
HASTE = 1.0  # seconds between passes while a partition changes hands
MOST_HURRIES = 9  # failed passes in a row that are repeated at once


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """A row of the Partitions table; ``partition`` is the control queue's name."""

    partition: str
    current_owner: str | None = None
    next_owner: str | None = None
    owned_since: Ticks | None = None
    last_renewal: Ticks | None = None
    expires_at: Ticks | None = None
    draining: bool = False
    etag: str = ""


class Hold(Enum):
    """What this worker is doing with a partition; one that it does nothing with is in no mapping."""

    LISTENING = "listening"
    DRAINING = "draining"


class Then(Enum):
    """What the worker does once a change is written."""

    LISTEN = "listen"  # or go on listening, with a lease renewed
    DRAIN = "drain"  # or go on draining, with a lease renewed
    FORGET = "forget"
    WAIT = "wait"  # for the present owner


@dataclass(frozen=True, slots=True)
class Change:
    """A row to be replaced if it still has its ETag, and what follows from that."""

    row: LeaseRow
    then: Then


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass writes, what it drops at once, and in how many seconds the next pass is due.

    ``lost`` are partitions that this worker listens to although another one's name is in their row.
    ``done``: with these changes, nothing of the hub is this worker's any more.
    """

    changes: tuple[Change, ...]
    lost: tuple[str, ...]
    delay: float
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The manager's times, in seconds."""

    lease: float = LEASE
    pass_every: float = PASS_EVERY
    haste: float = HASTE


def plan(
    rows: Sequence[LeaseRow],
    me: str,
    now: Ticks,
    holds: Mapping[str, Hold],
    times: Times,
    *,
    stopping: bool = False,
) -> Plan:
    """Return what worker *me* does about *rows* at *now*, while it *holds* some partitions.

    While *stopping* it takes nothing more, drains what it has and gives it up.
    """
    lost = tuple(
        row.partition
        for row in rows
        if row.partition in holds and row.current_owner not in (None, me)
    )
    if stopping:
        changes, hasty = _leave(rows, me, now, holds, times)
        return Plan(tuple(changes), lost, times.haste if hasty else 0.0, done=not hasty)
    changes, counts, hasty = _take_part(rows, me, now, holds, times)
    steals = _balance([row for row in rows if not _is_free(row, me, now)], len(rows), me, counts)
    changes += [Change(replace(row, next_owner=me), Then.WAIT) for row in steals]
    return Plan(tuple(changes), lost, times.haste if hasty or steals else times.pass_every)


def _take_part(
    rows: Sequence[LeaseRow], me: str, now: Ticks, holds: Mapping[str, Hold], times: Times
) -> tuple[list[Change], Counter[str], bool]:
    """Return the changes of rows, how many partitions each worker counts, and whether there is haste."""
    changes: list[Change] = []
    counts: Counter[str] = Counter()
    hasty = False
    for row in rows:
        owner, asker = row.current_owner, row.next_owner
        if _is_free(row, me, now):
            changes.append(Change(_claimed(row, me, now, times), Then.LISTEN))
            counts[me] += 1
        elif owner == me:
            change = _keep(row, now, holds.get(row.partition), times)
            changes.append(change)
            hasty = hasty or asker is not None
            counts[asker or me] += 1
        elif asker is not None:
            counts[asker] += 1
            hasty = hasty or asker == me
        elif row.draining:  # its owner is stopping
            changes.append(Change(replace(row, next_owner=me), Then.WAIT))
            counts[me] += 1
            hasty = True
        else:
            assert owner is not None  # noqa: S101 (for the types)
            counts[owner] += 1
    return changes, counts, hasty


def is_alive(row: LeaseRow, now: Ticks) -> bool:
    """Tell whether somebody holds the partition."""
    return row.current_owner is not None and row.expires_at is not None and row.expires_at > now


def _is_free(row: LeaseRow, me: str, now: Ticks) -> bool:
    if row.expires_at is not None and now >= row.expires_at:
        return True  # whoever had it or asked for it, ourselves included
    return row.current_owner is None and row.next_owner in (None, me)


def _keep(row: LeaseRow, now: Ticks, hold: Hold | None, times: Times) -> Change:
    """Return what becomes of a partition of ours."""
    if row.next_owner is None:
        return Change(_renewed(replace(row, draining=False), now, times), Then.LISTEN)
    return _hand_over(row, now, hold, times)


def _hand_over(row: LeaseRow, now: Ticks, hold: Hold | None, times: Times) -> Change:
    if hold is None:  # drained, or never begun
        return Change(replace(row, current_owner=None, draining=False), Then.FORGET)
    return Change(_renewed(replace(row, draining=True), now, times), Then.DRAIN)


def _leave(
    rows: Sequence[LeaseRow], me: str, now: Ticks, holds: Mapping[str, Hold], times: Times
) -> tuple[list[Change], bool]:
    changes = []
    hasty = False
    for row in rows:
        if row.current_owner == me:
            changes.append(_hand_over(row, now, holds.get(row.partition), times))
            hasty = hasty or row.partition in holds
        elif row.next_owner == me:  # asked for, but no longer wanted: whoever likes may have it
            changes.append(Change(replace(row, next_owner=None), Then.FORGET))
    return changes, hasty


def _balance(
    taken: Sequence[LeaseRow], partitions: int, me: str, counts: Counter[str]
) -> list[LeaseRow]:
    """Return the rows to ask for: from each worker above the average, up to what we lack."""
    others = sorted(worker for worker in counts if worker != me)
    average = partitions // (len(others) + 1)
    if counts[me] > average:
        return []
    mine = counts[me]
    asked: list[LeaseRow] = []
    for other in others:
        lacking, excess = average - mine, counts[other] - average
        if lacking < 0:
            break
        if excess <= 0:
            continue
        if lacking == 0 and excess > 1:
            lacking = 1
        from_other = [
            row
            for row in taken
            if row.current_owner == other and row.next_owner is None and not row.draining
        ]
        chosen = from_other[: min(lacking, excess)]
        asked += chosen
        mine += len(chosen)
    return asked


def _claimed(row: LeaseRow, me: str, now: Ticks, times: Times) -> LeaseRow:
    claimed = replace(row, current_owner=me, next_owner=None, owned_since=now, draining=False)
    return _renewed(claimed, now, times)


def _renewed(row: LeaseRow, now: Ticks, times: Times) -> LeaseRow:
    return replace(row, last_renewal=now, expires_at=later(now, times.lease))


def encode(row: LeaseRow) -> dict[str, Value]:
    """Return the columns of *row*; what is ``None`` is left out, which in a Replace removes it."""
    columns: dict[str, Value] = {"PartitionKey": "", "RowKey": row.partition}
    workers = {"CurrentOwner": row.current_owner, "NextOwner": row.next_owner}
    columns |= {name: worker for name, worker in workers.items() if worker is not None}
    times = {
        "OwnedSince": row.owned_since,
        "LastRenewal": row.last_renewal,
        "ExpiresAt": row.expires_at,
    }
    columns |= {name: DateTime(time) for name, time in times.items() if time is not None}
    columns["IsDraining"] = row.draining
    return columns


def decode(columns: Columns, etag: str = "") -> LeaseRow:
    """Return the row that *columns* hold. Raises `BadRow`."""
    return LeaseRow(
        partition=_text(columns, "RowKey") or "",
        current_owner=_text(columns, "CurrentOwner"),
        next_owner=_text(columns, "NextOwner"),
        owned_since=_time(columns, "OwnedSince"),
        last_renewal=_time(columns, "LastRenewal"),
        expires_at=_time(columns, "ExpiresAt"),
        draining=columns.get("IsDraining") is True,
        etag=etag,
    )


def _text(columns: Columns, name: str) -> str | None:
    value = columns.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRow(f"Partitions {columns.get('RowKey')}", f"column {name} is not a text")
    return value or None


def _time(columns: Columns, name: str) -> Ticks | None:
    value = columns.get(name)
    if value is None:
        return None
    if not isinstance(value, DateTime):
        raise BadRow(f"Partitions {columns.get('RowKey')}", f"column {name} is not a time")
    return value.ticks
