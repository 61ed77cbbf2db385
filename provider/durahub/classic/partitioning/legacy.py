"""The legacy manager: one lease a partition, which can be taken from a living owner at once.

How to drive it is in `blob_state`. Every 10 s a worker renews what it has, looks at all leases, and takes
what it lacks (`balance`). Who finds that a lease is another's stops at once: for up to 10 s both have
worked on the partition, and only the histories' ETags kept them apart.

Source: DurableTask.AzureStorage, ``Partitioning/LegacyPartitionManager.cs``; classic layout 5.3.
"""

from collections.abc import Set as AbstractSet

from durahub.classic.partitioning.balance import balance
from durahub.classic.partitioning.blob_state import (
    NEVER,
    BlobPlan,
    BlobState,
    BlobTimes,
    Read,
    adoptions,
    blobs_for,
    is_due,
    lost_by,
    until_renewals,
)

FOLDER = "default"
FOLDERS = (FOLDER,)
WORKED_BY = FOLDER  # the lease inside whose term a partition is worked on


def due(state: BlobState, now: float, times: BlobTimes) -> tuple[str, ...]:
    """Return the folders to read now."""
    looked = state.looked.get(FOLDER, NEVER)
    return FOLDERS if now >= looked + times.look_every else ()


def plan(
    state: BlobState,
    read: Read,
    me: str,
    now: float,
    times: BlobTimes,
    busy: AbstractSet[str],
    *,
    stopping: bool = False,
) -> BlobPlan:
    """Return what worker *me* does. *read* has the folder if it was read: without it nothing is taken.

    While *stopping* it takes nothing and gives up what is not *busy*.
    """
    lost = lost_by(state, read)
    kept = {name: lease for name, lease in state.leases.items() if name not in lost}
    if stopping:
        idle = tuple(name for name in kept if name.removeprefix(f"{FOLDER}/") not in busy)
        renew = tuple(n for n, lease in kept.items() if n not in idle and is_due(lease, now, times))
        return BlobPlan(lost=lost, renew=renew, release=idle, done=len(idle) == len(kept))
    adopt = adoptions(state, FOLDERS, read, me)
    taken = balance(FOLDER, blobs_for(state, FOLDER, read, adopt), me)
    return BlobPlan(
        lost=lost,
        renew=tuple(name for name, lease in kept.items() if is_due(lease, now, times)),
        adopt=adopt,
        takes=(taken,) if taken is not None else (),
    )


def listening(state: BlobState) -> frozenset[str]:
    """Return the partitions to work on."""
    return state.partitions_in(FOLDER)


def delay(state: BlobState, now: float, times: BlobTimes, *, stopping: bool = False) -> float:
    """Return the seconds until the next plan; one is due, too, when something has drained."""
    renewals = until_renewals(state, now, times)
    looked = state.looked.get(FOLDER, NEVER)
    return renewals if stopping else min(max(0.0, looked + times.look_every - now), renewals)
