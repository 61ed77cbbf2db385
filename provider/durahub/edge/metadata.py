"""Who calls, and which task hub: what gRPC calls carry as metadata."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from durahub.edge.hub import Hub
from durahub.engine.numbering import Counting


class HubDirectory(Protocol):
    """The task hubs of this server."""

    @property
    def default(self) -> str:
        """The hub of calls that name none."""

    @property
    def allows_management(self) -> bool:
        """Whether clients may create and delete hubs."""

    async def find(self, name: str) -> Hub:
        """Return a hub, open; case does not matter. Raises `HubNotFound`, `BadHubName`."""

    async def create(self, name: str, *, wipe: bool) -> None:
        """Create a hub, if there is none, and serve it; with *wipe* one that exists is deleted before."""

    async def delete(self, name: str) -> None:
        """Delete a hub with everything in it; one that does not exist is no error. Raises `BadHubName`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the metadata of a call tells. Nothing of it has to be there."""

    task_hub: str | None = None
    worker_id: str | None = None
    agent: str | None = None  # e.g. "durabletask-python/1.12.0"
    library: str = ""  # gRPC's own, e.g. "grpc-dotnet/2.85.0 (…)"

    @property
    def native_entities(self) -> bool:
        """Whether a worker speaks the protocol's own entity events.

        .NET's does only where it was made for the scheduler, which it then says; otherwise it sends
        and expects DTFx's messages, as ``sendEvent`` and ``eventRaised``.
        """
        return self.agent is not None or not self.library.startswith("grpc-dotnet/")

    @property
    def counting(self) -> Counting:
        """How a worker numbers actions. An SDK that is not known counts as DTFx does, from 0.

        Python's and JavaScript's workers name themselves where they were made for the scheduler; others
        are known by the library of their language, which no other SDK uses.
        """
        by = self.agent if (self.agent or "").startswith("durabletask-") else self.library
        for name, counting in _COUNTING.items():
            if (by or "").startswith(name):
                return counting
        return Counting.AS_STORED


NUMBERS = "x-durahub-action-numbers"
"""The header by which the answer to ``Hello`` tells how actions are numbered in histories."""

DTFX_NUMBERS = "dtfx"
"""As DTFx does, from 0, whatever a worker counts like that has named its SDK."""

_COUNTING = {
    "durabletask-python/": Counting.FROM_ONE_RETRIES_ALIKE,
    "grpc-python/": Counting.FROM_ONE_RETRIES_ALIKE,  # not grpc-python-asyncio: no worker has that
    "durabletask-js/": Counting.FROM_ONE,
    "durabletask-js grpc-node": Counting.FROM_ONE,  # npm's own, in front of its library's name
    "grpc-node": Counting.FROM_ONE,
}
"""How workers count, by how they name themselves, or their gRPC library itself."""


def caller_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> Caller:
    """Read ``taskhub``, ``workerid`` and ``x-user-agent``; empty ones count as missing."""
    texts = {key.lower(): value.strip() for key, value in metadata or () if isinstance(value, str)}
    return Caller(
        task_hub=texts.get("taskhub") or None,
        worker_id=texts.get("workerid") or None,
        agent=texts.get("x-user-agent") or None,
        library=texts.get("user-agent", ""),
    )


async def hub_of(directory: HubDirectory, caller: Caller) -> Hub:
    """Return the hub that is called. Raises `HubNotFound`, `BadHubName`."""
    return await directory.find(caller.task_hub or directory.default)
