"""The app lease: which app's workers have a hub, of several apps by different names.

It is a lease on the *container* ``myhub-applease``. Its ID follows from the app's name, so all workers of
an app share it. A blob in the container says whose it is, and who wants it instead: that app changes the
lease's ID to its own, and the one before finds out when it cannot renew.

Source: DurableTask.AzureStorage, ``Partitioning/AppLeaseManager.cs``; classic layout 5.7.
"""

from dataclasses import dataclass

from durahub.classic.routing import fnv1a
from durahub.model import json_text


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLeaseTimes:
    """Times of the app lease, in seconds. ``swap_look``: so often one who waits looks if it is its turn."""

    lease: float = 60.0
    acquire_every: float = 300.0
    renew_every: float = 25.0
    swap_look: float = 25.0


@dataclass(frozen=True, slots=True)
class AppLeaseInfo:
    """What the blob says: the ID of the app that has the hub, or had it last, and of the one to follow."""

    owner_id: str | None = None
    desired_swap_id: str | None = None


def app_lease_id(app_name: str) -> str:
    """Return the lease's ID: ``"MyApp"`` gives ``"828293a6-0000-0000-0000-000000000000"``."""
    return f"{fnv1a(app_name):08x}-0000-0000-0000-000000000000"


def encode(info: AppLeaseInfo) -> bytes:
    """Return the content of the blob."""
    return json_text.write(
        {"OwnerId": info.owner_id, "DesiredSwapId": info.desired_swap_id}
    ).encode()


def decode(content: bytes | None) -> AppLeaseInfo:
    """Return what the blob says; nothing where it is missing, new (``{}``) or not readable."""
    try:
        found = json_text.read((content or b"").decode("utf-8-sig"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return AppLeaseInfo()
    owner, swap = (json_text.member(found, name) for name in ("OwnerId", "DesiredSwapId"))
    return AppLeaseInfo(
        owner if isinstance(owner, str) and owner else None,
        swap if isinstance(swap, str) and swap else None,
    )


def swaps_from(info: AppLeaseInfo, me: str) -> str | None:
    """Return the ID from which app *me* is to change the lease; ``None`` if it acquires it."""
    return info.owner_id if info.desired_swap_id == me else None


def after_taking(info: AppLeaseInfo, me: str, *, swapped: bool) -> AppLeaseInfo:
    """Return what the blob says when *me* has the lease: a wish of another app stays."""
    return AppLeaseInfo(me, None if swapped else info.desired_swap_id)
