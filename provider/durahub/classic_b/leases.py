"""Drives the table partition manager: look at the table, write what was decided, open and close queues."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from durahub.classic_b import partition_rows
from durahub.classic_b.table_leases import HURRY, INTERVAL, TRUST, Local, PartitionRow, decide
from durahub.classic_b.tables import Lost, Table
from durahub.errors import Unavailable
from durahub.model.ticks import Ticks

log = logging.getLogger(__name__)

PASS_LIMIT = 10.0  # seconds; a pass that takes longer is given up
MANY_FAILURES = 10  # in a row: from then on the normal interval
STOP_LIMIT = 120.0  # seconds for letting everything go


class PartitionLeases:
    """The partitions of this worker. *open_queue* is called for a new one, *close_queue* to give it up."""

    def __init__(
        self,
        table: Table,
        me: str,
        clock: Callable[[], Ticks],
        open_queue: Callable[[str], None],
        close_queue: Callable[[str], Awaitable[None]],
    ) -> None:
        self._table = table
        self._me = me
        self._clock = clock
        self._open = open_queue
        self._close = close_queue
        self._local: dict[str, Local] = {}
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._renewed: dict[str, float] = {}  # monotonic, of the request
        self._wake = asyncio.Event()

    def trusts(self, queue: str) -> bool:
        """Tell whether this worker may act on *queue* now."""
        renewed = self._renewed.get(queue)
        if renewed is None or queue not in self._local:
            return False
        return asyncio.get_running_loop().time() - renewed < TRUST

    def listens(self, queue: str) -> bool:
        """Tell whether messages of *queue* may be received and handed over now."""
        return self._local.get(queue) is Local.LISTENING and self.trusts(queue)

    async def run(self) -> None:
        """Hold a fair share of the partitions until cancelled."""
        failures = 0
        while True:
            try:
                pause = await asyncio.wait_for(self._pass(stopping=False), PASS_LIMIT)
                failures = 0
            except (Lost, Unavailable, asyncio.TimeoutError) as error:
                failures += 1
                pause = 0.1 if failures < MANY_FAILURES else INTERVAL
                log.info("lease-pass-failed", extra={"error": type(error).__name__})
            await self._drop_untrusted()
            self._wake.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def stop(self) -> None:
        """Drain and let go of everything; what cannot be let go runs out by itself."""
        for queue in list(self._local):
            self._begin_closing(queue)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_LIMIT
        while self._local and loop.time() < deadline:
            if self._closing:
                await asyncio.wait(self._closing.values(), timeout=HURRY)
            try:
                await asyncio.wait_for(self._pass(stopping=True), PASS_LIMIT)
            except (Lost, Unavailable, asyncio.TimeoutError):
                await asyncio.sleep(0.1)
        await asyncio.gather(*self._closing.values(), return_exceptions=True)

    async def _pass(self, *, stopping: bool) -> float:
        asked = asyncio.get_running_loop().time()
        rows = [partition_rows.decode(row.columns, row.etag) async for row in self._table.rows("")]
        decision = decide(rows, self._me, self._local, self._clock(), stopping=stopping)
        for queue in decision.drop:
            self._begin_closing(queue)
            self._forget(queue)
        for row in decision.writes:
            await self._table.replace(partition_rows.encode(row), row.etag)
            self._written(row, asked)
        for queue in decision.drain:
            self._begin_closing(queue)
        for queue in decision.listen:
            # one that is still being closed is opened again by the pass after that
            drained = self._local.get(queue, Local.DRAINED) is Local.DRAINED
            if drained and queue not in self._closing:
                self._local[queue] = Local.LISTENING
                self._open(queue)
        return decision.pause

    def _written(self, row: PartitionRow, asked: float) -> None:
        if row.owner == self._me:
            self._renewed[row.queue] = asked
        elif row.queue in self._local and row.owner is None:
            self._forget(row.queue)

    def _forget(self, queue: str) -> None:
        self._local.pop(queue, None)
        self._renewed.pop(queue, None)

    async def _drop_untrusted(self) -> None:
        """Give up what could not be renewed in time: another worker may have it by now."""
        for queue in [q for q in self._local if not self.trusts(q)]:
            log.warning("lease-lost", extra={"partition": queue})
            self._begin_closing(queue)
            self._forget(queue)

    def _begin_closing(self, queue: str) -> None:
        if queue in self._closing:
            return
        if queue in self._local:
            self._local[queue] = Local.DRAINING
        task = asyncio.create_task(self._drain(queue), name=f"drain {queue}")
        self._closing[queue] = task

    async def _drain(self, queue: str) -> None:
        try:
            await self._close(queue)
        finally:
            if queue in self._local:
                self._local[queue] = Local.DRAINED
            self._closing.pop(queue, None)
            self._wake.set()
