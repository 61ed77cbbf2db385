"""What durahub's store works on in the simulation: the interfaces of its storage clients, on a `Line`.

Only these are not the real thing. All above them is: the partition managers, pollers, hand-over, what is
held and renewed, commits, closing and leaving.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from random import Random

from durahub.classic.account import Account
from durahub.classic.columns import Columns
from durahub.classic.held import HeldMessages
from durahub.classic.history_table import LoadedHistory, WrittenHistory
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.partitioning.lease_blob import LeaseBlob, decode, encode
from durahub.classic.partitioning.lease_storage import LeaseBlobs
from durahub.classic.partitioning.managers import Managers
from durahub.classic.parts import Parts, assemble
from durahub.classic.queues import Queues, Receipt, Received
from durahub.classic.tables import Row, Tables
from durahub.classic.unbroken import Unwritten
from durahub.engine.commit import HistoryVersion
from durahub.errors import CheckpointLost, StorageUnavailable
from durahub.model.history import Event, EventRaised
from durahub.model.ticks import Ticks
from tests.simulation.network import Line
from tests.simulation.storage import OK, Hub, LeaseContainer, Stored
from tests.simulation.work import START, name_of_event

EXECUTION = "execution"
EPOCH = datetime(2026, 1, 15, 9, 30, tzinfo=timezone.utc)  # the loop's 0


class LineTables(Tables):
    """The Partitions table."""

    def __init__(self, line: Line, hub: Hub) -> None:
        self._line, self._hub = line, hub

    async def pages(
        self, table: str, condition: str, *, select: Sequence[str] = ()
    ) -> AsyncIterator[list[Row]]:
        yield await self._line.request("query leases", "", self._hub.lease_table.rows)

    async def replace(self, table: str, columns: Columns, etag: str) -> str | None:
        return await self._line.request(
            "replace lease",
            str(columns["RowKey"]),
            lambda: self._hub.lease_table.replace(columns, etag),
        )


class LineQueues(Queues):
    """The hub's queues."""

    def __init__(self, line: Line, hub: Hub, worker: str) -> None:
        self._line, self._queues, self._worker = line, hub.queues, worker

    async def put(self, queue: str, text: str, delay: int) -> Receipt:
        stored = await self._line.request(
            "put", queue, lambda: self._queues[queue].put(text, delay, self._worker)
        )
        return Receipt(queue, stored.message_id, stored.receipt)

    async def receive(self, queue: str, most: int, visibility: int) -> list[Received]:
        found = await self._line.request(
            "receive", queue, lambda: self._queues[queue].receive(most, visibility, self._worker)
        )
        return [_received(queue, one) for one in found]

    async def update(self, receipt: Receipt, visibility: int) -> Receipt | None:
        queue, message_id = self._queues[receipt.queue], receipt.message_id
        new = await self._line.request(
            "update",
            message_id,
            lambda: queue.update(message_id, receipt.pop_receipt, visibility, self._worker),
        )
        return None if new is None else replace(receipt, pop_receipt=new)

    async def delete(self, receipt: Receipt) -> bool:
        queue, message_id = self._queues[receipt.queue], receipt.message_id
        return await self._line.request(
            "delete", message_id, lambda: queue.delete(message_id, receipt.pop_receipt)
        )


def _received(queue: str, stored: Stored) -> Received:
    return Received(
        Receipt(queue, stored.message_id, stored.receipt),
        stored.text,
        stored.deliveries,
        EPOCH + timedelta(seconds=int(stored.inserted)),
    )


class LineHistories:
    """The History table, an instance a value."""

    def __init__(self, line: Line, hub: Hub, worker: str) -> None:
        self._line, self._histories, self._worker = line, hub.histories, worker

    async def load(self, instance_id: str) -> LoadedHistory:
        found = await self._line.request(
            "load", instance_id, lambda: self._histories.read(instance_id)
        )
        execution = EXECUTION if found.etag is not None else None
        version = HistoryVersion(execution, len(found.events), found.etag)
        events = tuple(EventRaised(timestamp=START, name=name) for name in found.events)
        return LoadedHistory(version, events, consumed=found.consumed)

    async def write(
        self,
        instance_id: str,
        execution_id: str,
        base: HistoryVersion,
        events: Sequence[Event],
        *,
        replaces: bool,
        consumed: Iterable[str],
        taken: Sequence[str] = (),
        outlived: Sequence[str] = (),
        unsettled: tuple[str, str] | None = None,
    ) -> WrittenHistory:
        assert not taken  # nothing of them continues as new
        assert not outlived  # or is a child
        assert unsettled is None  # simulated servers are of the level default
        names = tuple(map(name_of_event, events))
        keys = frozenset(consumed)
        etag = await self._transact(instance_id, base.token, names, keys)
        return WrittenHistory(
            HistoryVersion(execution_id, base.length + len(events), etag), {}, frozenset()
        )

    async def is_last(self, written: WrittenHistory) -> bool:
        return True  # rows are never read here, so none is wrong

    async def _transact(
        self, instance_id: str, base: str | None, names: tuple[str, ...], keys: frozenset[str]
    ) -> str:
        """Write; recognise one's own checkpoint if the answer got lost, as the real one does."""
        try:
            etag = await self._line.request(
                "commit",
                instance_id,
                lambda: self._histories.append(instance_id, base, names, keys, self._worker),
            )
        except StorageUnavailable:
            etag = await self._written(instance_id, names)
            if etag is None:
                raise
        if etag is None:
            etag = await self._written(instance_id, names)
        if etag is None:
            raise CheckpointLost(instance_id)
        return etag

    async def _written(self, instance_id: str, names: tuple[str, ...]) -> str | None:
        found = await self._line.request(
            "load", instance_id, lambda: self._histories.read(instance_id)
        )
        mine = bool(found.writers) and found.writers[-1] == self._worker
        return found.etag if mine and found.events[-len(names) :] == names else None


