"""Drives the table manager: reads and replaces lease rows, opens and closes partitions accordingly."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from durahub.classic.partitioning.holding import Holding, PartitionUser, now
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
from durahub.within import within

log = logging.getLogger(__name__)

PASS_LIMIT = 5.0  # seconds
MOST_FAREWELLS = 2  # passes that fail before a server leaves without saying so


class PartitionLeases:
    """The lease rows of one worker."""

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
        self._holding = Holding(user, times.lease)
        self._failures = 0

    def trusts(self, partition: str) -> bool:
        """Tell whether *partition* may be acted on now: it is ours, be it open or draining."""
        return self._holding.trusts(partition)

    async def run(self) -> None:
        """Take part until cancelled. Raises `HubNotFound` when the hub is deleted."""
        while True:
            delay, _ = await self._guarded_pass(stopping=False)
            self._holding.close_untrusted()
            await self._holding.rest(min(delay, self._holding.until_distrust()))

    async def leave(self, limit: float) -> None:
        """Close all partitions and give them up, within about *limit* seconds."""
        ends = now() + limit
        # mostly done at once: then a row is written once, not twice
        await self._holding.close_all(min(self._times.haste, limit))
        self._failures = 0
        with contextlib.suppress(HubNotFound):  # it was deleted: nothing is left to be given up
            await self._give_up(ends)
        await self._holding.abandon()

    async def _give_up(self, ends: float) -> None:
        while now() < ends:
            delay, done = await self._guarded_pass(stopping=True)
            if done or (self._failures > MOST_FAREWELLS and not self._holding.closing):
                return  # storage does not answer: the leases run out by themselves
            await self._holding.rest(min(delay, self._times.haste, ends - now()))

    async def _guarded_pass(self, *, stopping: bool) -> tuple[float, bool]:
        """Make a pass; return the seconds to the next one, which after a failure is soon, and `Plan.done`."""
        found = None
        try:
            found = await within(PASS_LIMIT, self._pass(stopping=stopping))
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
        asked_at = now()  # before the clock is read: trust may not outlast what is written
        moment = self._clock()
        rows = [row async for page in self._tables.pages(self._table, "") for row in page]
        found = plan(
            [decode(row.columns, row.etag) for row in rows],
            self._me,
            moment,
            self._holds(),
            self._times,
            stopping=stopping,
        )
        for partition in found.lost:
            log.warning("partition-lost", extra={"partition": partition})
            self._holding.distrust(partition)
            self._holding.close(partition)
        for change in found.changes:
            row = change.row
            if await self._tables.replace(self._table, encode(row), row.etag) is None:
                return None
            self._follow(change, asked_at)
        return found

    def _follow(self, change: Change, asked_at: float) -> None:
        partition = change.row.partition
        if change.then in (Then.LISTEN, Then.DRAIN):
            self._holding.trust(partition, asked_at)
        if change.then is Then.DRAIN:
            self._holding.close(partition)
        elif change.then is Then.LISTEN:
            self._holding.open(partition)  # one that is still closing: by the pass after that
        elif change.then is Then.FORGET:
            self._holding.distrust(partition)

    def _holds(self) -> dict[str, Hold]:
        holds = dict.fromkeys(self._holding.opened, Hold.LISTENING)
        return holds | dict.fromkeys(self._holding.closing, Hold.DRAINING)
