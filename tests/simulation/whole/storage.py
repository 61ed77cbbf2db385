"""What a simulated storage is: all that the world, and its judge, ask of one.

A storage outlives the servers that use it. A server's store is made with `store`, and let go of with
`kill` when the server dies (nothing of it may reach the storage afterwards; what it waits for is cancelled)
or by the store's own ``close`` when it ends in order.
"""

import importlib
from collections.abc import Callable, Container, Sequence
from typing import Protocol

from durahub.dispatch.clock import Clock
from durahub.store import HubStore
from durahub.stored import StoredInstance, StoredMessage
from tests.simulation.whole.gate import Gate

HUB = "simulated"
"""The name of the hub in every storage."""


class SimulatedStorage(Protocol):
    """One hub's storage. Every call of a store passes its `Gate`."""

    servers: int  # how many of them may use it at once

    def store(self, server: str, clock: Clock) -> HubStore:
        """Return a store, not open yet, for a new server of that name, whose clock is *clock*."""

    def kill(self, server: str) -> None:
        """Take note that a server is dead; the gate knows already. Twice is fine."""

    def instances(self) -> Sequence[StoredInstance]:
        """Return all instances, entities too, with their histories, as they are stored now."""

    def instance(self, instance_id: str) -> StoredInstance | None:
        """Return one of them."""

    def messages(self) -> Sequence[StoredMessage]:
        """Return all messages that wait: to instances, entities and of activities."""

    def owners(self, instance_id: str) -> Sequence[str]:
        """Return the servers that act on an instance now; nobody where that has no meaning."""

    def tolerates(self, violation: str, overtaken: Container[str]) -> bool:
        """Tell whether it is known, and documented, of this kind of storage that this happens.

        *overtaken* are the instances of which a checkpoint was lost to what a client did.
        """

    def close(self) -> None:
        """Forget everything."""


Make = Callable[[Gate, int], SimulatedStorage]
"""Makes an empty storage, given its gate and the seed."""


_ACCOUNT = "tests.simulation.account.storage"
_KINDS = {
    "sqlite": ("tests.simulation.whole.sqlite", "SqliteStorage"),
    "classic": (_ACCOUNT, "AccountStorage"),
    "classic-safe": (_ACCOUNT, "SafeStorage"),
    "classic-legacy": (_ACCOUNT, "LegacyStorage"),
    "classic-exclusive": (_ACCOUNT, "ExclusiveStorage"),
}


def storage_of(kind: str) -> Make:
    """Return what makes a storage of *kind*: ``"sqlite"``, ``"classic"`` with the table manager, …"""
    module, name = _KINDS[kind]
    make: Make = getattr(importlib.import_module(module), name)  # only what is asked for
    return make
