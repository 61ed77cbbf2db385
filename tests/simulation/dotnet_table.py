"""A model of .NET's table partition manager; classic layout 5.5. Durahub's own rules are not used here."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

from durahub.classic.partitioning.table import LeaseRow, decode, encode
from durahub.errors import StorageUnavailable
from durahub.model.ticks import Ticks, later
from tests.simulation.dotnet_worker import DotnetWorker
from tests.simulation.work import at

LEASE = 30.0
NORMAL, HASTY = 10.0, 1.0
PASS_LIMIT = 2.0
HURRIES = 9  # failed passes in a row after which there is no pause
MARGIN = 5.0  # seconds of a lease in which a worker whose clock is ahead may take it
LEAVE_LIMIT = 600.0


class Conflict(Exception):
    """A row had another ETag: somebody else was quicker."""


@dataclass(slots=True)
class Pass:
    """What one pass found: how many partitions each worker has or will have, and if there is haste."""

    counts: Counter[str]
    hasty: bool = False
    mine: int = 0


class DotnetTable:
    """The manager of one worker."""

    def __init__(self, worker: DotnetWorker) -> None:
        self._worker = worker
        self._me = worker.name
        self._drains: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        failures = 0
        while True:
            found = await self._try_pass(stopping=False)
            failures = 0 if found is not None else failures + 1
            if found is not None:
                await asyncio.sleep(HASTY if found.hasty else NORMAL)
            else:
                await asyncio.sleep(0 if failures <= HURRIES else NORMAL)

    async def leave(self) -> None:
        ends = self._time() + LEAVE_LIMIT
        while self._time() < ends:
            found = await self._try_pass(stopping=True)
            if found is not None and found.mine == 0:
                break
            await asyncio.sleep(HASTY if found is not None else 0.1)
        self.end()

    def end(self) -> None:
        for drain in self._drains.values():
            drain.cancel()

    def holds(self, partition: str) -> bool:
        for row in self._worker.hub.lease_table.rows():
            if row.columns["RowKey"] == partition:
                found = decode(row.columns, row.etag)
                if found.current_owner != self._me or found.expires_at is None:
                    return False
                return later(self._now(), MARGIN) < found.expires_at
        return False

    # -- a pass --------------------------------------------------------------------------------

    async def _try_pass(self, *, stopping: bool) -> Pass | None:
        try:
            return await asyncio.wait_for(self._pass(stopping=stopping), PASS_LIMIT)
        except (Conflict, StorageUnavailable, asyncio.TimeoutError):
            return None

    async def _pass(self, *, stopping: bool) -> Pass:
        table = self._worker.hub.lease_table
        found = Pass(Counter())
        rows = [
            decode(row.columns, row.etag)
            for row in await self._worker.line.request("query leases", "", table.rows)
        ]
        for index, row in enumerate(rows):
            if row.current_owner not in (None, self._me) and self._worker.listens_to(row.partition):
                self._worker.release(row.partition)  # another's: dropped at once
            changed = self._leave_row(row, found) if stopping else self._row(row, found)
            if changed != row:
                rows[index] = await self._write(changed)
            owner = changed.current_owner, changed.next_owner
            if not stopping and owner == (self._me, None):
                self._undrain(changed.partition)
                self._worker.listen(changed.partition)
        if not stopping:
            for row in self._steals(rows, found.counts):
                await self._write(replace(row, next_owner=self._me))
                found.hasty = True
        return found

    async def _write(self, row: LeaseRow) -> LeaseRow:
        table = self._worker.hub.lease_table
        etag = await self._worker.line.request(
            "replace lease", row.partition, lambda: table.replace(encode(row), row.etag)
        )
        if etag is None:
            raise Conflict
        return replace(row, etag=etag)

    def _row(self, row: LeaseRow, found: Pass) -> LeaseRow:
        if self._is_claimable(row):
            found.counts[self._me] += 1
            return self._claimed(row)
        if row.current_owner == self._me:
            return self._mine(row, found)
        return self._others(row, found)

    def _is_claimable(self, row: LeaseRow) -> bool:
        if row.current_owner is None and row.next_owner in (None, self._me):
            return True
        return row.expires_at is not None and self._now() >= row.expires_at

    def _claimed(self, row: LeaseRow) -> LeaseRow:
        now = self._now()
        return self._renewed(
            replace(
                row,
                current_owner=self._me,
                next_owner=None,
                owned_since=now,
                draining=False,
            )
        )

    def _renewed(self, row: LeaseRow) -> LeaseRow:
        return replace(row, last_renewal=self._now(), expires_at=later(self._now(), LEASE))

    def _others(self, row: LeaseRow, found: Pass) -> LeaseRow:
        if row.next_owner == self._me:
            found.counts[self._me] += 1
            found.hasty = True
        elif row.next_owner is not None:
            found.counts[row.next_owner] += 1
        elif row.draining:  # its owner is shutting down
            found.counts[self._me] += 1
            found.hasty = True
            return replace(row, next_owner=self._me)
        elif row.current_owner is not None:
            found.counts[row.current_owner] += 1
        return row

    def _mine(self, row: LeaseRow, found: Pass) -> LeaseRow:
        found.counts[row.next_owner or self._me] += 1
        if row.next_owner is None:
            return self._renewed(row)
        found.hasty = True
        return self._draining(row)

    def _draining(self, row: LeaseRow) -> LeaseRow:
        drain = self._drains.get(row.partition)
        if drain is not None and drain.done():
            del self._drains[row.partition]
            return replace(row, current_owner=None, draining=False)
        if drain is None:
            name = f"{self._me} drains {row.partition}"
            self._drains[row.partition] = asyncio.create_task(
                self._worker.drain(row.partition), name=name
            )
        return self._renewed(replace(row, draining=True))

    def _undrain(self, partition: str) -> None:
        """Forget a drain that nobody waits for any more."""
        drain = self._drains.pop(partition, None)
        if drain is not None:
            drain.cancel()

    def _leave_row(self, row: LeaseRow, found: Pass) -> LeaseRow:
        if row.current_owner != self._me:
            return row
        changed = self._draining(row)
        found.mine += changed.current_owner is not None
        return changed

    def _steals(self, rows: list[LeaseRow], counts: Counter[str]) -> list[LeaseRow]:
        others = [worker for worker in counts if worker != self._me]
        average, mine = len(rows) // (len(others) + 1), counts[self._me]
        stolen: list[LeaseRow] = []
        if mine > average:
            return stolen
        for other in others:
            deficit = average - mine
            if deficit < 0:
                break
            excess = counts[other] - average
            if excess <= 0:
                continue
            if deficit == 0 and excess > 1:
                deficit = 1
            theirs = [row for row in rows if (row.current_owner, row.next_owner) == (other, None)]
            taken = theirs[: min(deficit, excess)]
            stolen += taken
            mine += len(taken)
        return stolen

    def _now(self) -> Ticks:
        return at(self._time(), self._worker.skew)

    def _time(self) -> float:
        return asyncio.get_running_loop().time()
