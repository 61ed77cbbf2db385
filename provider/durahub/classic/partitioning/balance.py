"""How many partitions a worker should have, and which one it takes: the blob managers' balance.

The share is the number of partitions by that of workers, rounded up. Who has less takes free ones, as
many as it lacks; while any is free nothing is stolen. Else it steals one, from the worker that has most.

Source: DurableTask.AzureStorage, ``Partitioning/LeaseCollectionBalancer.cs``; classic layout 5.3.
"""

from collections.abc import Sequence

from durahub.classic.partitioning.blob_state import Takes, can_be_taken, take
from durahub.classic.partitioning.lease_blob import LeaseBlob


def balance(folder: str, blobs: Sequence[LeaseBlob], me: str) -> Takes | None:
    """Return what worker *me* takes of *blobs*, which are all of *folder*; ``None`` for nothing."""
    if not blobs:
        return None
    counts = _counts(blobs, me)
    share = -(-len(blobs) // len(counts))
    mine = me.casefold()
    lacking = share - counts[mine]
    if lacking <= 0:
        return None
    if free := [blob for blob in blobs if blob.is_free]:
        return Takes(tuple(take(folder, blob) for blob in free if can_be_taken(blob)), lacking)
    richest = max(counts, key=lambda worker: counts[worker])  # the first of several
    if counts[richest] <= share - (1 if lacking > 1 else 0):
        return None
    theirs = [blob for blob in blobs if blob.is_of(richest) and can_be_taken(blob)]
    return Takes(tuple(take(folder, blob) for blob in theirs), 1)


def _counts(blobs: Sequence[LeaseBlob], me: str) -> dict[str, int]:
    """Return how many partitions each worker has, by its folded name, ourselves at the end if none."""
    counts: dict[str, int] = {}
    for blob in blobs:
        if not blob.is_free:
            assert blob.owner is not None  # noqa: S101 (for the types)
            owner = blob.owner.casefold()
            counts[owner] = counts.get(owner, 0) + 1
    counts.setdefault(me.casefold(), 0)
    return counts
