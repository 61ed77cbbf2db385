"""Drives the table manager: reads and replaces lease rows, opens and closes partitions accordingly.

A partition is acted on only inside the *trust window* of its lease, which runs from before the lease
was asked for, by this process's own monotonic clock, and is five sixths of the lease: whatever the other
workers' clocks say (short of a skew of five seconds), we stop before the next owner can begin.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol

from durahub.classic.partitioning.table import (
    MOST_HURRIES,
    Change,
    Hold,
    Plan,
    Then,
    Times,
    decode,
    encode,
    plan,
)
from durahub.classic.tables import Tables
from durahub.errors import HubNotFound, Unavailable
from durahub.model.ticks import Ticks

log = logging.getLogger(__name__)

TRUSTED = 5 / 6  # of a lease
PASS_LIMIT = 5.0  # seconds
MOST_FAREWELLS = 2  # passes that fail before a server leaves without saying so


class PartitionUser(Protocol):
    """Who works on partitions while their leases last."""

    def open_partition(self, partition: str) -> None:
        """Begin to work on *partition*."""

    async def close_partition(self, partition: str) -> None:
        """Stop taking messages, finish or release what is held; return when nothing is left."""


class PartitionLeases:
    """The leases of one worker."""

    def __init__(
        self,
        tables: Tables,
        table: str,
        worker_id: str,
        clock: Callable[[], Ticks],
        times: Times,
        user: PartitionUser,
    ) -> None:
        self._tables = tables
        self._table = table
        self._me = worker_id
        self._clock = clock
        self._times = times
        self._user = user
        self._trusted_until: dict[str, float] = {}  # by partition, on the loop's clock
        self._open: set[str] = set()
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._look = asyncio.Event()
        self._failures = 0

    def trusts(self, partition: str) -> bool:
        """Tell whether *partition* may be acted on now: it is ours, be it open or draining."""
        held = partition in self._open or partition in self._closing
        return held and _now() < self._trusted_until.get(partition, 0.0)

    async def run(self) -> None:
        """Take part until cancelled. Raises `HubNotFound` when the hub is deleted."""
        while True:
            delay, _ = await self._guarded_pass(stopping=False)
            self._close_untrusted()
            await self._rest(min(delay, self._until_distrust()))

    async def leave(self, limit: float) -> None:
        """Close all partitions and give them up, within about *limit* seconds."""
        ends = _now() + limit
        for partition in tuple(self._open):
            self._close(partition)
        if self._closing:  # mostly done at once: then a row is written once, not twice
            await asyncio.wait(self._closing.values(), timeout=min(self._times.haste, limit))
        self._failures = 0
        with contextlib.suppress(HubNotFound):  # it was deleted: nothing is left to be given up
            await self._give_up(ends)
        left = list(self._closing.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _give_up(self, ends: float) -> None:
        while _now() < ends:
            delay, done = await self._guarded_pass(stopping=True)
            if done or (self._failures > MOST_FAREWELLS and not self._closing):
                return  # storage does not answer: the leases run out by themselves
            await self._rest(min(delay, self._times.haste, ends - _now()))

    # -- a pass --------------------------------------------------------------------------------

    async def _guarded_pass(self, *, stopping: bool) -> tuple[float, bool]:
        """Make a pass; return the seconds to the next one, which after a failure is soon, and `Plan.done`."""
        found = None
        try:
            found = await asyncio.wait_for(self._pass(stopping=stopping), PASS_LIMIT)
        except (Unavailable, asyncio.TimeoutError) as error:
            code = error.code if isinstance(error, Unavailable) else "timeout"
            log.warning("lease-pass-failed", extra={"table": self._table, "code": code})
        if found is not None:
            self._failures = 0
            return found.delay, found.done
        self._failures += 1
        return (0.0 if self._failures <= MOST_HURRIES else self._times.pass_every), False

    async def _pass(self, *, stopping: bool) -> Plan | None:
        """Read the rows and write what is to change; ``None`` if another worker was quicker."""
        asked_at = _now()  # before the clock is read: trust may not outlast what is written
        now = self._clock()
        rows = [row async for page in self._tables.pages(self._table, "") for row in page]
        found = plan(
            [decode(row.columns, row.etag) for row in rows],
            self._me,
            now,
            self._holds(),
            self._times,
            stopping=stopping,
        )
        for partition in found.lost:
            log.warning("partition-lost", extra={"partition": partition})
            self._trusted_until.pop(partition, None)
            self._close(partition)
        for change in found.changes:
            row = change.row
            if await self._tables.replace(self._table, encode(row), row.etag) is None:
                return None
            self._follow(change, asked_at)
        return found

    def _follow(self, change: Change, asked_at: float) -> None:
        partition = change.row.partition
        if change.then in (Then.LISTEN, Then.DRAIN):
            self._trusted_until[partition] = asked_at + self._times.lease * TRUSTED
        if change.then is Then.DRAIN:
            self._close(partition)
        elif change.then is Then.LISTEN and partition not in self._closing:
            # one that is still closing is opened by the pass after that
            self._open_trusted(partition)
        elif change.then is Then.FORGET:
            self._trusted_until.pop(partition, None)

    def _holds(self) -> dict[str, Hold]:
        holds = dict.fromkeys(self._open, Hold.LISTENING)
        return holds | dict.fromkeys(self._closing, Hold.DRAINING)

    # -- opening and closing -------------------------------------------------------------------

    def _open_trusted(self, partition: str) -> None:
        if partition in self._open or _now() >= self._trusted_until[partition]:
            return  # the answer may have been so slow that the lease is worth nothing
        self._open.add(partition)
        log.info("partition-opened", extra={"partition": partition})
        self._user.open_partition(partition)

    def _close_untrusted(self) -> None:
        for partition in tuple(self._open):
            if not self.trusts(partition):
                log.warning("lease-not-renewed", extra={"partition": partition})
                self._close(partition)

    def _close(self, partition: str) -> None:
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

    def _until_distrust(self) -> float:
        """Return the seconds until the first open partition is no longer trusted."""
        ends = [self._trusted_until.get(partition, 0.0) for partition in self._open]
        return max(0.0, min(ends, default=float("inf")) - _now())

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._look.wait(), max(seconds, 0.0))
        self._look.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
