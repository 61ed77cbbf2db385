"""How fast a move may go."""

from typing import Protocol


class Pace(Protocol):
    """A throttle that every call to a target goes through, and is told how the calls went."""

    async def take(self, actions: int = 1, size: int = 0) -> None:
        """Wait until so many actions, and bytes of payload, may be sent."""

    def answered(self, seconds: float) -> None:
        """Note that the target has answered after so long."""

    def refused(self, retry_after: float | None = None) -> None:
        """Note that the target had no room: RESOURCE_EXHAUSTED, UNAVAILABLE, 429, 503."""


class Unhurried:
    """A `Pace` without limits."""

    async def take(self, actions: int = 1, size: int = 0) -> None:
        """Return at once."""

    def answered(self, seconds: float) -> None:
        """Forget it."""

    def refused(self, retry_after: float | None = None) -> None:
        """Forget it."""
