"""By which manager a hub is shared: what its rows and lease blobs say, against what is configured.

The managers do not see each other's leases, so two kinds on one hub would both run its instances. Rows
and blobs of a manager that is used no more stay for ever: only what is alive proves anything.

Source: classic layout 5.6.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from durahub.classic.options import Manager
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.table import LeaseRow, is_alive
from durahub.errors import HubMismatch
from durahub.model.ticks import Ticks, seconds_between

YOUNG = 60.0  # seconds: a row that was renewed since then is somebody's
FOLDERS = {
    "ownership": Manager.SAFE,
    "intent": Manager.SAFE,
    "default": Manager.LEGACY,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows of the Partitions table, and the lease blobs by folder."""

    rows: Sequence[LeaseRow] = ()
    blobs: Mapping[str, Sequence[LeaseBlob]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A worker at work: who, by which manager, and what shows it."""

    manager: Manager
    worker: str
    what: str


def sightings(evidence: Evidence, me: str, now: Ticks) -> tuple[Sighting, ...]:
    """Return one sighting a manager by which workers other than *me* hold partitions."""
    found: dict[Manager, Sighting] = {}
    for sighting in (*_in_rows(evidence, me, now), *_in_blobs(evidence, me)):
        found.setdefault(sighting.manager, sighting)
    return tuple(found.values())


def all_sightings(evidence: Evidence, me: str, now: Ticks) -> tuple[Sighting, ...]:
    """Return what shows that workers other than *me* hold partitions, one for each worker."""
    found: dict[str, Sighting] = {}
    for sighting in (*_in_rows(evidence, me, now), *_in_blobs(evidence, me)):
        found.setdefault(sighting.worker, sighting)
    return tuple(found.values())


def _in_rows(evidence: Evidence, me: str, now: Ticks) -> Iterator[Sighting]:
    for row in evidence.rows:
        if row.last_renewal is None:
            continue
        age = seconds_between(row.last_renewal, now)
        if age >= YOUNG:
            continue
        what = f"its row {row.partition} was renewed {max(age, 0.0):.0f} s ago"
        for worker in (row.current_owner, row.next_owner):  # who asks for it is at work, too
            if worker is not None and worker != me:
                yield Sighting(Manager.TABLE, worker, what)


def _in_blobs(evidence: Evidence, me: str) -> Iterator[Sighting]:
    for folder, manager in FOLDERS.items():
        for blob in evidence.blobs.get(folder, ()):
            if blob.leased and not blob.is_of(me):
                worker = blob.owner or "unknown"
                yield Sighting(manager, worker, f"blob {folder}/{blob.partition} is leased")


def is_held(evidence: Evidence, partition: str, now: Ticks) -> bool:
    """Tell whether anybody works on *partition*, by whatever manager."""
    if any(is_alive(row, now) for row in evidence.rows if row.partition == partition):
        return True
    blobs = (blob for folder in ("ownership", "default") for blob in evidence.blobs.get(folder, ()))
    return any(blob.leased for blob in blobs if blob.partition == partition)


def left_behind(evidence: Evidence) -> frozenset[Manager]:
    """Return the managers that have left rows or blobs."""
    managers = {manager for folder, manager in FOLDERS.items() if evidence.blobs.get(folder)}
    return frozenset(managers | ({Manager.TABLE} if evidence.rows else set()))


def manager_of(evidence: Evidence, me: str, now: Ticks) -> Manager:
    """Return the manager by which a hub is shared, or was last: what is alive counts first."""
    alive = sightings(evidence, me, now)
    if alive:
        return alive[0].manager
    left = left_behind(evidence)
    return next(iter(left)) if len(left) == 1 else Manager.TABLE


def choose(
    hub: str,
    evidence: Evidence,
    configured: Manager,
    me: str,
    now: Ticks,
    before: Manager | None = None,
) -> Manager:
    """Return the manager to work with. Raises `HubMismatch` if workers of another one are at work.

    *before* is the one that was chosen earlier: it stays where nobody else is at work.
    """
    alive = sightings(evidence, me, now)
    chosen = configured
    if configured is Manager.AUTO:
        chosen = before if before and not alive else manager_of(evidence, me, now)
    others = [one for one in alive if one.manager is not chosen]
    if not others:
        return chosen
    seen = "; ".join(
        f"worker {one.worker} shares it by the {one.manager.value} partition manager ({one.what})"
        for one in others
    )
    if configured is Manager.AUTO:
        raise HubMismatch(
            hub,
            f"{seen}, while others use the {chosen.value} one: these do not see each other and run "
            "its instances twice; stop the workers of one kind",
        )
    raise HubMismatch(
        hub,
        f"{seen}, and this server was told to use the {chosen.value} one; use --partition-manager "
        f"{others[0].manager.value} (or auto), or stop those workers and wait a minute",
    )
