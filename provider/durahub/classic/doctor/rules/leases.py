"""Rules about who holds partitions and the app lease; classic layout 5."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import ClearBlobOwner, ClearOwner
from durahub.classic.doctor.snapshot import HubFacts
from durahub.classic.freezing.naming import is_freezer
from durahub.classic.partitioning.evidence import sightings
from durahub.classic.partitioning.table import is_alive
from durahub.model.ticks import to_text

STALE = Rule(
    name="stale-lease",
    severity=Severity.WARNING,
    means="A partition's row or lease blob names an owner whose lease has run out: it was killed, and nobody "
    "has taken the partition since.",
    remedy="The owner is cleared, as a clean stop does. Any worker that starts takes the partition anyway.",
)
TWO_MANAGERS = Rule(
    name="two-partition-managers",
    severity=Severity.ERROR,
    means="Workers hold partitions by different managers, which do not see each other: each believes that "
    "it owns everything.",
    remedy="None: stop one kind of them.",
)
PARTITIONS = Rule(
    name="partitions-disagree",
    severity=Severity.ERROR,
    means="Queues, Partitions rows and taskhub.json tell different numbers of partitions, or a queue is "
    "missing: messages go where nobody looks.",
    remedy="None: set the same number everywhere; a worker that starts makes what is missing.",
)
APP_LEASE = Rule(
    name="app-lease-held",
    severity=Severity.WARNING,
    means="The app lease has no end, or another app has asked for it and has not got it: workers of the "
    "other app do not start.",
    remedy="None: stop the app that holds it, or break the lease of the container.",
)
RULES = (STALE, TWO_MANAGERS, PARTITIONS, APP_LEASE)


def findings(hub: HubFacts) -> Iterator[Finding]:
    """Check the leases of a hub."""
    yield from _stale(hub)
    alive = [one for one in sightings(hub.leases, "", hub.now) if not is_freezer(one.worker)]
    if len(alive) > 1:
        said = "; ".join(f"{one.worker} by the {one.manager.value} manager" for one in alive)
        yield TWO_MANAGERS.found(f"hub {hub.names.hub}", said)
    yield from _partitions(hub)
    lease, place = hub.app_lease, f"container {hub.names.app_lease_container}"
    if any(map(is_freezer, hub.workers)):
        return  # it holds the app lease for as long as it is asked to
    if hub.app_lease_is_endless:
        yield APP_LEASE.found(place, f"held by {lease.owner_id or 'an unknown app'} without end")
    elif lease.desired_swap_id is not None and lease.desired_swap_id != lease.owner_id:
        detail = f"held by {lease.owner_id}, asked for by {lease.desired_swap_id}"
        yield APP_LEASE.found(place, detail)


def _stale(hub: HubFacts) -> Iterator[Finding]:
    table, container = hub.names.partitions_table, hub.names.leases_container
    for row in hub.leases.rows:
        if row.current_owner is not None and not is_alive(row, hub.now):
            ended = to_text(row.expires_at) if row.expires_at is not None else "at no time"
            yield STALE.found(
                f"table {table} /{row.partition}",
                f"{row.current_owner}, ended {ended}",
                repair=ClearOwner(row.partition, row.etag),
            )
    for folder, blobs in hub.leases.blobs.items():
        for blob in blobs:
            if blob.owner is not None and not blob.leased:
                repair = ClearBlobOwner(folder, blob)
                yield STALE.found(f"blob {container}/{repair.name}", blob.owner, repair=repair)


def _partitions(hub: HubFacts) -> Iterator[Finding]:
    where = f"hub {hub.names.hub}"
    wanted = hub.names.control_queues(hub.partitions)
    missing = [queue for queue in wanted if queue not in hub.queues]
    if missing:
        yield PARTITIONS.found(where, f"there is no queue {', '.join(missing)}")
    rows = {row.partition for row in hub.leases.rows}
    without = [queue for queue in wanted if queue not in rows]
    beyond = sorted(rows - set(wanted))
    if rows and without:
        yield PARTITIONS.found(where, f"no Partitions row for {', '.join(without)}")
    if beyond:
        yield PARTITIONS.found(where, f"Partitions rows without queue: {', '.join(beyond)}")
    told = hub.task_hub_partitions
    if told is not None and told != hub.partitions:
        yield PARTITIONS.found(where, f"{hub.partitions} queues, {told} by taskhub.json")
