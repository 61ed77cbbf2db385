"""What a worker knows of its blob leases, and what it may do about them; for both blob managers.

How to drive one (`legacy` and `safe` have the same functions), all times in seconds of one's own
monotonic clock::

    folders = manager.due(state, now, times)             # which folders to read before planning
    found = manager.plan(state, read, me, now, times, busy)
    ...                                                  # do what it says, in the order of its fields,
    ...                                                  # and note each result: state = state.with_…
    manager.listening(state)                             # the partitions to work on, while trusted
    manager.delay(state, now, times)                     # until the next plan; sooner when one drained

``busy`` are the partitions with work in hand: those listened to and those that drain. Names are those of
blobs, with their folder: ``intent/myhub-control-00``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from durahub.classic.partitioning.lease_blob import LeaseBlob

NEVER = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobTimes:
    """The blob managers' times, in seconds. Of a lease 15 to 60 can be had."""

    lease: float = 30.0
    renew_every: float = 10.0
    look_every: float = 10.0  # for leases to take: one can be stolen each time
    own_every: float = 5.0  # for ownership leases that are free


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease of ours: its ID, the blob's epoch, since when we have it, and when its term was asked for."""

    token: str
    epoch: int
    since: float
    renewed_at: float


@dataclass(frozen=True, slots=True)
class BlobState:
    """Our leases by blob name, and when each folder was looked at. Changed by its methods, to a new one."""

    leases: Mapping[str, Lease] = field(default_factory=dict)
    looked: Mapping[str, float] = field(default_factory=dict)

    def with_look(self, folder: str, at: float) -> "BlobState":
        """Return the state after *folder* was read, the request sent at *at*."""
        return replace(self, looked={**self.looked, folder: at})

    def with_lease(self, name: str, token: str, epoch: int, asked_at: float) -> "BlobState":
        """Return the state after a lease was taken and the blob says so."""
        lease = Lease(token, epoch, asked_at, asked_at)
        return replace(self, leases={**self.leases, name: lease})

    def with_renewal(self, name: str, asked_at: float) -> "BlobState":
        """Return the state after a lease was renewed."""
        lease = replace(self.leases[name], renewed_at=asked_at)
        return replace(self, leases={**self.leases, name: lease})

    def without(self, name: str) -> "BlobState":
        """Return the state after a lease was released, or was found to be another's."""
        return replace(self, leases={k: v for k, v in self.leases.items() if k != name})

    def partitions_in(self, folder: str) -> frozenset[str]:
        """Return the partitions whose lease in *folder* we have."""
        start = f"{folder}/"
        return frozenset(n.removeprefix(start) for n in self.leases if n.startswith(start))


@dataclass(frozen=True, slots=True)
class Take:
    """A lease to be had: acquired if ``token`` is ``None``, else changed from that ID to a new one.

    Then the content is written under the lease: ourselves, the lease's ID, this ``epoch``.
    """

    name: str
    token: str | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Takes:
    """Leases to try one after the other, until *want* of them were had."""

    candidates: tuple[Take, ...]
    want: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """A lease that is ours by the blob's content, from an earlier life: kept if it can be renewed."""

    name: str
    token: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPlan:
    """What to do, in this order.

    ``lost``: leases that others have; they are forgotten, nothing is written. ``release``: the blob is
    written without owner and token under its lease, then the lease is released. A lease that storage
    refuses to renew (409, 412) is lost; one for which there is no answer is tried again.
    ``done``: with this, nothing of the hub is this worker's any more.
    """

    lost: tuple[str, ...] = ()
    renew: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    adopt: tuple[Adoption, ...] = ()
    takes: tuple[Takes, ...] = ()
    done: bool = False


Read = Mapping[str, Sequence[LeaseBlob]]
"""The lease blobs of each folder that was read, in the order of their names."""


def lost_by(state: BlobState, read: Read) -> tuple[str, ...]:
    """Return our leases that others have taken, by what their blobs say.

    A thief changes the lease before the content: what is ours by its content may be lost, too. That, and
    what a blob without a token means, is found out by renewing.
    """
    return tuple(
        name
        for folder, blobs in read.items()
        for blob in blobs
        if (name := f"{folder}/{blob.partition}") in state.leases
        and blob.token not in (None, state.leases[name].token)
    )


def is_due(lease: Lease, now: float, times: BlobTimes) -> bool:
    """Tell whether a lease is to be renewed."""
    return now >= lease.renewed_at + times.renew_every


def adoptions(
    state: BlobState, folders: Sequence[str], read: Read, me: str
) -> tuple[Adoption, ...]:
    """Return what an earlier process of our name left in *folders*, at the first look at each."""
    return tuple(
        Adoption(f"{folder}/{blob.partition}", blob.token, blob.epoch)
        for folder in folders
        if folder not in state.looked
        for blob in read.get(folder, ())
        if blob.is_of(me) and blob.token is not None
    )


def blobs_for(
    state: BlobState, folder: str, read: Read, adopted: Sequence[Adoption]
) -> list[LeaseBlob]:
    """Return the blobs of *folder*; of what is ours or adopted, the lease is taken to hold."""
    tokens = {name: lease.token for name, lease in state.leases.items()}
    tokens |= {adoption.name: adoption.token for adoption in adopted}

    def is_ours(blob: LeaseBlob) -> bool:
        return blob.token is not None and blob.token == tokens.get(f"{folder}/{blob.partition}")

    return [replace(blob, leased=True) if is_ours(blob) else blob for blob in read.get(folder, ())]


def take(folder: str, blob: LeaseBlob) -> Take:
    """Return how *blob* is taken."""
    token = blob.token if blob.leased else None
    return Take(f"{folder}/{blob.partition}", token, blob.epoch + 1)


def can_be_taken(blob: LeaseBlob) -> bool:
    """Tell whether it is free, or at least its lease's ID is known."""
    return not blob.leased or blob.token is not None


def until_renewals(state: BlobState, now: float, times: BlobTimes) -> float:
    """Return the seconds until the first lease is to be renewed; infinite without one."""
    ends = [lease.renewed_at + times.renew_every for lease in state.leases.values()]
    return max(0.0, min(ends, default=float("inf")) - now)
