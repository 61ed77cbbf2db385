"""Who holds which partition, by whichever manager: read off lease rows and lease blobs.

A row of the table manager has times. A lease blob has none: storage tells whether its lease runs, and a name
that stands in it without a lease is that of a worker which was killed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from durahub.classic.freezing.naming import is_freezer
from durahub.classic.options import Manager
from durahub.classic.partitioning.evidence import Evidence, all_sightings, left_behind, manager_of
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.table import LeaseRow, is_alive
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.explaining.seen import Owner
from durahub_migrate.monitor.partitions import Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Who holds what. *manager* is ``None`` where no worker has ever been; *owners* are by control queue.

    *workers* are those that hold something, or ask for it, by their partitions' queues; freezers are none.
    *problems* are sentences.
    """

    manager: str | None
    owners: dict[str, Owner]
    workers: dict[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()


def held(evidence: Evidence, queues: Sequence[str], now: Ticks) -> Held:
    """Return who holds each of *queues*."""
    manager = manager_of(evidence, "", now) if left_behind(evidence) else None
    rows = {row.partition: row for row in evidence.rows}
    folder = "ownership" if manager is Manager.SAFE else "default"
    blobs = {blob.partition: blob for blob in evidence.blobs.get(folder, ())}
    asking = {blob.partition: blob for blob in evidence.blobs.get("intent", ()) if blob.leased}
    owners = {}
    for queue in queues:
        row, blob = rows.get(queue), blobs.get(queue)
        if manager is Manager.TABLE and row is not None:
            owners[queue] = _of_row(row, now)
        elif blob is not None:
            owners[queue] = _of_blob(blob, asking.get(queue))
        elif manager is not None:
            owners[queue] = Owner(holding=Holding.FREE)
    return Held(
        manager=manager.value if manager is not None else None,
        owners=owners,
        workers=_workers(evidence, owners, now),
        problems=tuple(_problems(evidence, queues, manager, now)),
    )


def _of_row(row: LeaseRow, now: Ticks) -> Owner:
    if row.current_owner is None:
        holding = Holding.FREE
    elif not is_alive(row, now):
        holding = Holding.EXPIRED
    elif is_freezer(row.current_owner):
        holding = Holding.FROZEN
    else:
        holding = Holding.DRAINING if row.draining else Holding.HELD
    return Owner(
        holding=holding,
        owner=row.current_owner,
        next_owner=row.next_owner,
        since=row.owned_since,
        renewed=row.last_renewal,
        expires=row.expires_at,
    )


def _of_blob(blob: LeaseBlob, intent: LeaseBlob | None) -> Owner:
    asks = intent.owner if intent is not None else None
    if not blob.leased:
        holding = Holding.EXPIRED if blob.owner is not None else Holding.FREE
    elif is_freezer(blob.owner):
        holding = Holding.FROZEN
    elif asks is not None and not blob.is_of(asks):
        holding = Holding.DRAINING  # whoever has the intent alone waits for it
    else:
        holding = Holding.HELD
    follows = asks if holding is Holding.DRAINING else None
    return Owner(holding=holding, owner=blob.owner, next_owner=follows)


def _workers(
    evidence: Evidence, owners: dict[str, Owner], now: Ticks
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for sighting in all_sightings(evidence, "", now):
        if not is_freezer(sighting.worker):
            found.setdefault(sighting.worker, [])
    for queue, owner in owners.items():
        if owner.owner is not None and owner.holding in (Holding.HELD, Holding.DRAINING):
            found.setdefault(owner.owner, []).append(queue)
    # a row that was renewed a moment ago and is free now: its worker has just left
    asked = {owner.next_owner for owner in owners.values()}
    return {
        worker: tuple(queues)
        for worker, queues in sorted(found.items())
        if queues or worker in asked
    }


def _problems(
    evidence: Evidence, queues: Sequence[str], manager: Manager | None, now: Ticks
) -> Iterable[str]:
    kinds: dict[str, str] = {}
    for sighting in all_sightings(evidence, "", now):
        if not is_freezer(sighting.worker):
            kinds.setdefault(sighting.manager.value, sighting.worker)
    if len(kinds) > 1:
        who = "; ".join(f"{worker} by the {kind} manager" for kind, worker in sorted(kinds.items()))
        yield (
            f"Two partition managers are at work, which do not see each other's leases: {who}. Instances "
            "may run twice; stop the workers of one kind."
        )
    if manager is None:
        yield "No worker has ever held a partition of this hub."
        return
    told = {row.partition for row in evidence.rows}
    if manager is not Manager.TABLE:
        folder = "ownership" if manager is Manager.SAFE else "default"
        told = {blob.partition for blob in evidence.blobs.get(folder, ())}
    without = [queue for queue in queues if queue not in told]
    if without:
        yield (
            f"No lease of the {manager.value} manager is there for {', '.join(without)}: nobody can take "
            "these partitions. Do all workers have the same number of partitions?"
        )
    beyond = sorted(told - set(queues))
    if beyond:
        yield f"Leases without a queue: {', '.join(beyond)}."