class LineInstances:
    """The Instances table, which is written and never read here."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def update(self, instance_id: str, *_: object) -> str:
        await self._line.request("instance", instance_id, lambda: None)
        return "written"


class LineLeaseBlobs(LeaseBlobs):
    """The lease blobs. What takes a lease is sent once only, as the real client does it."""

    def __init__(self, line: Line, hub: Hub) -> None:
        self._line, self._service = line, hub.lease_blobs

    async def read(self, folder: str) -> list[LeaseBlob]:
        names = await self._line.request("list blobs", folder, lambda: self._service.names(folder))
        return list(await asyncio.gather(*map(self._read, names)))

    async def _read(self, name: str) -> LeaseBlob:
        found = await self._line.request("read blob", name, lambda: self._service.read(name))
        return decode(found[0], name.partition("/")[2], leased=found[1])

    async def acquire(self, name: str, token: str, seconds: int) -> bool:
        return await self._once("acquire", name, lambda s: s.acquire(name, token, seconds))

    async def change(self, name: str, token: str, new: str) -> bool:
        return await self._once("change", name, lambda s: s.change(name, token, new))

    async def renew(self, name: str, token: str) -> bool:
        return await self._asked("renew", name, lambda s: s.renew(name, token))

    async def release(self, name: str, token: str) -> bool:
        return await self._asked("release", name, lambda s: s.release(name, token))

    async def write(self, name: str, blob: LeaseBlob, token: str) -> bool:
        return await self._asked("write", name, lambda s: s.write(name, encode(blob), token))

    async def _asked(self, what: str, name: str, ask: Callable[[LeaseContainer], int]) -> bool:
        return await self._line.request(what, name, lambda: ask(self._service)) == OK

    async def _once(self, what: str, name: str, ask: Callable[[LeaseContainer], int]) -> bool:
        try:
            return await self._line.once(what, name, lambda: ask(self._service)) == OK
        except ConnectionError:
            raise StorageUnavailable("simulated", f"{what} {name}") from None


class NoAccount:
    """An account that is never asked for anything."""

    name = "simulated"
    url = "https://simulated.example"

    def __init__(self) -> None:
        self.unwritten = Unwritten()

    def __getattr__(self, name: str) -> "NoAccount":
        return self

    def __call__(self, *_: object, **__: object) -> "NoAccount":
        return self


async def _make_queue(queue: str) -> None:
    """It is there."""


@dataclass(frozen=True, slots=True)
class Clients:
    """What a store is made with; other classes make a server that does something wrong."""

    tables: type[LineTables] = LineTables
    queues: type[LineQueues] = LineQueues
    lease_blobs: type[LineLeaseBlobs] = LineLeaseBlobs
    managers: type[Managers] = Managers


def put_together(
    line: Line,
    hub: Hub,
    clients: Clients,
    names: HubNames,
    account: Account,
    options: ClassicOptions,
    clock: Callable[[], Ticks],
    random: Random,
) -> Parts:
    """Return the parts of a store that has *line* to *hub*."""
    parts = assemble(names, account, options, clock, random)
    worker = options.worker_id
    tables, queues = clients.tables(line, hub), clients.queues(line, hub, worker)
    managers = clients.managers(
        options,
        tables,
        names.partitions_table,
        clients.lease_blobs(line, hub),
        parts.app_lease,
        clock,
        lambda: str(uuid.UUID(int=random.getrandbits(128), version=4)),
        _make_queue,
    )
    return replace(
        parts,
        tables=tables,
        queues=queues,
        managers=managers,
        held=HeldMessages(queues, parts.together, parts.visibility),
        histories=LineHistories(line, hub, worker),  # type: ignore[arg-type]
        instances=LineInstances(line),  # type: ignore[arg-type]
    )
