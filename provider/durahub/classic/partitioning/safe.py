"""The safe manager: a lease for who wants a partition, *intent*, and one for who works on it, *ownership*.

How to drive it is in `blob_state`. Intents are shared out and stolen like the legacy manager's leases
(`balance`). Ownership is never stolen: who has the intent takes it when it is free, and looks every 5 s.
Who lost the intent listens no more, keeps the ownership while anything of the partition is in work, and
then gives it up. .NET's lets it run out; to release it is the same to the next owner, only sooner.

Source: DurableTask.AzureStorage, ``Partitioning/SafePartitionManager.cs``; classic layout 5.4.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from durahub.classic.partitioning.balance import balance
from durahub.classic.partitioning.blob_state import (
    NEVER,
    BlobPlan,
    BlobState,
    BlobTimes,
    Read,
    Takes,
    adoptions,
    blobs_for,
    is_due,
    lost_by,
    take,
    until_renewals,
)

INTENT = "intent"
OWNERSHIP = "ownership"
FOLDERS = (INTENT, OWNERSHIP)
WORKED_BY = OWNERSHIP  # the lease inside whose term a partition is worked on


def due(state: BlobState, now: float, times: BlobTimes) -> tuple[str, ...]:
    """Return the folders to read now."""
    return tuple(folder for folder, at in _looks(state, times).items() if now >= at)


def _looks(state: BlobState, times: BlobTimes) -> dict[str, float]:
    """Return when each folder is to be read; ownership at once when an intent is new."""
    intent = state.looked.get(INTENT, NEVER) + times.look_every
    looked = state.looked.get(OWNERSHIP, NEVER)
    owned = state.partitions_in(OWNERSHIP)
    for partition in state.partitions_in(INTENT) - owned:
        if state.leases[f"{INTENT}/{partition}"].since > looked:
            return {INTENT: intent, OWNERSHIP: NEVER}
    return {INTENT: intent, OWNERSHIP: looked + times.own_every}


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
    """Return what worker *me* does. Only leases of folders that *read* has can be taken.

    While *stopping* it takes nothing, gives up all intents, and each ownership when it is not *busy*.
    """
    lost = lost_by(state, read)
    kept = {name: lease for name, lease in state.leases.items() if name not in lost}
    intents, owned = _in(INTENT, kept), _in(OWNERSHIP, kept)
    if stopping:
        release = [f"{INTENT}/{one}" for one in sorted(intents)]
        release += [f"{OWNERSHIP}/{one}" for one in sorted(owned - busy)]
    else:
        release = [f"{OWNERSHIP}/{one}" for one in sorted(owned - intents - busy)]
    renew = [n for n, lease in kept.items() if n not in release and is_due(lease, now, times)]
    changes = BlobPlan(lost=lost, renew=tuple(renew), release=tuple(release))
    if stopping:
        return replace(changes, done=len(release) == len(kept))
    adopt = adoptions(state, FOLDERS, read, me)
    wanted = balance(INTENT, blobs_for(state, INTENT, read, adopt), me)
    free = [
        blob
        for blob in blobs_for(state, OWNERSHIP, read, adopt)
        if blob.partition in intents - owned and not blob.leased
    ]
    takes = [] if wanted is None else [wanted]
    if free:
        takes.append(Takes(tuple(take(OWNERSHIP, blob) for blob in free), len(free)))
    return replace(changes, adopt=adopt, takes=tuple(takes))


def _in(folder: str, leases: Iterable[str]) -> frozenset[str]:
    start = f"{folder}/"
    return frozenset(name.removeprefix(start) for name in leases if name.startswith(start))


def listening(state: BlobState) -> frozenset[str]:
    """Return the partitions to work on."""
    return state.partitions_in(INTENT) & state.partitions_in(OWNERSHIP)


def delay(state: BlobState, now: float, times: BlobTimes, *, stopping: bool = False) -> float:
    """Return the seconds until the next plan; one is due, too, when something has drained."""
    renewals = until_renewals(state, now, times)
    look = max(0.0, min(_looks(state, times).values()) - now)
    return renewals if stopping else min(look, renewals)
