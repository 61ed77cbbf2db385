"""The serving of a hub in a file: its messages are handed over as long as a store has its turn."""

from collections.abc import Sequence

from durahub.engine.commit import Delivery
from durahub.scheduler import reads, writes
from durahub.scheduler.feed import Found, Want
from durahub.scheduler.hub_access import HubAccess
from durahub.scheduler.pump import Pump
from durahub.scheduler.writes import Table
from durahub.store import Listener


class Serving:
    """One store's turns at serving its hub. *pump* is there while it is the one that is served."""

    def __init__(self, access: HubAccess) -> None:
        self._access = access
        self.pump: Pump | None = None
        self.is_caught_up = False  # everything that happens in the hub passes here

    async def run(self, listener: Listener) -> None:
        """Hand over the hub's messages until cancelled; then have the listener let go in order.

        While another store of this process serves the hub, this one waits for its turn. Raises
        `HubBeingMoved` while a job moves instances into it.
        """
        hub, file = self._access.hub, self._access.file
        await self._access.refuse_movers()

        async def read(table: Table, want: Want) -> Found:
            result = await file.read(lambda c: reads.messages(c, hub.number, table, want))
            await self._access.note(result.unreadable)
            return result.found

        async def move(results: Sequence[Delivery]) -> None:
            now = file.clock()
            await self._access.write(
                lambda tx: writes.move_results(tx, hub.number, results, now),
                lambda _: hub.moved(results),
            )

        async with hub.turn:
            pump = hub.pump = self.pump = Pump(
                listener, read, move, file.clock, file.options.result_grace
            )
            try:
                await file.write(lambda _: None)  # what was handed in before is in the tables
                await pump.look()
                self.is_caught_up = True
                await pump.run()
            finally:
                try:
                    await pump.drain()
                finally:
                    hub.pump = self.pump = None
                    self.is_caught_up = False
