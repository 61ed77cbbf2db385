"""Instances as they are now: what every kind of store reads of one, whoever asks for it."""

from typing import Protocol

from durahub_migrate.monitor.seam import Detail, LiveHistory


class LiveSource(Protocol):
    """Reads single instances of one hub. Raises `Unavailable`, `HubNotFound`.

    A large payload that is not read, for its size or for the budget's sake, is told as missing.
    """

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance with everything in its row."""

    async def history(self, instance_id: str) -> LiveHistory:
        """Return the history of its current execution; without events where there is none.

        One that was read before is not read again as long as it is the same.
        """

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole, however large. Raises `BadPayload`.

        *number* is that of the event in `history`, *member* an attribute of it, like ``input``.
        """

    async def parent(self, instance_id: str) -> str | None:
        """Return the orchestration that started it; ``None`` without one, or where nothing tells."""
