"""The partitions that this process works on, each while it can trust its lease.

A partition is acted on only inside the *trust window* of its lease, which runs from before the lease
was asked for, by this process's own monotonic clock, and is five sixths of the lease: whatever the other
workers' clocks say (short of a skew of five seconds), we stop before the next owner can begin.
"""

import asyncio
import contextlib
import logging
from typing import Protocol

from durahub.within import within

log = logging.getLogger(__name__)

TRUSTED = 5 / 6  # of a lease


class PartitionUser(Protocol):
    """Who works on partitions while their leases last."""

    def open_partition(self, partition: str) -> None:
        """Begin to work on *partition*."""

    async def close_partition(self, partition: str) -> None:
        """Stop taking messages, finish or release what is held; return when nothing is left."""


class PartitionManager(Protocol):
    """Who shares the partitions with other workers: one of the three, at work."""

    def trusts(self, partition: str) -> bool:
        """Tell whether *partition* may be acted on now: it is ours, be it open or draining."""

    async def run(self) -> None:
        """Take part until cancelled. Raises `HubNotFound` when the hub is deleted."""

    async def leave(self, limit: float) -> None:
        """Close all partitions and give them up, within about *limit* seconds."""


class Holding:
    """Opens and closes partitions for their user; *lease* is the length of a lease in seconds."""

    def __init__(self, user: PartitionUser, lease: float) -> None:
        self._user = user
        self._lease = lease
        self._trusted_until: dict[str, float] = {}  # by partition, on the loop's clock
        self._open: set[str] = set()
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._look = asyncio.Event()

    @property
    def opened(self) -> frozenset[str]:
        """The partitions that are worked on, without those that drain."""
        return frozenset(self._open)

    @property
    def closing(self) -> frozenset[str]:
        """The partitions that drain."""
        return frozenset(self._closing)

    # -- trust ---------------------------------------------------------------------------------

    def trusts(self, partition: str) -> bool:
        """Tell whether *partition* may be acted on now: it is ours, be it open or draining."""
        held = partition in self._open or partition in self._closing
        return held and now() < self._trusted_until.get(partition, 0.0)

    def trust(self, partition: str, asked_at: float) -> None:
        """Trust the lease on *partition* that was asked for at *asked_at*."""
        self._trusted_until[partition] = asked_at + self._lease * TRUSTED

    def distrust(self, partition: str) -> None:
        """Act no more on *partition*: its lease is another's, or nobody's."""
        self._trusted_until.pop(partition, None)

    # -- opening and closing -------------------------------------------------------------------

    def open(self, partition: str) -> None:
        """Have *partition* worked on, unless it is, is still closing, or is not trusted.

        The answer to a lease may have been so slow that the lease is worth nothing.
        """
        if partition in self._open or partition in self._closing:
            return
        if now() >= self._trusted_until.get(partition, 0.0):
            return
        self._open.add(partition)
        log.info("partition-opened", extra={"partition": partition})
        self._user.open_partition(partition)

    def close(self, partition: str) -> None:
        """Begin to close *partition*, if it is open."""
        if partition not in self._open:
            return
        self._open.discard(partition)
        task = asyncio.create_task(self._closed(partition), name=f"close {partition}")
        self._closing[partition] = task

    async def _closed(self, partition: str) -> None:
        try:
            await self._user.close_partition(partition)
        except Exception:
            log.exception("partition-close-failed", extra={"partition": partition})
        finally:
            self._closing.pop(partition, None)
            self._look.set()  # the one who waits for it need not wait longer
            log.info("partition-closed", extra={"partition": partition})

    def close_untrusted(self) -> None:
        """Begin to close what is no longer trusted."""
        for partition in sorted(self._open):
            if not self.trusts(partition):
                log.warning("lease-not-renewed", extra={"partition": partition})
                self.close(partition)

    async def close_all(self, within: float) -> None:
        """Begin to close everything; return when that is done, or after *within* seconds."""
        for partition in sorted(self._open):
            self.close(partition)
        if self._closing:
            await asyncio.wait(self._closing.values(), timeout=within)

    async def abandon(self) -> None:
        """End what is still closing."""
        left = list(self._closing.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # -- waiting -------------------------------------------------------------------------------

    def until_distrust(self) -> float:
        """Return the seconds until the first open partition is no longer trusted."""
        ends = [self._trusted_until.get(partition, 0.0) for partition in self._open]
        return max(0.0, min(ends, default=float("inf")) - now())

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until a partition is closed."""
        with contextlib.suppress(asyncio.TimeoutError):
            await within(max(seconds, 0.0), self._look.wait())
        self._look.clear()


def now() -> float:
    """Return the monotonic time by which leases are trusted."""
    return asyncio.get_running_loop().time()
