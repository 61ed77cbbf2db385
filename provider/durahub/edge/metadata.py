"""Who calls, and which task hub: what gRPC calls carry as metadata."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from durahub.edge.hub import Hub


class HubDirectory(Protocol):
    """The task hubs of this server."""

    @property
    def default(self) -> str:
        """The hub of calls that name none."""

    def find(self, name: str) -> Hub:
        """Return a hub; case does not matter. Raises `HubNotFound`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the metadata of a call tells. Nothing of it has to be there."""

    task_hub: str | None = None
    worker_id: str | None = None
    agent: str | None = None  # e.g. "durabletask-python/1.12.0"


def caller_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> Caller:
    """Read ``taskhub``, ``workerid`` and ``x-user-agent``; empty ones count as missing."""
    texts = {key.lower(): value.strip() for key, value in metadata or () if isinstance(value, str)}
    return Caller(
        task_hub=texts.get("taskhub") or None,
        worker_id=texts.get("workerid") or None,
        agent=texts.get("x-user-agent") or None,
    )


def hub_of(directory: HubDirectory, caller: Caller) -> Hub:
    """Return the hub that is called. Raises `HubNotFound`."""
    return directory.find(caller.task_hub or directory.default)
