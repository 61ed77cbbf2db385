"""A file with task hubs, opened once in a process: its lock, its threads, and who is served."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from durahub.engine.commit import Delivery
from durahub.errors import FileUnavailable, HubNotFound
from durahub.model.ticks import Ticks
from durahub.scheduler import reads, writes
from durahub.scheduler.connections import MEMORY, FileOptions, looking, reading, writing
from durahub.scheduler.feed import Arrival
from durahub.scheduler.fresh_starts import FreshStarts
from durahub.scheduler.lanes import ReadLane
from durahub.scheduler.pump import Pump
from durahub.scheduler.transactions import Transaction, WriteLane

T = TypeVar("T")


class OpenHub:
    """A hub of an open file; all stores of that hub share it. One of them is served at a time."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.turn = asyncio.Lock()
        self.pump: Pump | None = None  # while it is served
        self.fresh = FreshStarts()

    def settled(self, deliveries: Iterable[Delivery]) -> None:
        """Note that messages were deleted."""
        if self.pump is not None:
            self.pump.settle(deliveries)

    def moved(self, results: Iterable[Delivery]) -> None:
        """Note that results are in the inbox now."""
        if self.pump is not None:
            self.pump.moved(results)

    def put_back(self, deliveries: Iterable[Delivery], due: Ticks) -> None:
        """Note that messages come again at *due*."""
        if self.pump is not None:
            self.pump.put_back(deliveries, due)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Who writes and reads a file: threads, but where there is no real time (``tests/simulation``)."""

    writer: Callable[..., WriteLane] = WriteLane
    reader: Callable[..., ReadLane] = ReadLane


THREADS = Lanes()


class SchedulerFile:
    """The hubs in the SQLite file *place*, or in memory with ``":memory:"``.

    It belongs to the event loop that connects it. In memory everything is gone at `close`.
    """

    def __init__(
        self,
        place: str,
        *,
        clock: Callable[[], Ticks],
        options: FileOptions | None = None,
        lanes: Lanes = THREADS,
    ) -> None:
        self.place = place
        self.clock = clock
        self.options = options or FileOptions()
        self._lanes = lanes
        self._hubs: dict[int, OpenHub] = {}
        self._connecting = asyncio.Lock()
        self._closing = contextlib.AsyncExitStack()
        self._writer: WriteLane | None = None
        self._readers: tuple[ReadLane, ReadLane] | None = None
        self._held: FileUnavailable | None = None

    async def connect(self, *, create: bool) -> bool:
        """Open the file; tell whether it is there. With *create* it is made.

        Raises `FileUnavailable`, also if another process has it, unless the options are to look beside that.
        Calling it twice is fine.
        """
        async with self._connecting:
            if self._writer is not None or self._held is not None:
                return True
            there = create or self.place == MEMORY or await asyncio.to_thread(_exists, self.place)
            if there:
                async with contextlib.AsyncExitStack() as stack:
                    await self._open(stack)
                    self._closing = stack.pop_all()
            return there

    async def _open(self, stack: contextlib.AsyncExitStack) -> None:
        place, options = self.place, self.options
        writer = self._lanes.writer(
            f"write {place}", place, lambda: writing(place, options), self._on_arrivals
        )
        held: FileUnavailable | None = None
        try:
            await writer.open()
        except FileUnavailable as error:
            if not options.beside or error.holder is None:
                raise
            held = error
        else:
            stack.push_async_callback(writer.close)
        if place != MEMORY:
            connect = reading if held is None else looking
            readers = []
            for name in ("read", "query"):
                reader = self._lanes.reader(f"{name} {place}", place, lambda: connect(place))
                await reader.open()
                stack.push_async_callback(reader.close)
                readers.append(reader)
            self._readers = (readers[0], readers[1])
        self._writer, self._held = (writer, None) if held is None else (None, held)

    @property
    def holder(self) -> str | None:
        """The other process that has the file, which is then only looked at; else ``None``."""
        return self._held.holder if self._held is not None else None

    @property
    def waiting_writes(self) -> int:
        """How many writes wait for the writer."""
        return self._writer.waiting if self._writer is not None else 0

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of starts and events are in the writes that are not done."""
        return self._writer.waiting_bytes if self._writer is not None else 0

    async def close(self) -> None:
        """Write what was handed over, and close the file; calling it twice is fine."""
        async with self._connecting:
            self._writer, self._readers, self._held = None, None, None
            self._hubs.clear()
            await self._closing.aclose()

    async def read(self, look: Callable[[Connection], T], *, slow: bool = False) -> T:
        """Have *look* done by a reader; one that may be *slow* does not keep the others waiting."""
        if self._readers is not None:
            return await self._readers[1 if slow else 0].run(look)
        return await self.write(lambda tx: look(tx.connection))  # in memory there is one connection

    async def write(
        self,
        work: Callable[[Transaction], T],
        then: Callable[[T], None] | None = None,
        size: int = 0,
    ) -> T:
        """Have *work*, of *size* bytes, done by the writer, and *then* called when it is committed."""
        if self._held is not None:
            raise self._held
        if self._writer is None:
            raise FileUnavailable(self.place, "it is not open")
        return await self._writer.run(work, then, size)

    async def hub(self, name: str, *, create: bool) -> OpenHub:
        """Return an open hub; the file must be connected. Raises `HubNotFound`."""
        if create:
            now = self.clock()
            await self.write(lambda tx: writes.make_hub(tx, name, now))
        number = await self.read(lambda connection: reads.find_hub(connection, name))
        if number is None:
            raise HubNotFound(name, store=f"the file {self.place}")
        return self._hubs.setdefault(number, OpenHub(number))

    async def delete_hub(self, hub: OpenHub) -> None:
        """Delete a hub with everything in it."""
        await self.write(lambda tx: writes.delete_hub(tx, hub.number))
        self._hubs.pop(hub.number, None)

    async def find_hubs(self) -> tuple[str, ...]:
        """Return the names of the hubs in the file; none if there is no file."""
        if not await self.connect(create=False):
            return ()
        return await self.read(reads.hub_names)

    def _on_arrivals(self, arrivals: Sequence[Arrival]) -> None:
        by_hub: dict[int, list[Arrival]] = {}
        for arrival in arrivals:
            by_hub.setdefault(arrival.hub, []).append(arrival)
        for number, found in by_hub.items():
            hub = self._hubs.get(number)
            if hub is not None and hub.pump is not None:
                hub.pump.arrive(found)


def _exists(place: str) -> bool:
    return Path(place).exists()
